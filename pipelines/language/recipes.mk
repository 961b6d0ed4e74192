# What each change of the published recipe does, one at a time: trainings by emulation on one zoo that differ in one lever, and what they come
# to on languages that nobody has seen.
#
#     make -f recipes.mk           recipes.txt, in RESULTS; ../../Makefile calls it by `make recipes`
#
# CONFIG      YAML file of the filters' settings (recipes.yaml)     SEEDS      of encoders and emulators
# RESULTS     where all files go                                    RUNS       RNNs of the zoo
# LEVERS      of those below, which (default: most)                 ENCODERS   of encoders.mk's (default: interactive linear)
# EMULATE     further options of emulate, for all
# ZOO         an own zoo, in place of the one that would be made; it has to be partitioned
# PRECISION   float32, or bf16, which is sooner done where the CPU has it; lever bf16 shows what it changes
# JOBS        how many processes at a time                          BIN        where the filters are

CONFIG   ?= recipes.yaml
SEEDS    ?= 1 2 3
RUNS     ?= 300
ENCODERS ?= interactive linear
PRECISION ?= float32
EMULATE  ?=
ZOO      ?= $(R)/zoo.mp

include ../own.mk
include ../own-zoo.mk
include ../diverged.mk
include ../encoders.mk
$(call not-empty,ENCODERS)$(call whole-numbers,RUNS)$(call known-encoders,$(ENCODERS))

# Where all begin: the published recipe but for its rate, clip and condition, with which three thousand steps show nothing.
BASE := --precision $(PRECISION) --rate 0.001 --clip 1 --anneal 0.5 --condition every

# Options of a fresh encoder (with-) and of its training (fit-).
fit-published       := --rate 0.0001 --clip 0.1 --anneal 0 --condition bos
fit-base            :=
fit-average         := --average 0.999
fit-cosine          := --cosine --anneal 1 --warm-up 100
fit-rollouts        := --per-rnn 4
fit-decay           := --weight-decay 0.1
fit-noise           := --z-noise 0.1
fit-forget          := --forget-bias 1
fit-bf16            := --precision bf16
fit-together        := --average 0.999 --weight-decay 0.1
with-probabilities   := --probabilities
with-standardise-z   := --standardise-z
with-forget-interactive  := --forget-bias 1
# Of interactive probing only: four sequences at a time, that begin by letting the RNN talk, z of all its answers; and what goes well together.
with-probes-interactive  := --probes 4
with-echo-interactive    := --probes 4 --echo
with-recall-interactive  := --probes 4 --recall
with-talk-interactive    := --probes 4 --echo --recall
with-gumbel-interactive  := --probes 4 --echo --gumbel --recall
with-talk8-interactive   := --probes 8 --echo --recall
with-best-interactive    := --probes 4 --echo --recall --forget-bias 1
fit-best                := --average 0.999 --weight-decay 0.1 --forget-bias 1
# Of those that read: what they read standardised; noise on z, so that what they take the RNNs they know for does not stand out; and, for
# statistics, those of the gates, inputs and outputs apart.
with-standardise     := --standardise
fit-standardise     := --average 0.999
with-smooth          := --standardise
fit-smooth          := --average 0.999 --z-noise 0.5
with-parts-stats     := --standardise --per-gate --per-input
fit-parts           := --average 0.999
with-smooth-parts-stats := $(with-parts-stats)
fit-smooth-parts    := $(fit-smooth)
LEVERS ?= published base average cosine rollouts decay noise forget probabilities standardise-z together

$(call not-empty,LEVERS)

# RESULTS/LEVER/ENCODER-SEED, of encoders that the lever moves.
moves   = $(filter fit-$(1) with-$(1) $(if $(2),with-$(1)-$(2),with-$(1)-%),$(.VARIABLES))
MODELS := $(foreach s,$(SEEDS),$(foreach l,$(LEVERS),$(foreach e,$(ENCODERS),$(if $(call moves,$(l),$(e)),$(R)/$(l)/$(e)-$(s)))))
$(foreach l,$(LEVERS),$(if $(call moves,$(l)),,$(error unknown lever '$(l)'))$(if $(foreach e,$(ENCODERS),$(call moves,$(l),$(e))),,$(error lever '$(l)' moves none of $(ENCODERS))))
encoder  = $(firstword $(subst -, ,$(notdir $(@D))))
seed     = $(lastword $(subst -, ,$(notdir $(@D))))
lever    = $(notdir $(patsubst %/,%,$(dir $(@D))))

.PHONY: all
all: $(R)/recipes.txt
	@cat $<

$(R)/zoo.mp: $(SETTINGS) $(call set,RUNS)
	@mkdir -p $(@D)
	@echo "train-rnn: $(RUNS) RNNs"
	@seq 0 10 $$(($(RUNS) - 1)) | $(parallel) -k \
		'gen-language $(settings) $(call next-runs,10) | $(converged) train-rnn $(settings) | partition' > $(tmp)
	@mv $(tmp) $@

$(MODELS:=/model.mp): $(OF_ZOO) $(SETTINGS) $(call set,PRECISION EMULATE)
	@mkdir -p $(@D)
	@echo "emulate:   $(notdir $(@D)), $(lever) (progress: $(@D)/model.log)"
	@$(call stale,$(@D)/checkpoint.mp)
	@rm -f $(mark)
	@$(new-$(encoder)) $(settings) $(with-$(lever)) $(with-$(lever)-$(encoder)) --seed $(seed) < $< > $(@D)/fresh.mp
	@emulate --fit $(@D)/fresh.mp $(settings) --timing $(BASE) $(fit-$(lever)) $(EMULATE) --checkpoint $(@D)/checkpoint.mp \
		< $< > $(tmp) $(logged) $(noted)
	@mv $(tmp) $@
	@rm -f $(@D)/checkpoint.mp

# Lever, encoder, seed, and a point of the curve: step, split, loss, kl_reverse, z_variance, probe_entropy, seconds.
SHOWS = $(LEVERS) $(notdir $(MODELS))
$(R)/curves.tsv: $(MODELS:=/model.mp) $(call set,SHOWS)
	@$(call files,$(filter %.mp,$^)); for model in $$files; do of=$${model%/model.mp}; name=$${of##*/}; of=$${of%/*}; \
		rec-table --kind log step split loss kl_reverse z_variance probe_entropy seconds < $$model | \
		sed "s/^/$${of##*/}\t$${name%-*}\t$${name##*-}\t/"; done > $(tmp)
	@mv $(tmp) $@

$(R)/recipes.tsv: $(R)/curves.tsv recipes.awk
	@awk -f recipes.awk $< > $(tmp)
	@mv $(tmp) $@

$(R)/recipes.txt: $(R)/recipes.tsv
	@column -t -s $$'\t' < $< > $(tmp)
	@$(call tell,$(MODELS:=/model.mp))
	@mv $(tmp) $@
