# Settings that are variables, as files in R/config that change only when they do: what is made with STEPS depends on $(call set,STEPS), so that another
# number, asked for in the same RESULTS, does not show what the old one gave. $(call given,NAMES): of those that have a value, or had one when
# files were made. A table depends on SHOWS, what it shows: it is made anew when other seeds, or fewer, are asked for. Included behind begin.mk.
.PHONY: force
set   = $(patsubst %,$(R)/config/%,$(1))
given = $(call set,$(foreach s,$(1),$(if $($s)$(wildcard $(R)/config/$s),$s)))
$(R)/config/%: force
	@echo '$(subst ','\'',$($*))' | { $(renew); }
