# OWN_ZOO, the user's zoo, where ZOO names another one than that which is made, R/zoo.mp: it is not made, and a missing one is told. Included
# behind ZOO and the goal.
OWN_ZOO := $(filter-out $(R)/zoo.mp,$(ZOO))
$(OWN_ZOO):
	@echo 'there is no zoo $@' >&2; false
