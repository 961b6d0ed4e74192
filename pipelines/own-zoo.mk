# OWN_ZOO, the user's zoo, where ZOO names another one than that which is made, R/zoo.mp: it is not made, and a missing one is told, with
# NO_ZOO. What is made of the zoo depends on OF_ZOO: the zoo, and which one it is. Included behind ZOO and settings.mk.
OWN_ZOO   := $(filter-out $(R)/zoo.mp,$(ZOO))
WHICH_ZOO := $(if $(OWN_ZOO),$(abspath $(OWN_ZOO)) $(call which,$(OWN_ZOO)))
OF_ZOO    := $(ZOO) $(call given,WHICH_ZOO)
$(OWN_ZOO):
	@echo 'there is no zoo $@$(NO_ZOO)' >&2; false
