# Composition: what should a zoo be made of when one more RNN is to be trained, a new language or a known one again? Encoders and
# predictors learn from zoos of various numbers of languages, runs, snapshots and widths, all with the same steps of training, and are judged
# on the same RNNs of languages that none of them has met.
#
#     make -f composition.mk      composition.txt, composition.png, in RESULTS; ../../Makefile calls it by `make composition`
#
# RESULTS     where all files go            JOBS        how many processes at a time            BIN         where the filters are
# SEEDS       of encoders and predictors    STEPS       of each RNN                             EMULATION   steps of emulation
# CELLS       the zoos                      LANGUAGES   of zoos that differ in their runs       RUNS        of zoos that differ in languages
# TRAINED     what RNNs there are to choose from: 32:16 128:1 is 16 of each of the first 32 languages, one of each up to the 128th
# JUDGED      likewise, what validation and judging have, each of languages of its own

SEEDS     ?= 1 2 3
STEPS     ?= 500
EMULATION ?= 1000
LANGUAGES ?= 32
RUNS      ?= 128
TRAINED   ?= 32:16 128:1
JUDGED    ?= 32:2

include ../own.mk

# Zoos, by how many languages, runs, snapshots of each run, and widths they have: LANGUAGES-RUNS-SNAPSHOTS-WIDTHS. Languages are numbered in
# the order in which they are drawn, and so are the runs of each: `language` and `copy`. A smaller zoo is a part of the larger one.
CELLS   ?= 8-128-1-1 32-128-1-1 128-128-1-1 32-32-1-1 32-512-1-1 32-128-3-1 32-128-1-3
number   = $(word $(2),$(subst -, ,$(1)))
# Of three widths, half of the runs are of 32 units, a quarter of 16, a quarter of 64.
choose   = --where 'language < $(call number,$(1),1), copy < $(shell echo $$(($(call number,$(1),2) / $(call number,$(1),1) \
	$(if $(filter 3,$(call number,$(1),4)),/ 2))))' $(if $(filter 1,$(call number,$(1),3)),--step last)

MODELS := $(foreach c,$(CELLS),$(SEEDS:%=$(R)/$(c)-%))
zoo     = $(R)/zoo-$(patsubst %-$(seed),%,$*).mp
seed    = $(lastword $(subst -, ,$*))

.PHONY: all
all: $(R)/composition.txt $(R)/composition.png
	@cat $<
	@echo "picture: $(abspath $(R))/composition.png"

# --- RNNs ---

# Tasks with `language` and `copy`; runs of one language differ in their start and in the strings that they learn from.
copies-train      := $(TRAINED)
copies-validation := $(JUDGED)
copies-ood        := $(JUDGED)
first-train       := 0
first-validation  := 10000
first-ood         := 20000
SPLITS := train validation ood
$(R)/tasks-train.mp: $(call set,TRAINED)
$(R)/tasks-validation.mp $(R)/tasks-ood.mp: $(call set,JUDGED)
$(SPLITS:%=$(R)/tasks-%.mp): $(R)/tasks-%.mp: composition-tasks.awk
	@mkdir -p $(@D)
	@gen-language --max-n 6 --count 2000 | partition | rec-json | \
		awk -v split_name=$* -v copies='$(copies-$*)' -v first=$(first-$*) -f $< | rec-json --reverse > $(tmp)
	@mv $(tmp) $@

# One after the other: each runs JOBS processes itself.
$(R)/rnns-validation.mp: | $(R)/rnns-train.mp
$(R)/rnns-ood.mp: | $(R)/rnns-validation.mp
recipe := --steps $(STEPS) --layers 1 --rollouts 50 --samples 100
$(SPLITS:%=$(R)/rnns-%.mp): $(R)/rnns-%.mp: $(R)/tasks-%.mp $(call set,STEPS)
	@echo "composition: training RNNs, $*"
	@seq $(first-$*) 80 $$(rec-table --kind task run < $< | sort -g | tail -n 1) | $(parallel) -k \
		'rec-select --run {}-$$(({} + 79)) < $< | $(converged) train-rnn --hidden 32 $(recipe) --snapshots $$(($(STEPS) / 5)),$$(($(STEPS) * 2 / 5))' > $(tmp)
	@mv $(tmp) $@

