# Shared start: does reading the weights work where all RNNs began with the same ones? Two zoos of equal size, which differ in one option of
# train-rnn: every run from weights of its own, or all from one draw (--init-seed). Readers as published, with their units in a random order
# in training, and readers made for RNNs of one start: units in their own order, weights standardised over the zoo. Two ways of learning:
# by emulation, with a predictor of the language on the embeddings, and, which is cheaper, from labels only.
#
#     make -f shared-start.mk      shared-start.txt, in RESULTS; ../../Makefile calls it by `make shared-start`
#
# WAYS        of learning: labels emulation
# CONFIG      YAML file of the filters' settings (shared-start.yaml)    SEEDS      of encoders and predictors
# RESULTS     where all files go                                        RUNS       RNNs of each zoo; both have the same languages
# JOBS        how many processes at a time                              BIN        where the filters are

CONFIG  ?= shared-start.yaml
SEEDS   ?= 1 2 3
RUNS    ?= 400
WAYS    ?= labels emulation

# The slowest first; plus: made for one start, by order and standardisation, each of which flat has alone as well (encoders.mk).
ENCODERS ?= transformer+ dws+ talk interactive linear flat+ flat ordered standardised parts stats+ stats

include ../own.mk
include ../diverged.mk
include ../encoders.mk
$(call not-empty,WAYS ENCODERS)$(call known-encoders,$(ENCODERS))

STARTS := independent shared
start-independent :=
start-shared      := --init-seed 5

# A step of a transformer costs ten times as much as the others'.
steps-transformer+ := --steps 300

# The options of learning from labels.
labels = --steps $(LABEL_STEPS) --batch 32 --rate 0.001 --clip 1
LABEL_STEPS ?= 600

# RESULTS/START/ENCODER-SEED
MODELS  := $(foreach s,$(SEEDS),$(foreach e,$(ENCODERS),$(STARTS:%=$(R)/%/$(e)-$(s))))
encoder  = $(firstword $(subst -, ,$(notdir $(@D))))
seed     = $(lastword $(subst -, ,$(notdir $(@D))))
start    = $(notdir $(patsubst %/,%,$(dir $(@D))))
label    = $(encoder) $(start) $(basename $(@F))

.PHONY: all
all: $(R)/shared-start.txt
	@cat $<

# --- The zoos: run r has the same language in both, and so the same split ---

$(STARTS:%=$(R)/zoo-%.mp): $(R)/zoo-%.mp: $(SETTINGS) $(call set,RUNS)
	@mkdir -p $(@D)
	@echo "train-rnn: $(RUNS) RNNs, $* start"
	@gen-language $(settings) --count $(RUNS) | $(converged) train-rnn $(settings) $(start-$*) | partition > $(tmp)
	@mv $(tmp) $@

# --- Encoders and what they make of their own zoo ---

define of-start # START
$$(filter $$(R)/$(1)/%,$$(MODELS:=/fresh.mp)): $$(R)/zoo-$(1).mp
endef
$(foreach s,$(STARTS),$(eval $(call of-start,$(s))))

$(MODELS:=/fresh.mp):
	@mkdir -p $(@D)
	@$(new-$(encoder)) $(settings) --seed $(seed) < $< > $(tmp)
	@mv $(tmp) $@

$(MODELS:=/model.mp): $(R)/%/model.mp: $(R)/%/fresh.mp
	@echo "emulate:   training of $(notdir $(@D)), $(start) start (progress: $(@D)/model.log)"
	@$(call stale,$(@D)/checkpoint.mp)
	@rm -f $(mark)
	@emulate --fit $< --no-timing $(settings) $(steps-$(encoder)) --checkpoint $(@D)/checkpoint.mp \
		< $(R)/zoo-$(start).mp > $(tmp) $(logged) $(noted)
	@mv $(tmp) $@
	@rm -f $(@D)/checkpoint.mp

$(MODELS:=/embeddings.mp): $(R)/%/embeddings.mp: $(R)/%/model.mp
	@$(firstword $(new-$(encoder))) --model $< < $(R)/zoo-$(start).mp > $(tmp)
	@mv $(tmp) $@

$(MODELS:=/emulation.mp): $(R)/%/emulation.mp: $(R)/%/embeddings.mp
	@classify --fit task $(settings) --seed $(seed) < $< > $(@D)/predictor.mp
	@{ classify --model $(@D)/predictor.mp --label "$(label)" < $<; \
	   emulate --model $(@D)/model.mp --label "$(label)" --clones 0 < $(R)/zoo-$(start).mp; } > $(tmp)
	@mv $(tmp) $@

$(MODELS:=/labels.mp): $(R)/%/labels.mp: $(R)/%/fresh.mp $(call set,LABEL_STEPS)
	@echo "classify:  training of $(notdir $(@D)), $(start) start, from labels only"
	@$(call stale,$(@D)/labels.checkpoint)
	@classify --fit task --encoder $< --seed $(seed) $(labels) --checkpoint $(@D)/labels.checkpoint < $(R)/zoo-$(start).mp > $(@D)/labels.model
	@classify --model $(@D)/labels.model --label "$(label)" < $(R)/zoo-$(start).mp > $(tmp)
	@mv $(tmp) $@
	@rm -f $(@D)/labels.checkpoint

# --- The table: encoder, start, way, split, emulation loss and exact task with their intervals over the seeds ---

SHOWS = $(WAYS) $(notdir $(MODELS)) $(STARTS)
$(R)/scores.tsv: $(foreach w,$(WAYS),$(MODELS:=/$(w).mp)) $(call set,SHOWS)
	@$(call all-kept,$(filter %.mp,$^)) | score --format tsv > $(tmp)
	@mv $(tmp) $@

$(R)/shared-start.tsv: $(R)/scores.tsv shared-start.awk
	@awk -f shared-start.awk $< > $(tmp)
	@mv $(tmp) $@

$(R)/shared-start.txt: $(R)/shared-start.tsv
	@column -t -s $$'\t' < $< > $(tmp)
	@$(call tell,$(foreach w,$(WAYS),$(MODELS:=/$(w).mp)))
	@mv $(tmp) $@
