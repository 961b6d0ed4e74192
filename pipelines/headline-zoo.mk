# ZOO, of experiments on a zoo that is there: the one that `make headline` makes, unless another is named. Included behind own.mk.
ZOO    ?= $(dir $(R))headline/zoo.mp
NO_ZOO := : `make headline` makes one, ZOO=FILE names another
include $(HERE)own-zoo.mk