# A quarter of the runs, of 16 units, and a quarter, of 64.
$(R)/wide.mp: $(R)/tasks-train.mp $(call set,LANGUAGES RUNS STEPS)
	@for ((copy = $(RUNS) / $(LANGUAGES) / 2; copy < $(RUNS) / $(LANGUAGES); copy++)); do rec-select --where "language < $(LANGUAGES), copy = $$copy" < $< | \
		$(converged) train-rnn --hidden $$((copy % 2 ? 64 : 16)) $(recipe) --snapshots ''; done > $(tmp)
	@mv $(tmp) $@

$(foreach c,$(CELLS),$(if $(filter 3,$(call number,$(c),4)),$(eval $(R)/zoo-$(c).mp: $(R)/wide.mp)))
$(CELLS:%=$(R)/zoo-%.mp): $(R)/zoo-%.mp: $(R)/rnns-train.mp $(R)/rnns-validation.mp
	@{ rec-select $(call choose,$*) < $<; $(if $(filter 3,$(call number,$*,4)),cat $(R)/wide.mp;) } > $(tmp)
	@rec-table run language < $(tmp) | sort -u | awk -v languages=$(call number,$*,1) -v runs=$(call number,$*,2) '!seen[$$2]++ { n++ } \
		END { if (n != languages || NR != runs) { print "composition: zoo $* finds " n " languages and " NR " runs: more TRAINED"; exit 1 } }' >&2
	@rec-select --step last < $(R)/rnns-validation.mp >> $(tmp)
	@mv $(tmp) $@

$(R)/judged.mp: $(R)/rnns-validation.mp $(R)/rnns-ood.mp
	@cat $^ | rec-select --step last > $(tmp)
	@mv $(tmp) $@

# --- Encoders and predictors ---

$(foreach c,$(CELLS),$(eval $(SEEDS:%=$(R)/$(c)-%.model.mp): $(R)/zoo-$(c).mp))
$(MODELS:=.model.mp): $(R)/%.model.mp: $(call set,EMULATION)
	@echo "composition: $*"
	@probe --new --linear --hidden 64 --mlp-hidden 64 --length 10 --seed $(seed) < $(zoo) > $@.fresh
	@emulate --fit $@.fresh --steps $(EMULATION) --hidden 64 --batch 32 --rate 1e-3 --anneal 0.5 --clip 1 --condition every --validate-every 500 \
		< $(zoo) > $(tmp)
	@rm $@.fresh
	@mv $(tmp) $@

# Split, truth, answer; none of the judged languages has been seen.
$(MODELS:=.tsv): $(R)/%.tsv: $(R)/%.model.mp $(R)/judged.mp
	@probe --model $< < $(zoo) | classify --quiet --fit task --steps 2000 --seed $(seed) > $@.predictor
	@probe --model $< < $(R)/judged.mp | classify --model $@.predictor | rec-table --kind prediction split truth predicted | sed "s/^/$*\t/" > $(tmp)
	@rm $@.predictor
	@mv $(tmp) $@

SHOWS = $(notdir $(MODELS))
$(R)/composition.tsv: composition.awk $(MODELS:=.tsv) $(call set,SHOWS LANGUAGES RUNS)
	@awk -v languages=$(LANGUAGES) -v runs=$(RUNS) -f composition.awk $(MODELS:%=%.tsv) > $(tmp)
	@mv $(tmp) $@

$(R)/composition.txt: $(R)/composition.tsv
	@column -t -s $$'\t' $< > $(tmp)
	@mv $(tmp) $@

$(R)/composition.png: figures/composition.gp $(R)/composition.tsv ../figures/style.gp
	@gnuplot -c $< $(R)/composition.tsv $(tmp) $(LANGUAGES) $(RUNS)
	@$(whole-picture)
	@mv $(tmp) $@
