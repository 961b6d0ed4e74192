# ZOO, of experiments on a zoo that is there: the one that `make headline` makes, unless another is named. Included behind own.mk.
ZOO ?= $(dir $(R))headline/zoo.mp
$(ZOO):
	@echo 'there is no zoo $@: `make headline` makes one, ZOO=FILE names another' >&2; false
