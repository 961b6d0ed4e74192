# Transfer: encoders and predictors learn from LSTMs of 32 units only, and are then given GRUs, simple RNNs, and LSTMs of other widths, all
# trained for the same languages. Which of them do they still understand? Encoders that read weights can't even be asked.
#
#     make -f transfer.mk        transfer.txt, transfer.png, in RESULTS; ../../Makefile calls it by `make transfer`
#
# CONFIG      YAML file of the filters' settings (transfer.yaml)       SEEDS      of encoders and predictors
# RESULTS     where all files go                                       RUNS       RNNs of each kind; all kinds have the same languages
# JOBS        how many processes at a time                             BIN        where the filters are

CONFIG  ?= transfer.yaml
SEEDS   ?= 1 2 3
RUNS    ?= 400

include ../own.mk
include ../diverged.mk
include ../encoders.mk

# CELL-UNITS. The first one is what encoders and predictors learn from.
KINDS    := lstm-32 lstm-16 lstm-64 gru-32 rnn_tanh-32
HOME_IS  := $(firstword $(KINDS))
ENCODERS := interactive linear

MODELS  := $(foreach e,$(ENCODERS),$(SEEDS:%=$(R)/$(e)-%))
encoder  = $(firstword $(subst -, ,$(notdir $(@D))))
seed     = $(lastword $(subst -, ,$(notdir $(@D))))

.PHONY: all
all: $(R)/transfer.txt $(R)/transfer.png
	@cat $<
	@echo "pictures: $(abspath $(R))/transfer.png"

# --- Zoos: run r has the same language in all of them, and so the same split ---

$(KINDS:%=$(R)/zoo-%.mp): $(R)/zoo-%.mp: $(SETTINGS) $(call set,RUNS)
	@mkdir -p $(@D)
	@echo "train-rnn: $(RUNS) RNNs, $*"
	@gen-language $(settings) --count $(RUNS) | \
		$(converged) train-rnn $(settings) --cell $(firstword $(subst -, ,$*)) --hidden $(lastword $(subst -, ,$*)) | partition > $(tmp)
	@mv $(tmp) $@

# --- Encoders, from one zoo only; embeddings of all of them ---

$(MODELS:=/model.mp): $(R)/zoo-$(HOME_IS).mp
	@mkdir -p $(@D)
	@echo "emulate:   training of $(notdir $(@D)) (progress: $(@D)/model.log)"
	@$(call stale,$(@D)/checkpoint.mp)
	@rm -f $(mark)
	@$(new-$(encoder)) $(settings) --seed $(seed) < $< > $(@D)/fresh.mp
	@emulate --fit $(@D)/fresh.mp --no-timing $(settings) --checkpoint $(@D)/checkpoint.mp < $< > $(tmp) $(logged) $(noted)
	@mv $(tmp) $@
	@rm -f $(@D)/checkpoint.mp

define of-kind # KIND
$$(MODELS:=/z-$(1).mp): $$(R)/%/z-$(1).mp: $$(R)/%/model.mp $$(R)/zoo-$(1).mp
	@probe --model $$< $$(settings) < $$(R)/zoo-$(1).mp > $$(tmp)
	@mv $$(tmp) $$@

# By the predictor that has learned from LSTMs, and by one that has learned from this kind.
$$(MODELS:=/own-$(1).mp): $$(R)/%/own-$(1).mp: $$(R)/%/z-$(1).mp
	@classify --fit task $$(settings) --seed $$(seed) < $$< > $$(tmp)
	@mv $$(tmp) $$@

$$(MODELS:=/predictions-$(1).mp): $$(R)/%/predictions-$(1).mp: $$(R)/%/own-$(HOME_IS).mp $$(R)/%/own-$(1).mp $$(R)/%/z-$(1).mp
	@{ classify --model $$< --label "$$(encoder) $(1) of_lstm-32" < $$(@D)/z-$(1).mp; \
	   classify --model $$(@D)/own-$(1).mp --label "$$(encoder) $(1) its_own" < $$(@D)/z-$(1).mp; } > $$(tmp)
	@mv $$(tmp) $$@
endef
$(foreach k,$(KINDS),$(eval $(call of-kind,$(k))))

# --- The table: encoder, kind, whose predictor, split, exact task with its interval, accuracy of the RNNs themselves ---

SHOWS = $(notdir $(MODELS))
$(R)/scores.tsv: $(foreach m,$(MODELS),$(KINDS:%=$(m)/predictions-%.mp)) $(call set,SHOWS)
	@$(call all-kept,$(filter %.mp,$^)) | score --format tsv > $(tmp)
	@mv $(tmp) $@

$(R)/accuracy.tsv: $(KINDS:%=$(R)/zoo-%.mp)
	@for kind in $(KINDS); do rec-table split metrics.accuracy < $(R)/zoo-$$kind.mp | sed "s/^/$$kind\t/"; done > $(tmp)
	@mv $(tmp) $@

$(R)/transfer.tsv: $(R)/accuracy.tsv $(R)/scores.tsv transfer.awk
	@awk -f transfer.awk $(R)/accuracy.tsv $(R)/scores.tsv > $(tmp)
	@mv $(tmp) $@

$(R)/transfer.txt: $(R)/transfer.tsv
	@column -t -s $$'\t' < $< > $(tmp)
	@$(call tell,$(MODELS:=/model.mp))
	@mv $(tmp) $@

$(R)/transfer.png: figures/transfer.gp $(R)/transfer.tsv
	@gnuplot -c $< $(R)/transfer.tsv $(tmp)
	@$(whole-picture)
	@mv $(tmp) $@
