# One make at a time in the folder R, as each would clear away what the other is making: included by every experiment, behind R and HERE (this
# folder, with a slash). ME is this make's process number, for the names of what is not complete.
ME    := $(shell echo $$PPID)
tmp    = $@.$(ME).tmp

$(if $(shell bash $(HERE)hold-lock '$(R)' $(ME)),$(error another make is at work in $(R): try again when it has ended))
