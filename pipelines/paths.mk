# Make and the recipes can't handle all names of files: $(call usable-path,WHAT,PATH) stops at once, with a sentence, where there is a blank or
# one of the characters that mean something to make or to the shell.
hash := \#
open := (
close := )
odd-characters := ' " ` % : ; & * ? < > | \ $$ $(hash) $(open) $(close)
usable-path = $(if $(filter-out 0 1,$(words $(2))),$(error $(1) has a blank in its path, which make can't handle: $(2)))$(foreach \
	c,$(odd-characters),$(if $(findstring $(c),$(2)),$(error $(1) has a $(c) in its path, which make can't handle: $(2))))
