# A training that diverges (status 3) is done: what it gives is its best so far. `training ... $(noted)` leaves a mark by which tables leave it
# out. $(kept) FILES: those that are not made from such a training; $(call tell,FILES): under a table for people it is told. Included behind
# own-zoo.mk, where there is one.
mark  = $(basename $@).diverged
noted = || { status=$$?; if [[ $$status == 3 ]]; then touch $(mark); else exit $$status; fi; }
kept  = $(if $(OWN_ZOO),OWN_ZOO=1) bash $(HERE)kept $(R)
tell  = $(if $(filter %.txt,$@),$(kept) --left-out $(1) >> $(tmp),:)

# $(call files,FILES): the shell's $files becomes those that are kept, of which there have to be some; $(call all-kept,FILES): their contents.
files    = files=$$($(kept) $(1)); [[ $$files ]] || { echo '$@: all trainings have diverged' >&2; exit 3; }
all-kept = $(files); cat $$files
