# Augmentation: is an augmented zoo worth one ten times as large? The flat encoder, which knows no symmetry, is trained by emulation on zoos of
# several sizes, with and without augmentation, always with the same number of steps, and judged on the same RNNs of other languages.
#
#     make -f augment.mk      augment.txt, augment.png, in RESULTS; ../../Makefile calls it by `make augment`
#
# RESULTS     where all files go            JOBS        how many processes at a time            BIN         where the filters are
# SIZES       RNNs, that is snapshots, in training     STEPS  of each RNN                             EMULATION   steps of emulation
# RUNS        RNNs that are trained, four snapshots of each; a part of the languages is kept apart     SEEDS       of encoder and emulator

SIZES     ?= 50 100 200 400 800
RUNS      ?= 320
STEPS     ?= 300
EMULATION ?= 1000
SEEDS     ?= 1

include ../own.mk

# What the encoder sees of each RNN.
ARMS            := plain forms noise mixup
augment-plain   :=
augment-forms   := --augment permute,rescale,swap-bias
augment-noise   := --augment permute,rescale,swap-bias,noise=0.1,dropout=0.1
augment-mixup   := --augment permute,rescale,swap-bias,mixup=direct

# SIZE-ARM-SEED
CELLS := $(foreach n,$(SIZES),$(foreach a,$(ARMS),$(SEEDS:%=$(n)-$(a)-%)))
part   = $(word $(1),$(subst -, ,$*))

.PHONY: all
all: $(R)/augment.txt $(R)/augment.png
	@cat $<
	@echo "picture: $(abspath $(R))/augment.png"

$(R)/zoo.mp: $(call set,RUNS STEPS)
	@mkdir -p $(@D)
	@echo 'augment:  training $(RUNS) RNNs'
	@seq 0 20 $$(($(RUNS) - 1)) | $(parallel) -k \
		'gen-language --max-n 6 $(call next-runs,20) | $(converged) train-rnn --steps $(STEPS) | partition' > $(tmp)
	@mv $(tmp) $@

# The first RNNs of the training split; a smaller zoo is a part of the larger one. What is judged is the same for all.
$(SIZES:%=$(R)/zoo-%.mp): $(R)/zoo-%.mp: $(R)/zoo.mp
	@rec-select --split train --first $* < $< > $(tmp)
	@(($$(rec-table run < $(tmp) | wc -l) == $*)) || { echo 'augment:  fewer than $* RNNs are of the training split: more RUNS' >&2; exit 1; }
	@rec-select --split validation,ood < $< >> $(tmp)
	@mv $(tmp) $@

define sized # SIZE
$$(foreach a,$$(ARMS),$$(SEEDS:%=$$(R)/model-$(1)-$$(a)-%.mp)): $$(R)/model-$(1)-%.mp: $$(R)/zoo-$(1).mp $$(call set,EMULATION)
	@echo 'augment:  $(1) RNNs, $$*'
	@flat-encode --new --hidden 64 --seed $$(call part,2) < $$< > $$@.fresh
	@emulate --fit $$@.fresh --hidden 64 --batch 32 --steps $(EMULATION) --rate 1e-3 --anneal 0.5 --clip 1 --condition every \
		--validate-every 250 $$(augment-$$(call part,1)) < $$< > $$(tmp)
	@rm $$@.fresh
	@mv $$(tmp) $$@
endef
$(foreach n,$(SIZES),$(eval $(call sized,$(n))))

$(CELLS:%=$(R)/emulations-%.mp): $(R)/emulations-%.mp: $(R)/model-%.mp $(R)/zoo.mp
	@emulate --model $< --clones 0 --label '$(call part,1) $(call part,2)' < <(rec-select --split validation,ood < $(R)/zoo.mp) > $(tmp)
	@mv $(tmp) $@

SHOWS = $(CELLS)
$(R)/augment.txt: $(CELLS:%=$(R)/emulations-%.mp) $(call set,SHOWS)
	@cat $(filter %.mp,$^) | score > $(tmp)
	@mv $(tmp) $@

# size, then for each way the loss on validation languages
$(R)/augment.tsv: $(CELLS:%=$(R)/emulations-%.mp) augment.awk $(call set,SHOWS)
	@cat $(filter %.mp,$^) | score --format tsv | cut -f 1,2,6 | awk -v arms='$(ARMS)' -v sizes='$(SIZES)' -f augment.awk > $(tmp)
	@mv $(tmp) $@

$(R)/augment.png: figures/augment.gp $(R)/augment.tsv
	@gnuplot -e "table='$(R)/augment.tsv'; picture='$(tmp)'" figures/augment.gp
	@$(whole-picture)
	@mv $(tmp) $@
