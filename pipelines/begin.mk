# How every experiment begins; included behind BIN, R and HERE (this folder, with a slash). Recipes are bash, which fails with the first command
# that does, in pipes too; the filters are those in BIN, and the locale is C.
include $(HERE)paths.mk
include $(HERE)dry-run.mk
$(call usable-path,this folder,$(CURDIR))$(call usable-path,RESULTS,$(R))$(call usable-path,BIN,$(BIN))$(call usable-path,ZOO,$(ZOO))$(call usable-path,CONFIG,$(CONFIG))
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
export PATH := $(abspath $(BIN)):$(PATH)
export LC_ALL := C

# One make at a time in the folder R, as each would clear away what the other is making. ME is this make's process number, for the names of
# what is not complete.
ME    := $(shell echo $$PPID)
tmp    = $@.$(ME).tmp

# $(call stale,CHECKPOINT), in a recipe: one that is older than what the target is made from is of no use. Where a process has it that outlived its
# make, it stays, and whoever wants it is told (status 75).
stale  = if [[ ! -e $(1).lock ]] || ! type flock > /dev/null 2>&1 || flock -n $(1).lock true; then \
	for state in $(1) $(1).*; do for file in $^; do if [[ $$file -nt $$state ]]; then rm -f $$state; fi; done; done; fi

# Behind gnuplot, which does not tell that the disk is full.
whole-picture = tail -c 12 $(tmp) | grep -aq IEND || { echo '$@: the picture is not whole (is the disk full?)' >&2; exit 1; }

# JOBS jobs at a time, one for each line of standard input; the first that fails ends all. -k keeps their order.
parallel = PARALLEL_SHELL=$$(type -P bash) parallel --plain --will-cite -j$(JOBS) --halt soon,fail=1

# Behind a long training: its progress goes to a file beside the target, and why it failed to the terminal.
logged = --progress always 2> $(basename $@).log || { status=$$?; cat $(basename $@).log >&2; (exit $$status); }

# For train-rnn, in a pipe: as the RNNs of a seed are the same at each call, one that diverges would stop an experiment for good.
converged = bash $(HERE)converged

# { $(renew); }: the target becomes what is on standard input, and is not touched when it is that already.
renew  = mkdir -p $(@D); cat > $(tmp); if cmp -s $(tmp) $@; then rm $(tmp); else mv $(tmp) $@; fi

$(if $(dry-run),,$(if $(shell bash $(HERE)hold-lock '$(R)' $(ME)),$(error another make is at work in $(R): try again when it has ended)))
