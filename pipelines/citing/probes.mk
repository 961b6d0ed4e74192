# Hidden states: does an encoder that asks learn more about an RNN when it sees the hidden states beside the answers? Both kinds ask the same
# number of generated sequences, and are trained by emulation with the same steps, on the same zoo.
#
#     make -f probes.mk       probes.txt, in RESULTS; ../../Makefile calls it by `make probes`
#
# RESULTS     where all files go            JOBS        how many processes at a time            BIN         where the filters are
# RUNS        RNNs that are trained, four snapshots of each; STEPS, how long                    TRAIN       RNNs in training
# EMULATION   steps of emulation            SEEDS       of encoder and emulator

RUNS      ?= 320
STEPS     ?= 300
TRAIN     ?= 400
EMULATION ?= 400
SEEDS     ?= 1 2 3

include ../own.mk
include ../encoders.mk

CELLS      := $(foreach e,linear hidden,$(SEEDS:%=$(e)-%))
kind        = $(word 1,$(subst -, ,$*))
seed        = $(word 2,$(subst -, ,$*))

.PHONY: all
all: $(R)/probes.txt
	@cat $<

$(R)/zoo.mp: $(call set,RUNS STEPS TRAIN)
	@mkdir -p $(@D)
	@echo 'probes:  training $(RUNS) RNNs'
	@seq 0 20 $$(($(RUNS) - 1)) | $(parallel) -k \
		'gen-language --max-n 6 $(call next-runs,20) | $(converged) train-rnn --steps $(STEPS) | partition' > $(tmp)
	@(($$(rec-select --split train < $(tmp) | rec-table run | wc -l) >= $(TRAIN))) || { echo 'probes:  fewer than $(TRAIN) RNNs are of the training split: more RUNS' >&2; exit 1; }
	@{ rec-select --split train --first $(TRAIN) < $(tmp); rec-select --split validation,ood < $(tmp); } > $(tmp).chosen
	@rm $(tmp)
	@mv $(tmp).chosen $@

$(CELLS:%=$(R)/%.model.mp): $(R)/%.model.mp: $(R)/zoo.mp $(call set,EMULATION)
	@echo 'probes:  training $*'
	@$(new-$(kind)) --seed $(seed) --probes 8 --length 12 --hidden 32 --mlp-hidden 32 < $< > $(tmp).fresh
	@emulate --fit $(tmp).fresh --hidden 32 --batch 32 --steps $(EMULATION) --rate 1e-3 --anneal 0.5 --clip 1 --condition every \
		--validate-every 200 < $< > $(tmp)
	@rm $(tmp).fresh
	@mv $(tmp) $@

# What is judged: emulations, and predictions of the task, the accuracy and the training step from embeddings.
$(CELLS:%=$(R)/%.judged.mp): $(R)/%.judged.mp: $(R)/%.model.mp $(R)/zoo.mp
	@probe --model $< < $(R)/zoo.mp > $(tmp).z
	@classify --fit task,accuracy,step --steps 1000 < $(tmp).z > $(tmp).predictors
	@{ emulate --model $< --clones 0 --label $(kind) < $(R)/zoo.mp; classify --model $(tmp).predictors --label $(kind) < $(tmp).z; } > $(tmp)
	@rm $(tmp).z $(tmp).predictors
	@mv $(tmp) $@

SHOWS = $(CELLS)
$(R)/probes.txt: $(CELLS:%=$(R)/%.judged.mp) $(call set,SHOWS)
	@cat $(filter %.mp,$^) | score > $(tmp)
	@mv $(tmp) $@
