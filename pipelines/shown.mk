# What a table shows, SHOWS, as a file that changes only when that does: a table that depends on it is made anew when other seeds, or fewer, are
# asked for. Included behind begin.mk.
.DEFAULT_GOAL := all
.PHONY: force
$(R)/shown: force
	@echo '$(SHOWS)' | { $(renew); }
