# What a loss means: emulators that are told what an encoder is to find out. In a copy of the zoo the weights say, instead of what the RNN
# computes with, how long it was trained, say, and the offset of one letter (told.py); with an encoder that reads them an emulator is trained
# by the fast recipe, and its loss on other languages is that of who knows this and nothing else.
#
#     make -f told.mk      told.txt, in RESULTS; ../../Makefile calls it by `make told`
#
# ZOO        LSTMs of formal languages of four letters, partitioned      TOLD       what, once for each line of the table (told.py)
#            (default: the one that `make headline` makes)
# RESULTS    where all files go                                          STEPS      of emulation
# SEEDS      of encoders and emulators                                   PRECISION  float32, or bf16 where the CPU has it
# SIZES      options of the emulator                                     BIN        where the filters are
# JOBS       how many processes at a time                                PYTHON     one that has numpy and msgpack_numpy (default: any)

TOLD      ?= nothing step step+accuracy step+b step+c step+d step+b+c step+b+c+d
STEPS     ?= 2000
SEEDS     ?= 1
SIZES     ?=
PRECISION ?= float32
ifndef PYTHON
PYTHON    := $(shell ../../tests/python/find)
endif

include ../own.mk
include ../headline-zoo.mk
$(call not-empty,TOLD)

# RESULTS/WHAT/told-SEED
MODELS := $(foreach t,$(TOLD),$(SEEDS:%=$(R)/$(t)/told-%))
seed    = $(lastword $(subst -, ,$(notdir $(@D))))
what    = $(notdir $(patsubst %/,%,$(dir $(@D))))

.PHONY: all
all: $(R)/told.txt
	@cat $<

$(MODELS:=/model.mp): $(OF_ZOO) told.py $(call set,STEPS SIZES PRECISION)
	@mkdir -p $(@D)
	@echo "emulate:   told $(what), seed $(seed)"
	@$(or $(PYTHON),$(error no python3 can import numpy and msgpack_numpy: `make deps-test` installs them)) told.py $(what) < $< > $(@D)/zoo.mp
	@flat-encode --new --ordered --seed $(seed) < $(@D)/zoo.mp > $(@D)/fresh.mp
	@emulate --fit $(@D)/fresh.mp --recipe fast --steps $(STEPS) --validate-every $$(($(STEPS) / 4)) $(SIZES) --precision $(PRECISION) --timing \
		< $(@D)/zoo.mp > $(tmp)
	@mv $(tmp) $@
	@rm $(@D)/zoo.mp

# As recipes.mk has it: what, encoder, seed, and a point of the curve; nothing asks, so there is no entropy of probes.
SHOWS = $(MODELS:$(R)/%=%)
$(R)/curves.tsv: $(MODELS:=/model.mp) $(call set,SHOWS)
	@for model in $(filter %.mp,$^); do of=$${model%/model.mp}; name=$${of##*/}; of=$${of%/*}; \
		rec-table --kind log step split loss kl_reverse z_variance seconds < $$model | \
		sed "s/^/$${of##*/}\t$${name%-*}\t$${name##*-}\t/; s/\t[^\t]*$$/\t?&/"; done > $(tmp)
	@mv $(tmp) $@

$(R)/told.txt: $(R)/curves.tsv recipes.awk
	@awk -f recipes.awk $< | sed '1s/lever/told/' | cut -f 1,3-9 | column -t -s $$'\t' > $(tmp)
	@mv $(tmp) $@
