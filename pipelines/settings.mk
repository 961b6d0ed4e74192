# Settings that are variables, as files in R/config that change only when they do: what is made with STEPS depends on $(call set,STEPS), so that another
# number, asked for in the same RESULTS, does not show what the old one gave. $(call given,NAMES): of those that have a value, or had one when
# files were made. A table depends on SHOWS, what it shows: it is made anew when other seeds, or fewer, are asked for. Included behind begin.mk.
# $(call which,FILE): its size and its time, as a make that compares times does not see that an older file has taken its place, or another one
# a link's.
.PHONY: force
which = $(shell stat -Lc '%s %.Y' $(1) 2> /dev/null)
set   = $(patsubst %,$(R)/config/%,$(1))
given = $(call set,$(foreach s,$(1),$(if $($s)$(wildcard $(R)/config/$s),$s)))
$(R)/config/%: force
	@echo '$(subst ','\'',$($*))' | { $(renew); }

# What the YAML file CONFIG says, as this make has found it: what is made with it depends on the copy SETTINGS. $(settings): the filters' option;
# they refuse a file that has changed meanwhile, as a zoo would be of two kinds. (They read CONFIG itself, whose name is in their output.)
# Sections are found by sed: what it would not see, nobody would know to have changed.
SETTINGS := $(R)/config/settings.yaml
# The rule is no default goal.
goal     := $(.DEFAULT_GOAL)
$(SETTINGS): $(CONFIG) force
	@{ $(renew); } < $<
.DEFAULT_GOAL := $(goal)
settings  = --config "$$(cmp -s $(CONFIG) $(SETTINGS) && echo $(CONFIG) || echo $(CONFIG), which has changed since make began: call it again)"
odd-line := $(if $(wildcard $(CONFIG)),$(shell sed -nEf $(HERE)odd-lines.sed $(CONFIG) | head -n 1))
$(if $(odd-line),$(error $(CONFIG): a section is written as name: at the beginning of a line, and what is in it behind blanks; not '$(odd-line)'))

# $(call not-empty,NAMES), $(call whole-numbers,NAMES): stops where a list has nothing in it, or something else than whole numbers.
not-empty     = $(foreach v,$(1),$(if $(strip $($(v))),,$(error $(v) is empty)))
digits       := 0 1 2 3 4 5 6 7 8 9
no-digits     = $(if $(2),$(call no-digits,$(subst $(firstword $(2)),,$(1)),$(wordlist 2,10,$(2))),$(1))
whole-numbers = $(call not-empty,$(1))$(foreach v,$(1),$(foreach n,$($(v)),$(if $(call no-digits,$(n),$(digits)),$(error $(v): '$(n)' is no whole number))))
