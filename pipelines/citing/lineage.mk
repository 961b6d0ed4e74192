# Lineage: which RNN was made from which? Of chains of snapshots, fans of siblings, copies that were changed, and strangers (README.md has the
# question and the answer).
#
#     make -f lineage.mk      lineage.txt, in RESULTS; ../../Makefile calls it by `make lineage`
#
# RESULTS     where all files go            JOBS        how many processes at a time            BIN         where the filters are
# RUNS        RNNs that are trained from random weights; STEPS, how long; TUNED, how long the fine-tuning goes on

RUNS    ?= 24
STEPS   ?= 2000
TUNED   ?= 500

include ../own.mk
.NOTPARALLEL: # the recipes run JOBS processes themselves

.PHONY: all
all: $(R)/lineage.txt
	@cat $<

# --- Lineage: what was made from what? ---

# Chains: snapshots of runs, each from its own start. Nothing is made of others than the first eight: these are strangers.
$(R)/chains.mp: $(call set,RUNS STEPS)
	@mkdir -p $(@D)
	@echo 'lineage:  training $(RUNS) RNNs'
	@seq 0 $$(($(RUNS) - 1)) | $(parallel) -k 'gen-language --first-run {} --count 1 | \
		$(converged) train-rnn --steps $(STEPS) --snapshots 0,100,200,500,1000 --samples 100 --rollouts 1' > $(tmp)
	@mv $(tmp) $@

# Fans: three siblings of each of eight RNNs, trained on to other languages. Their runs are 1000, 1001 ...
$(R)/fans.mp: $(R)/chains.mp $(call set,TUNED)
	@echo 'lineage:  fine-tuning siblings'
	@rec-select --run 0-7 --step $(STEPS) < $< > $@.roots
	@seq 0 2 | $(parallel) -k 'gen-language --seed 1{} --first-run 10{}0 --count 8 | \
		$(converged) train-rnn --steps $(TUNED) --rate 0.003,0.001,0.0003 --snapshots 100 --samples 100 --rollouts 1 --from $@.roots' > $(tmp)
	@rm $@.roots
	@mv $(tmp) $@

# Derived: copies of the same eight that were quantised to 8 and to 4 bits, pruned, and noisy.
$(R)/derived.mp: $(R)/chains.mp
	@rec-select --run 0-7 --step $(STEPS) < $< > $@.roots
	@{ rnn-perturb --quantise 8 --first-run 2000; } < $@.roots > $(tmp)
	@{ rnn-perturb --quantise 4 --first-run 2100; } < $@.roots >> $(tmp)
	@{ rnn-perturb --prune 0.3 --first-run 2200; } < $@.roots >> $(tmp)
	@{ rnn-perturb --noise 0.05 --first-run 2300; } < $@.roots >> $(tmp)
	@rm $@.roots
	@mv $(tmp) $@

# Hidden: copies with permuted units and flipped signs, of the same eight as they are, with shifted biases, and pruned.
$(R)/hidden.mp: $(R)/chains.mp
	@rec-select --run 0-7 --step $(STEPS) < $< > $@.roots
	@{ rnn-perturb --permute --rescale --shift-bias 0.5 --first-run 3000; } < $@.roots > $(tmp)
	@{ rnn-perturb --prune 0.3 --permute --rescale --first-run 3100; } < $@.roots >> $(tmp)
	@rm $@.roots
	@mv $(tmp) $@

ALL := $(R)/chains.mp $(R)/fans.mp $(R)/derived.mp $(R)/hidden.mp

$(R)/arcs.mp: $(ALL)
	@cat $^ | rnn-lineage --truth --label weights > $(tmp)
	@mv $(tmp) $@

$(R)/arcs-aligned.mp: $(ALL)
	@cat $^ | rnn-lineage --truth --align --label aligned > $(tmp)
	@mv $(tmp) $@

# With the steps of chains known, as public models have dates; only what trained RNNs are in it.
$(R)/arcs-dated.mp: $(R)/chains.mp
	@rnn-lineage --truth --time step --label dated < $< > $(tmp)
	@mv $(tmp) $@

$(R)/lineage.txt: $(R)/arcs.mp $(R)/arcs-aligned.mp $(R)/arcs-dated.mp
	@cat $^ | score --interval tasks > $(tmp)
	@mv $(tmp) $@
