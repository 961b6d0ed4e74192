# Composition: what should a zoo be made of when one more RNN is to be trained, a new language or a known one again? Encoders and
# predictors learn from zoos of various numbers of languages, runs, snapshots and widths, all with the same steps of training, and are judged
# on the same RNNs of languages that none of them has met.
#
#     make -f composition.mk      composition.txt, composition.png, in RESULTS; ../../Makefile calls it by `make composition`
#
# RESULTS     where all files go            JOBS        how many processes at a time            BIN         where the filters are
# SEEDS       of encoders and predictors    STEPS       of each RNN                             EMULATION   steps of emulation

BIN       ?= ../../build/bin
RESULTS   ?= ../../results/composition
JOBS      ?= $(shell nproc)
SEEDS     ?= 1 2 3
STEPS     ?= 500
EMULATION ?= 3000
R         := $(RESULTS)
HERE      := ../

MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(findstring jobserver,$(shell echo "$$MAKEFLAGS")),)
MAKEFLAGS += -j$(JOBS)
endif
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
export PATH := $(abspath $(BIN)):$(PATH)
export LC_ALL := C

include $(HERE)one-make.mk

# The zoos, by the axis along which they grow: AXIS-NUMBER, and which RNNs they have. Languages are numbered in the order in which they are
# drawn, and the RNNs of each of them: a smaller zoo is a part of the larger one.
LANGUAGES := 8 16 32 64 128# at 128 runs
RUNS      := 32 64 128 256 512# of 32 languages
OTHERS    := snapshots-3 widths-3# of 128 runs of 32 languages
CELLS     := $(LANGUAGES:%=languages-%) $(RUNS:%=runs-%) $(OTHERS)
$(foreach l,$(LANGUAGES),$(eval of-languages-$(l) = --step last --where 'language < $(l), copy < $(shell echo $$((128 / $(l))))'))
$(foreach r,$(RUNS),$(eval of-runs-$(r) = --step last --where 'language < 32, copy < $(shell echo $$(($(r) / 32)))'))
of-snapshots-3 = --where 'language < 32, copy < 4'
of-widths-3    = --step last --where 'language < 32, copy < 2'# and as many of other widths

MODELS := $(foreach c,$(CELLS),$(SEEDS:%=$(R)/$(c)-%))
cell    = $(R)/$(patsubst %-$(lastword $(subst -, ,$*)),%,$*)
seed    = $(lastword $(subst -, ,$*))

.PHONY: all
.SECONDARY:
all: $(R)/composition.txt $(R)/composition.png
	@cat $<
	@echo "picture: $(abspath $(R))/composition.png"

# --- RNNs ---

# Tasks with `language` and `copy`; runs of one language differ in their start and in the strings that they learn from.
copies-train      := 32:16 64:2 128:1
copies-validation := 32:3
copies-ood        := 32:3
first-train       := 0
first-validation  := 10000
first-ood         := 20000
$(R)/tasks-%.mp: composition-tasks.awk
	@mkdir -p $(@D)
	@gen-language --max-n 6 --count 2000 | partition | rec-json | \
		awk -v split_name=$* -v copies='$(copies-$*)' -v first=$(first-$*) -f $< | rec-json --reverse > $(tmp)
	@mv $(tmp) $@

recipe := --steps $(STEPS) --layers 1 --rollouts 50 --samples 100
$(R)/rnns-%.mp: $(R)/tasks-%.mp
	@echo "composition: training RNNs, $*"
	@seq $(first-$*) 80 $$(($(first-$*) + 639)) | PARALLEL_SHELL=$$(type -P bash) parallel --plain --will-cite -k -j$(JOBS) --halt soon,fail=1 \
		'rec-select --run {}-$$(({} + 79)) < $< | train-rnn --hidden 32 $(recipe) --snapshots 100,200' > $(tmp)
	@mv $(tmp) $@

# A quarter of 128 RNNs of 16 units, and a quarter of 64.
$(R)/wide.mp: $(R)/tasks-train.mp
	@for copy in 2 3; do rec-select --where "language < 32, copy = $$copy" < $< | \
		train-rnn --hidden $$((copy == 2 ? 16 : 64)) $(recipe) --snapshots ''; done > $(tmp)
	@mv $(tmp) $@

$(CELLS:%=$(R)/%.mp): $(R)/%.mp: $(R)/rnns-train.mp $(R)/wide.mp $(R)/rnns-validation.mp
	@{ rec-select $(of-$*) < $<; $(if $(filter widths-%,$*),cat $(R)/wide.mp;) rec-select --step last < $(R)/rnns-validation.mp; } > $(tmp)
	@mv $(tmp) $@

$(R)/judged.mp: $(R)/rnns-validation.mp $(R)/rnns-ood.mp
	@cat $^ | rec-select --step last > $(tmp)
	@mv $(tmp) $@

# --- Encoders and predictors ---

$(MODELS:=.model.mp): $(R)/%.model.mp: $(foreach c,$(CELLS),$(R)/$(c).mp)
	@echo "composition: $*"
	@probe --new --linear --hidden 64 --mlp-hidden 64 --length 16 --seed $(seed) < $(cell).mp > $@.fresh
	@emulate --fit $@.fresh --steps $(EMULATION) --hidden 64 --batch 32 --rate 1e-3 --anneal 0.5 --clip 1 --condition every --validate-every 500 \
		< $(cell).mp > $(tmp)
	@rm $@.fresh
	@mv $(tmp) $@

# Split, truth, answer; none of the judged languages has been seen.
$(MODELS:=.tsv): $(R)/%.tsv: $(R)/%.model.mp $(R)/judged.mp
	@probe --model $< < $(cell).mp | classify --quiet --fit task --steps 3000 --seed $(seed) > $@.predictor
	@probe --model $< < $(R)/judged.mp | classify --model $@.predictor | rec-table --kind prediction split truth predicted | sed "s/^/$*\t/" > $(tmp)
	@rm $@.predictor
	@mv $(tmp) $@

$(R)/composition.tsv: composition.awk $(MODELS:=.tsv)
	@awk -f composition.awk $(MODELS:%=%.tsv) > $(tmp)
	@mv $(tmp) $@

$(R)/composition.txt: $(R)/composition.tsv
	@column -t -s $$'\t' $< > $(tmp)
	@mv $(tmp) $@

$(R)/composition.png: figures/composition.gp $(R)/composition.tsv
	@gnuplot -c $^ $(tmp)
	@mv $(tmp) $@
