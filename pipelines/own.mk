# How an experiment begins that has a makefile of its own, FOLDER/NAME.mk: where the filters are, where its files go, how many processes run
# at a time; and what experiments share. Included behind the settings.
BIN     ?= ../../build/bin
RESULTS ?= ../../results/$(basename $(notdir $(firstword $(MAKEFILE_LIST))))
ifndef JOBS
JOBS    := $(shell nproc)
endif
R       := $(RESULTS)
HERE    := ../
.DEFAULT_GOAL := all

include $(HERE)begin.mk
include $(HERE)jobs.mk
include $(HERE)settings.mk
$(if $(filter undefined,$(origin SEEDS)),,$(call whole-numbers,SEEDS))

# In a job of GNU parallel that begins with run {}: the options of the generator for the next runs, as many as are told, up to RUNS.
next-runs = --first-run {} --count $$(($(RUNS) - {} < $(1) ? $(RUNS) - {} : $(1)))
