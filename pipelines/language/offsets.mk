# What of a language can be read off weights, when it is asked for as numbers: predictors of the letters' offsets (how many more of b, c, d
# than of a), each trained along with a fresh encoder from labels only, on RNNs of late snapshots; judged on languages that they have not seen.
#
#     make -f offsets.mk      offsets.txt, in RESULTS; ../../Makefile calls it by `make offsets`
#
# ZOO        of formal languages of four letters, partitioned       ENCODERS   of encoders.mk's, which
#            (default: the one that `make headline` makes)
# RESULTS    where all files go                                     STEPS      of the predictors
# SEEDS      of encoders and predictors                             SINCE      step of the first snapshot that counts
# JOBS       how many processes at a time                           BIN        where the filters are

ENCODERS ?= flat dws+ stats stats+ gates inputs parts linear
STEPS    ?= 300
SEEDS    ?= 1 2 3
SINCE    ?= 1000

include ../own.mk
include ../headline-zoo.mk
include ../encoders.mk
$(call not-empty,ENCODERS)$(call known-encoders,$(ENCODERS))

# RESULTS/ENCODER/OFFSET-SEED.mp
PREDICTORS := $(foreach e,$(ENCODERS),$(foreach s,$(SEEDS),$(foreach o,1 2 3,$(R)/$(e)/$(o)-$(s))))
encoder     = $(notdir $(@D))
offset      = $(firstword $(subst -, ,$(basename $(@F))))
seed        = $(lastword $(subst -, ,$(basename $(@F))))

.PHONY: all
all: $(R)/offsets.txt
	@cat $<

$(R)/late.mp: $(OF_ZOO) $(call set,SINCE)
	@mkdir -p $(@D)
	@rec-select --step $(SINCE)- < $< > $(tmp)
	@mv $(tmp) $@

$(PREDICTORS:=.mp): $(R)/late.mp $(call set,STEPS)
	@mkdir -p $(@D)
	@echo "classify:  offset $(offset), $(encoder), seed $(seed)"
	@$(new-$(encoder)) --seed $(seed) < $< | classify --quiet --fit task.offsets.$(offset) --as number --encoder - --data $< --steps $(STEPS) \
		--rate 1e-3 --weight-decay 1 > $(tmp)
	@mv $(tmp) $@

$(PREDICTORS:=.judged.mp): %.judged.mp: %.mp
	@classify --model $< --label $(notdir $(@D)) < $(R)/late.mp > $(tmp)
	@mv $(tmp) $@

SHOWS = $(PREDICTORS:$(R)/%=%)
$(R)/offsets.txt: $(PREDICTORS:=.judged.mp) $(call set,SHOWS)
	@cat $(filter %.mp,$^) | score > $(tmp)
	@mv $(tmp) $@
