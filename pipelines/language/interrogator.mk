# The interrogator that `describe` uses when it is told no other: interrogator.mp, in this folder. Made anew by `make interrogator` at the
# top (about 30 minutes of CPU), or here by
#     make -f interrogator.mk RESULTS=DIR [BIN=DIR] [JOBS=N]
# A zoo of RNNs of several cells and sizes, each at three steps of a short training, on all languages of four letters; an encoder that asks
# (linear probe generators) and an emulator, trained by emulation; a predictor of the language. And a second zoo of RNNs that were trained
# for longer, at up to seven steps: predictors of accuracy and step; and, by RNNs that none of these were trained on, how sure predictors may
# be and how far away the unknown is. At last a third zoo judges. Files appear complete or not at all: an interrupted make goes on.

BIN     ?= ../../build/bin
JOBS    ?= $(shell nproc)
STEPS   ?= 5000

R := $(RESULTS)
HERE    := ../

include $(HERE)begin.mk

# The zoo's networks, CELL-LAYERSxHIDDEN; ROUNDS times 16 runs of each. Shard NETWORK-K has the runs 16 K .. 16 K + 15.
NETWORKS := lstm-2x32 lstm-2x32 lstm-2x32 lstm-2x32 lstm-2x32 gru-2x32 gru-2x32 gru-2x32 gru-2x32 lstm-1x32 lstm-1x32 lstm-2x16 lstm-2x16 \
    lstm-1x64 gru-1x32 gru-1x32 gru-2x16 gru-2x48 rnn_tanh-2x32 rnn_tanh-1x48
ROUNDS := 2
SHARDS := $(join $(foreach round,$(shell seq $(ROUNDS)),$(NETWORKS)),$(addprefix -,$(shell seq 0 $$((20 * $(ROUNDS) - 1)))))

all: $(R)/interrogator.mp

part = $(word $(2),$(subst -, ,$(subst x, ,$(1))))
$(SHARDS:%=$(R)/shards/%.mp): $(R)/shards/%.mp:
	@mkdir -p $(@D)
	@gen-language --seed 41 --count 16 --first-run $$((16 * $(call part,$*,4))) | \
	train-rnn --seed 41 --cell $(call part,$*,1) --layers $(call part,$*,2) --hidden $(call part,$*,3) \
		--steps 1000 --snapshots 200,500,1000 --rollouts 30 --samples 200 > $(tmp)
	@mv $(tmp) $@

$(R)/zoo.mp: $(SHARDS:%=$(R)/shards/%.mp)
	@cat $^ | partition --by run --validation 0.2 --ood 0 > $(tmp)
	@mv $(tmp) $@

$(R)/fresh.mp: $(R)/zoo.mp
	@probe --new --linear --seed 1 < $< > $(tmp)
	@mv $(tmp) $@

# --checkpoint: an interrupted training goes on.
$(R)/model.mp: $(R)/fresh.mp
	@emulate --fit $< --hidden 96 --layers 2 --batch 48 --steps $(STEPS) --rate 2e-3 --anneal 0.4 --clip 1 --condition every \
		--validate-every 500 --checkpoint-every 500 --checkpoint $(R)/checkpoint.mp --threads $(JOBS) --seed 1 < $(R)/zoo.mp > $(tmp)
	@mv $(tmp) $@

$(R)/embeddings.mp: $(R)/model.mp
	@probe --model $< < $(R)/zoo.mp > $(tmp)
	@mv $(tmp) $@

$(R)/emulations.mp: $(R)/model.mp
	@emulate --model $< --clones 0 --rollouts 16 < $(R)/zoo.mp > $(tmp)
	@mv $(tmp) $@

$(R)/predictors.mp: $(R)/embeddings.mp
	@classify --fit task --steps 3000 --weight-decay 1 --rate 2e-3 --seed 1 < $< > $(tmp)
	@mv $(tmp) $@

$(R)/short.mp: $(R)/emulations.mp $(R)/predictors.mp
	@cat $(R)/model.mp $(R)/predictors.mp > $(R)/models.mp
	@cat $(R)/embeddings.mp $(R)/emulations.mp | describe --fit $(R)/models.mp > $(tmp)
	@mv $(tmp) $@

# Long trainings: NETWORK-STEPS-FIRST has 8 runs, from FIRST on; and ten runs by the paper's recipe, which trains for 20,000 steps.
LONG := gru-2x32-10000-1000 lstm-2x16-10000-1008 lstm-1x32-10000-1016 gru-1x32-10000-1024 gru-2x24-10000-1032 rnn_tanh-2x32-10000-1040
$(LONG:%=$(R)/long/%.mp): $(R)/long/%.mp:
	@mkdir -p $(@D)
	@gen-language --seed 41 --count 8 --first-run $(call part,$*,5) | \
	train-rnn --seed 41 --cell $(call part,$*,1) --layers $(call part,$*,2) --hidden $(call part,$*,3) --steps $(call part,$*,4) \
		--snapshots 200,500,1000,2000,5000,10000 --rollouts 30 --samples 200 > $(tmp)
	@mv $(tmp) $@
$(R)/paper/%.mp:
	@mkdir -p $(@D)
	@gen-language --config paper.yaml --first-run $* --count 10 | train-rnn --config paper.yaml > $(tmp)
	@mv $(tmp) $@

$(R)/long.mp: $(LONG:%=$(R)/long/%.mp) $(R)/paper/0.mp
	@cat $^ | rec-select --kind rnn --step 200- | partition --by run --validation 0.5 --ood 0 > $(tmp)
	@mv $(tmp) $@

$(R)/long-embeddings.mp: $(R)/model.mp $(R)/long.mp
	@probe --model $< < $(R)/long.mp > $(tmp)
	@mv $(tmp) $@

$(R)/long-emulations.mp: $(R)/model.mp $(R)/long.mp
	@emulate --model $< --clones 0 --rollouts 16 < $(R)/long.mp > $(tmp)
	@mv $(tmp) $@

$(R)/long-predictors.mp: $(R)/long-embeddings.mp
	@classify --quiet --fit accuracy --layers 0 --steps 1000 --rate 2e-3 --seed 1 < $< > $(R)/accuracy.mp
	@classify --quiet --fit step --steps 2000 --weight-decay 1 --rate 2e-3 --seed 1 < $< | cat $(R)/accuracy.mp - > $(tmp)
	@mv $(tmp) $@

$(R)/interrogator.mp: $(R)/short.mp $(R)/long-predictors.mp $(R)/long-emulations.mp
	@cat $(R)/short.mp $(R)/long-predictors.mp > $(R)/models.mp
	@cat $(R)/long-embeddings.mp $(R)/long-emulations.mp | rec-select --split validation | describe --fit $(R)/models.mp > $(tmp)
	@mv $(tmp) $@
	@test "$$(stat -c %s $@)" -lt 3000000

# What it is worth, by RNNs that it has nothing to do with: judge.awk says.
$(R)/judged.tsv: $(R)/interrogator.mp $(R)/paper/10.mp
	@rec-select --kind rnn --step 200- < $(R)/paper/10.mp | describe --model $< --format records | \
	rec-table --header --kind report step warned does.by does.task.offsets task.offsets $(foreach i,0 1 2,predicted.0.answers.$(i) \
		predicted.0.confidence.$(i)) task.offsets.1 task.offsets.2 task.offsets.3 > $(tmp)
	@mv $(tmp) $@

judge: $(R)/judged.tsv
	@awk -f judge.awk $<

.PHONY: all judge
