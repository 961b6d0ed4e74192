# The interrogator that `describe` uses when it is told no other: interrogator.mp, in this folder. Made anew by `make interrogator` at the
# top (about 40 minutes of CPU, and 12 more to judge it), or here by
#     make -f interrogator.mk [RESULTS=DIR] [BIN=DIR] [JOBS=N]
# A zoo of RNNs of several cells and sizes, on all languages of four letters: many are trained shortly, some for longer, a few by the paper's
# recipe, and each is seen at up to seven steps. An encoder that asks (linear probe generators) and an emulator are trained on it, and
# predictors of language, accuracy and step. The RNNs of the split validation say how sure predictors may be and how far away the unknown is.
# At last RNNs of the paper's recipe that are not in the zoo judge. Files appear complete or not at all: an interrupted make goes on.

STEPS ?= 3000

include ../own.mk

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
	$(converged) train-rnn --seed 41 --cell $(call part,$*,1) --layers $(call part,$*,2) --hidden $(call part,$*,3) \
		--steps 1000 --snapshots 200,500,1000 --rollouts 30 --samples 200 > $(tmp)
	@mv $(tmp) $@

# Longer trainings: NETWORK-STEPS-FIRST has 8 runs, from FIRST on. And runs by the paper's recipe, which trains for 20,000 steps: ten a shard.
LONG := gru-2x32-10000-1000 lstm-2x16-10000-1008 lstm-1x32-10000-1016 gru-1x32-10000-1024 gru-2x24-10000-1032 rnn_tanh-2x32-10000-1040 \
    lstm-2x32-10000-1048 lstm-2x32-10000-1056 gru-2x32-10000-1064 lstm-1x64-10000-1072 gru-2x48-10000-1080 rnn_tanh-1x48-10000-1088
$(LONG:%=$(R)/long/%.mp): $(R)/long/%.mp:
	@mkdir -p $(@D)
	@gen-language --seed 41 --count 8 --first-run $(call part,$*,5) | \
	$(converged) train-rnn --seed 41 --cell $(call part,$*,1) --layers $(call part,$*,2) --hidden $(call part,$*,3) --steps $(call part,$*,4) \
		--snapshots 200,500,1000,2000,5000,10000 --rollouts 30 --samples 200 > $(tmp)
	@mv $(tmp) $@
$(R)/paper/%.mp: paper.yaml
	@mkdir -p $(@D)
	@gen-language --config paper.yaml --first-run $* --count 10 | $(converged) train-rnn --config paper.yaml > $(tmp)
	@mv $(tmp) $@

$(R)/zoo.mp: $(SHARDS:%=$(R)/shards/%.mp) $(LONG:%=$(R)/long/%.mp) $(R)/paper/2000.mp $(R)/paper/2010.mp
	@cat $^ | rec-select --kind rnn --step 200- | partition --by run --validation 0.2 --ood 0 > $(tmp)
	@mv $(tmp) $@

$(R)/fresh.mp: $(R)/zoo.mp
	@probe --new --linear --seed 1 < $< > $(tmp)
	@mv $(tmp) $@

# --checkpoint: an interrupted training goes on.
$(R)/model.mp: $(R)/fresh.mp $(call set,STEPS)
	@$(call stale,$(R)/checkpoint.mp)
	@emulate --fit $< --hidden 96 --layers 2 --batch 48 --steps $(STEPS) --rate 2e-3 --anneal 0.4 --clip 1 --condition every \
		--validate-every 500 --checkpoint-every 500 --checkpoint $(R)/checkpoint.mp --threads $(JOBS) --seed 1 < $(R)/zoo.mp > $(tmp)
	@mv $(tmp) $@
	@rm -f $(R)/checkpoint.mp

$(R)/embeddings.mp: $(R)/model.mp
	@probe --model $< < $(R)/zoo.mp > $(tmp)
	@mv $(tmp) $@

$(R)/emulations.mp: $(R)/model.mp
	@emulate --model $< --clones 0 --rollouts 16 < $(R)/zoo.mp > $(tmp)
	@mv $(tmp) $@

$(R)/predictors.mp: $(R)/embeddings.mp
	@classify --fit task,accuracy,step --steps 3000 --weight-decay 1 --rate 2e-3 --seed 1 < $< > $(tmp)
	@mv $(tmp) $@

$(R)/interrogator.mp: $(R)/emulations.mp $(R)/predictors.mp
	@cat $(R)/model.mp $(R)/predictors.mp > $(R)/models.mp
	@cat $(R)/embeddings.mp $(R)/emulations.mp | describe --fit $(R)/models.mp > $(tmp)
	@(($$(stat -c %s $(tmp)) < 3000000)) || { echo 'interrogator: too large for the repository' >&2; exit 1; }
	@mv $(tmp) $@

# What it is worth, by RNNs that it has nothing to do with: judge.awk says.
JUDGED := $(R)/paper/0.mp $(R)/paper/10.mp $(R)/paper/20.mp
$(R)/judged.tsv: $(R)/interrogator.mp $(JUDGED)
	@cat $(JUDGED) | rec-select --kind rnn --step 200- | describe --model $< --format records | \
	rec-table --header --kind report step warned does.by does.task.offsets task.offsets $(foreach i,0 1 2,predicted.0.answers.$(i) \
		predicted.0.confidence.$(i)) task.offsets.1 task.offsets.2 task.offsets.3 > $(tmp)
	@mv $(tmp) $@

judge: $(R)/judged.tsv
	@awk -f judge.awk $<

.PHONY: all judge
