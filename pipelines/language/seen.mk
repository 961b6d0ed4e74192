# What does a model know again: languages, runs, or snapshots? Its emulation loss on the RNNs that it was trained on; on other snapshots of
# their runs, which it has never seen; on new runs of their languages; and on languages that it has never seen.
#
#     make -f seen.mk      seen.txt, in RESULTS; ../../Makefile calls it by `make seen`
#
# ZOO        a zoo of runs 0, 1, ... as CONFIG makes them (default: the one that `make headline` makes)
# MODELS     NAME=FILE, of emulate --fit on ZOO: "flat=flat.mp asks=probe.mp" (default: those of `make headline`, seed 1)
# RUNS       so many of these runs are looked at, the first ones; they are made anew, and as many new ones (20 s of a core a run)
# NEW        the first new one: behind the zoo's
# SINCE      only snapshots from this step on                                           BETWEEN    steps of the other snapshots
# CONFIG     settings of generator, train-rnn and partition                             BIN        where the filters are
# RESULTS    where all files go                                                         JOBS       how many processes at a time

CONFIG   ?= headline.yaml
RUNS     ?= 16
NEW      ?= 1000
SINCE    ?= 2000
BETWEEN  ?= 3000,7500,15000

include ../own.mk
include ../headline-zoo.mk

MODELS  ?= $(foreach e,interactive linear constant,$(e)=$(dir $(ZOO))$(e)-1/model.mp)

KINDS  := known siblings new-runs unseen
$(call not-empty,MODELS)
NAMES   = $(foreach m,$(MODELS),$(firstword $(subst =, ,$(m))))
JUDGED  = $(foreach n,$(NAMES),$(KINDS:%=$(R)/$(n)/%.mp))
model   = $(patsubst $(notdir $(@D))=%,%,$(filter $(notdir $(@D))=%,$(MODELS)))

.PHONY: all
all: $(R)/seen.txt
	@cat $<

$(R)/known.mp: $(OF_ZOO) $(call set,RUNS SINCE)
	@mkdir -p $(@D)
	@rec-select --run 0-$$(($(RUNS) - 1)) --split train --step $(SINCE)- < $< > $(tmp)
	@mv $(tmp) $@

$(R)/unseen.mp: $(OF_ZOO) $(call set,SINCE)
	@mkdir -p $(@D)
	@rec-select --split validation --step $(SINCE)- < $< > $(tmp)
	@mv $(tmp) $@

# make-zoo FIRST-RUN STEPS OPTION...: RNNs of training languages, as the zoo's.
make-zoo = gen-language $(settings) --first-run $(1) --count $(RUNS) | $(converged) train-rnn $(settings) $(3) | partition $(settings) | \
	rec-select --split train --step $(2)

$(R)/siblings.mp: $(SETTINGS) $(call set,RUNS BETWEEN)
	@mkdir -p $(@D)
	@echo "train-rnn: other snapshots of runs 0 to $$(($(RUNS) - 1))"
	@$(call make-zoo,0,$(BETWEEN),--snapshots $(BETWEEN)) > $(tmp)
	@mv $(tmp) $@

$(R)/new-runs.mp: $(SETTINGS) $(call set,RUNS NEW SINCE)
	@mkdir -p $(@D)
	@echo "train-rnn: $(RUNS) new runs"
	@$(call make-zoo,$(NEW),$(SINCE)-) > $(tmp)
	@mv $(tmp) $@

# Which file a name stands for, and which one it is.
$(NAMES:%=$(R)/%/of): force
	@echo '$(model) $(call which,$(model))' | { $(renew); }

.SECONDEXPANSION:
$(JUDGED): $(R)/$$(@F) $$(model) $$(@D)/of
	@mkdir -p $(@D)
	@emulate --model $(model) --clones 0 --rollouts 20 < $< > $(tmp)
	@mv $(tmp) $@

SHOWS = $(MODELS)
$(R)/seen.txt: $(JUDGED) $(call set,SHOWS)
	@{ printf 'model\tRNNs of\tcount\tloss\n'; for file in $(filter %.mp,$^); do \
		name=$$(basename $$(dirname $$file)); kind=$$(basename $$file .mp); rec-table --kind emulation loss < $$file | \
		awk -v OFS='\t' -v model=$$name -v kind=$$kind '{ sum += $$1 } END { print model, kind, NR, sprintf("%.4f", sum / NR) }'; \
	done; } | column -t -s $$'\t' > $(tmp)
	@mv $(tmp) $@
