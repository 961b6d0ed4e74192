# The interrogator that `describe` uses when it is told no other: interrogator.mp, in this folder. Made anew by `make interrogator` at the
# top (about 25 minutes on two quiet cores), or here by
#     make -f interrogator.mk RESULTS=DIR [BIN=DIR] [JOBS=N]
# A zoo of RNNs of several cells and sizes, each at three steps of its training, on all languages of four letters; an encoder that asks
# (linear probe generators) and an emulator, trained by emulation; predictors; and, by RNNs that none of these were trained on, how sure
# the predictors may be and how far away the unknown is. Files appear complete or not at all: an interrupted make goes on.

BIN     ?= ../../build/bin
JOBS    ?= $(shell nproc)
STEPS   ?= 5000
SHELL   := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
export PATH := $(abspath $(BIN)):$(PATH)
export LC_ALL := C

R := $(RESULTS)
HERE    := ../

include $(HERE)one-make.mk

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

$(R)/interrogator.mp: $(R)/emulations.mp $(R)/predictors.mp
	@cat $(R)/model.mp $(R)/predictors.mp > $(R)/models.mp
	@cat $(R)/embeddings.mp $(R)/emulations.mp | describe --fit $(R)/models.mp > $(tmp)
	@mv $(tmp) $@
	@rec-table --header --kind calibration target temperature calibration_error right answers < $@
	@test "$$(stat -c %s $@)" -lt 3000000

.PHONY: all
