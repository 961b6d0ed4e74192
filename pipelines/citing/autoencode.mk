# Weights out of z: do RNNs come back from their embeddings, and what should a decoder be trained by: what the weights are (structure), what
# they do (behaviour), or both? On RNNs of one start, on RNNs of many, and on these when their units are aligned first. Beside each decoder:
# RNNs with noise, and a decoder of embeddings that look at nothing.
#
#     make -f autoencode.mk      autoencode.txt, in RESULTS; ../../Makefile calls it by `make autoencode`
#
# RESULTS     where all files go            JOBS        how many processes at a time            BIN         where the filters are
# RUNS        RNNs of each zoo, a part of the languages is kept apart; STEPS, how long they are trained
# TRAINING    steps of each decoder         SEEDS       of encoder and decoder                  NOISE       in deviations of each tensor

RUNS     ?= 600
STEPS    ?= 500
TRAINING ?= 1500
SEEDS    ?= 1 2 3
NOISE    ?= 0.1 0.3

include ../own.mk

# START-WAY-SEED: all ways on RNNs of one start; elsewhere both losses.
structure-structure := 1
structure-behaviour := 0
structure-both      := 0.1
structure-nothing   := 0.1
WAYS   ?= structure behaviour both nothing
CELLS  := $(foreach w,$(WAYS),$(SEEDS:%=shared-$(w)-%)) $(foreach s,independent aligned,$(SEEDS:%=$(s)-both-%))
part    = $(word $(1),$(subst -, ,$*))
zoo     = $(R)/zoo-$(call part,1).mp

.PHONY: all
all: $(R)/autoencode.txt
	@cat $<

# --- The zoos: run r has the same language in all, and so the same split ---

start-shared      := --init-seed 5
start-independent :=
$(R)/zoo-independent.mp: | $(R)/zoo-shared.mp # one after the other: each runs JOBS processes itself
$(R)/zoo-shared.mp $(R)/zoo-independent.mp: $(R)/zoo-%.mp: $(call set,RUNS STEPS)
	@mkdir -p $(@D)
	@echo 'autoencode:  training $(RUNS) RNNs, $* start'
	@seq 0 20 $$(($(RUNS) - 1)) | $(parallel) -k 'gen-language --max-n 6 $(call next-runs,20) | \
		$(converged) train-rnn $(start-$*) --steps $(STEPS) --snapshots "" --hidden 32 --layers 1 --samples 300 --rollouts 50 | partition' > $(tmp)
	@mv $(tmp) $@

# All to the first training RNN.
$(R)/zoo-aligned.mp: $(R)/zoo-independent.mp
	@rnn-align --to <(rec-select --split train --first 1 < $<) < $< > $(tmp)
	@mv $(tmp) $@

# --- Encoders, decoders, and RNNs that they make ---

fresh = $(if $(filter nothing,$(call part,2)),constant-encode --new --z 128,flat-encode --new --ordered --standardise --z 128)
embed = $(if $(filter nothing,$(call part,2)),constant-encode,flat-encode)
$(CELLS:%=$(R)/%.mp): $(R)/%.mp: $(R)/zoo-shared.mp $(R)/zoo-independent.mp $(R)/zoo-aligned.mp $(call set,TRAINING)
	@echo 'autoencode:  $*'
	@$(fresh) --seed $(call part,3) < $(zoo) > $@.fresh
	@autoencode --fit $@.fresh --structure $(structure-$(call part,2)) --steps $(TRAINING) < $(zoo) > $@.model
	@$(embed) --model $@.model < $(zoo) | decode --model $@.model | rnn-rollout --count 1 --samples 300 > $(tmp)
	@rm $@.fresh $@.model
	@mv $(tmp) $@

# A zoo's runs are 0, 1, 2 ..., so those with noise have the numbers of their parents.
$(NOISE:%=$(R)/noise-%.mp): $(R)/noise-%.mp: $(R)/zoo-shared.mp
	@rnn-perturb --noise $* < $< | rnn-rollout --count 1 --samples 300 > $(tmp)
	@mv $(tmp) $@

# --- Beside their originals, and beside all RNNs in training ---

# START WAY SEED split, accuracy of the original and of the decoded RNN, agreement of their answers, distance from the original and from the
# nearest training RNN; a line for each RNN that was not trained on.
compared = rec-select --split validation,ood < $(1) > $@.unseen; rec-select --split train < $(2) > $@.train; \
	rec-select --split validation,ood < $(2) | rec-table split metrics.accuracy > $@.1; \
	rec-table metrics.accuracy < $@.unseen > $@.2; \
	rnn-compare --with $(2) --sequences 8 --path linear --points 2 --batches 1 --error-samples 1 < $@.unseen | \
		rec-table --kind pair metrics.agreement metrics.length > $@.3; \
	nearest --weights --count 1 --zoo $@.train < $@.unseen | rec-table nearest.0.distance > $@.4; \
	paste $@.[1-4] | sed 's/^/$(3)\t/' > $(tmp); rm $@.unseen $@.train $@.[1-4]
$(CELLS:%=$(R)/%.tsv): $(R)/%.tsv: $(R)/%.mp
	@$(call compared,$<,$(zoo),$(call part,1)\t$(call part,2)\t$(call part,3))
	@mv $(tmp) $@
$(NOISE:%=$(R)/noise-%.tsv): $(R)/noise-%.tsv: $(R)/noise-%.mp $(R)/zoo-shared.mp
	@$(call compared,$<,$(R)/zoo-shared.mp,shared\tnoise $*\t0)
	@mv $(tmp) $@

TABLES = $(CELLS:%=$(R)/%.tsv) $(NOISE:%=$(R)/noise-%.tsv)
SHOWS  = $(CELLS) $(NOISE)
$(R)/autoencode.tsv: autoencode.awk $(TABLES) $(call set,SHOWS)
	@awk -f autoencode.awk $(TABLES) > $(tmp)
	@mv $(tmp) $@

$(R)/autoencode.txt: $(R)/autoencode.tsv
	@column -t -s $$'\t' $< > $(tmp)
	@mv $(tmp) $@
