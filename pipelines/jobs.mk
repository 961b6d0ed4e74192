# JOBS recipes at a time; a make that calls this one with -j has its own. Included behind begin.mk.
ifeq ($(findstring jobserver,$(shell echo "$${MAKEFLAGS:-}")),)
MAKEFLAGS += -j$(JOBS)
endif
