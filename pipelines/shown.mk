# What a table shows, SHOWS, as a file that changes only when that does: a table that depends on it is made anew when other seeds, or fewer, are
# asked for. Included behind one-make.mk.
.DEFAULT_GOAL := all
.PHONY: force
$(R)/shown: force
	@mkdir -p $(@D)
	@echo '$(SHOWS)' > $(tmp); if cmp -s $(tmp) $@; then rm $(tmp); else mv $(tmp) $@; fi
