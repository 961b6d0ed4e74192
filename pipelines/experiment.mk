# What the experiments on all families of tasks share: make a zoo, train encoders by emulation, embed, predict, and judge; tables and
# pictures. A family's Makefile says what is its own and includes this; copy language/Makefile for another one:
#
# GENERATOR   filter that makes the family's tasks             TARGETS    what is predicted: targets of classify
# MEASURE     column of table.tsv that the bars show           HEADING    what the bars call it, if not by the column's name
# SAMPLED     fields of the task that the family reads off strings of an RNN (classify --sampled), a ceiling line in the tables
# LOSS        what the emulation loss is called, if it is not total variation distance
# PCA         fields of embeddings in pca.tsv, for pictures of the family's own
# PICTURES    of the family's own: figures/NAME.gp, drawn from the .tsv file that its Makefile makes $(R)/figures/NAME.png depend on
# COMMON      of the pictures bars, curves, pca-accuracy and clones those that mean something for the family (default: all)
# QUALITY     field that says how well an RNN does its task, if it is not metrics.accuracy
# LABELLED    field of the task by which the picture of dialogues calls an RNN; choose.awk says which two it shows: that of the family's
#             folder, or, where there is none, ours
# DATA_OPTIONS    where train-rnn and emulate find the family's data, if there are any; $(R)/config/data.yaml then is to say which they are
#
# SIZE        names the YAML file with all settings; CONFIG=FILE names another one
# RESULTS     where all files go                               SEEDS      of the encoders: "1 2 3", instead of the YAML file's; likewise
#             RUNS, ENCODERS, MODES
# ZOO         an own zoo, in place of the one that would be made; it has to be partitioned
# JOBS        how many processes at a time                     BIN        where the filters are
# PRECISION   bf16: trainings by emulation take less than half of the time, on CPUs with AMX (default: the YAML file's, or float32)
# EMULATE     further options of all trainings by emulation, which win over the YAML file's: "--steps 20000"
#
# Every file is made by one rule under a temporary name and renamed when complete: an interrupted experiment goes on where it was when make
# is called again. One make at a time works in RESULTS; another one is told so and stops. A training that diverges costs what is made of it
# only: it is left out of the tables, which say so, as are runs of the zoo. A stage depends on its own section of the YAML file, so that
# another emulation rate does not train the zoo again. It does not depend on the filters: building them anew leaves results as they are.
#
# Section `experiment:` of the YAML file, one key a line (it is read by sed):
#     runs: 120                                      RNNs in the zoo
#     shard: 10                                      runs in one job, which is what an interruption can lose
#     seeds: [1, 2, 3]                               of the encoders and predictors; the zoo's is the seed of the generator
#     encoders: [interactive, noninteractive, constant]    the slowest first; all names are in encoders.mk
#     modes: [frozen, fine-tuned, labels]            rows of a second table, modes.txt: predictors on an encoder trained by emulation, as in
#                                                    table.txt; on one that is then trained along; and on one trained from labels only
#     projected: linear                              the encoder whose embeddings the pictures of principal components show
# Further sections are the filters' own (--help lists their keys); defaults need not be there. What is to differ for one encoder or mode is
# in a section of its own, one key a line: emulate-transformer: or probe-linear: win over emulate: or probe: for that encoder,
# classify-fine-tuned: or classify-labels: over classify: for that mode, classify-labels-transformer: over both; classify-rotation: over
# classify: for that target.

CONFIG  ?= $(SIZE).yaml
BIN     ?= ../../build/bin
ifndef JOBS
JOBS    := $(shell nproc)
endif

HERE  := $(dir $(lastword $(MAKEFILE_LIST)))
R     := $(RESULTS)
ZOO   ?= $(R)/zoo.mp
START := $(shell date +%s)

include $(HERE)begin.mk
include $(HERE)settings.mk
include $(HERE)jobs.mk
include $(HERE)encoders.mk

$(if $(wildcard $(CONFIG)),,$(error there is no file $(CONFIG), which has all settings (SIZE, CONFIG)))
# setting KEY: its values, separated by blanks.
setting = $(shell sed -n '/^experiment:/,/^[^ \#]/{s/ *\#.*//;s/^ *$(1): *//p}' $(CONFIG) | tr -d '[]"' | tr ',' ' ')
SHARD    := $(call setting,shard)
# $(call from-file,NAME,KEY): unless the command line or the environment has it.
from-file = $(if $(filter undefined,$(origin $(1))),$(eval $(1) := $(call setting,$(2))))
$(call from-file,RUNS,runs)$(call from-file,SEEDS,seeds)$(call from-file,ENCODERS,encoders)$(call from-file,MODES,modes)

ALL       := $(encoder-names)
embedder   = $(firstword $(new-$(1)))
EMBEDDERS := $(sort $(foreach e,$(ALL),$(call embedder,$(e))))

# What tables call each mode, and the encoder that those begin with that train it along.
mode-frozen        := frozen
mode-fine-tuned    := fine-tuned
mode-labels        := labels only
begin-fine-tuned   := model
begin-labels       := fresh
EVERY := $(patsubst mode-%,%,$(filter mode-%,$(.VARIABLES)))

$(if $(and $(RUNS),$(SHARD),$(ENCODERS),$(SEEDS)),,$(error $(CONFIG): section experiment needs runs, shard, seeds and encoders, unless RUNS, SEEDS and ENCODERS name them))
$(call whole-numbers,RUNS SHARD SEEDS)$(call known-encoders,$(ENCODERS))
$(foreach m,$(MODES),$(if $(mode-$(m)),,$(error $(CONFIG): unknown mode '$(m)')))
# A misspelt name would have no effect, and nobody would know.
FILTERS  := $(notdir $(wildcard $(BIN)/*))
KNOWN    := experiment $(FILTERS) $(foreach e,$(ALL),emulate-$(e) $(call embedder,$(e))-$(e)) \
            $(TARGETS:%=classify-%) $(foreach m,$(filter-out frozen,$(EVERY)),classify-$(m) $(ALL:%=classify-$(m)-%))
IN_FILE  := $(shell sed -n 's/^\([^][ \#{}"][^: ]*\):.*/\1/p' $(CONFIG))
KEYS     := $(shell sed -n '/^experiment:/,/^[^ \#]/{s/^  *\([^: \#]*\) *:.*/\1/p}' $(CONFIG))
$(foreach s,$(if $(FILTERS),$(filter-out $(KNOWN),$(IN_FILE))),$(error $(CONFIG): unknown section '$(s)': it is experiment, or named after a filter ($(sort \
    gen-language gen-smnist train-rnn partition $(EMBEDDERS) emulate classify score)), or emulate-ENCODER, EMBEDDER-ENCODER, classify-TARGET, \
    classify-MODE or classify-MODE-ENCODER, of encoders $(ALL), targets $(TARGETS) and modes $(filter-out frozen,$(EVERY))))
$(foreach k,$(filter-out runs shard seeds encoders modes projected,$(KEYS)),$(error $(CONFIG): section experiment: unknown key '$(k)': there are \
    runs, shard, seeds, encoders, modes and projected))
$(foreach e,$(call setting,projected),$(if $(filter $(e),$(ENCODERS)),,$(error $(CONFIG): projected: '$(e)' is not among the encoders)))

# One folder for each encoder and seed: interactive-1, interactive-2, ...
MODELS  := $(foreach e,$(ENCODERS),$(foreach s,$(SEEDS),$(R)/$(e)-$(s)))
encoder  = $(firstword $(subst -, ,$(notdir $(@D))))
seed     = $(lastword $(subst -, ,$(notdir $(@D))))
of       = $(SEEDS:%=$(R)/$(1)-%/$(2).mp)# FILE of ENCODER, for all seeds

# The encoder that is shown in pictures.
SHOWN    := $(R)/$(firstword $(filter interactive,$(ENCODERS)) $(filter noninteractive,$(ENCODERS)) $(ENCODERS))-$(firstword $(SEEDS))
PROJECTED := $(if $(call setting,projected),$(R)/$(call setting,projected)-$(firstword $(SEEDS)),$(SHOWN))
PLOTTED  := $(R)/figures/data
DIALOGUE := $(if $(filter interactive-% noninteractive-%,$(notdir $(SHOWN))),probes)
COMMON   ?= bars curves pca-accuracy clones
QUALITY  ?= metrics.accuracy
FIGURES  := $(patsubst %,$(R)/figures/%.png,$(COMMON) $(DIALOGUE) $(PICTURES))
TABLES   := $(R)/table $(if $(MODES),$(R)/modes)

.PHONY: all force
all: $(TABLES:=.txt) $(TABLES:=.tsv) $(FIGURES)
	@for table in $(TABLES:=.txt); do cat $$table; echo; done
	@seconds=$$(($$(date +%s) - $(START))); \
	for table in $(abspath $(TABLES)); do echo "table:    $$table.txt, $$(basename $$table).tsv"; done; \
	echo "pictures: $(abspath $(R))/figures/*.png"; \
	printf 'took %d min %02d s\n' $$((seconds / 60)) $$((seconds % 60))

# --- Settings: files that change only when what is in them does (renew) ---

$(R)/config/%.yaml: $(SETTINGS) force
	@sed -n '/^$*:/,/^[^ #]/{/^$*:/p;/^ /p}' $< | { $(renew); }

$(R)/config/runs: force
	@echo $(RUNS) by $(SHARD) | { $(renew); }

$(R)/config/shown: force
	@echo $(notdir $(SHOWN)) | { $(renew); }

$(R)/config/projected: force
	@echo $(notdir $(PROJECTED)) | { $(renew); }

config = $(patsubst %,$(R)/config/%.yaml,$(1))

# Most encoders and modes have no section of their own. One that was there when files were made counts, too: now they are made without it.
SECTIONS := $(sort $(IN_FILE) $(basename $(notdir $(wildcard $(R)/config/*.yaml))))
own      = $(call config,$(filter $(1),$(SECTIONS)))
lines    = cat $(foreach s,$(1),$(call own,$(s))) | sed -f $(HERE)options.sed
options  = $(if $(call own,$(1)),$$($(call lines,$(1))))
# options-of NAMES,SECTIONS: those of these names only, of a program that has others in another mode.
options-of = $(if $(call own,$(2)),$$($(call lines,$(2)) | sed -nE '/^--($(1))=/p'))
JUDGING    = criterion|rollouts|clones

# --- The zoo ---

# Shards that are missing, or older than the settings, are made; then all of them are one stream, in order of the runs.
$(R)/zoo.mp: $(R)/config/runs $(call config,$(GENERATOR) train-rnn partition $(if $(DATA_OPTIONS),data))
	@mkdir -p $(R)/shards
	@for ((run = 0; run < $(RUNS); run += $(SHARD))); do \
		last=$$((run + $(SHARD) < $(RUNS) ? run + $(SHARD) - 1 : $(RUNS) - 1)); \
		echo "$(R)/shards/$$run-$$last.mp"; done > $(R)/shards/list
	@while read -r shard; do for setting in $(filter %.yaml,$^); do \
		if [[ ! $$shard -nt $$setting ]]; then echo "$$shard"; break; fi; done; done < $(R)/shards/list | \
	CONFIG_COPY=$(SETTINGS) $(parallel) \
		bash $(HERE)make-shard $(GENERATOR) $(CONFIG) {} $(DATA_OPTIONS)
	@xargs cat < $(R)/shards/list > $(tmp)
	@rm -f $(R)/shards/*.tmp
	@mv $(tmp) $@

include $(HERE)own-zoo.mk
include $(HERE)diverged.mk

# --- Encoders: fresh, trained by emulation, and what they make of the zoo ---

$(foreach e,$(ENCODERS),$(eval $(call of,$(e),fresh): $(call config,$(call embedder,$(e))) $(call own,$(call embedder,$(e))-$(e))))
$(foreach e,$(ENCODERS),$(eval $(call of,$(e),model): $(call own,emulate-$(e))))

$(MODELS:=/fresh.mp): $(OF_ZOO)
	@mkdir -p $(@D)
	@$(new-$(encoder)) $(settings) $(call options,$(call embedder,$(encoder))-$(encoder)) --seed $(seed) < $< > $(tmp)
	@mv $(tmp) $@

$(MODELS:=/model.mp): $(R)/%/model.mp: $(R)/%/fresh.mp $(ZOO) $(call config,emulate) $(call given,PRECISION EMULATE)
	@echo "emulate:  training of $* (progress: $(@D)/model.log)"
	@$(call stale,$(@D)/checkpoint.mp)
	@rm -f $(mark)
	@emulate --fit $< --no-timing $(settings) $(call options,emulate-$(encoder)) $(PRECISION:%=--precision %) $(EMULATE) \
		--checkpoint $(@D)/checkpoint.mp < $(ZOO) > $(tmp) $(logged) $(noted)
	@mv $(tmp) $@
	@rm -f $(@D)/checkpoint.mp

$(MODELS:=/embeddings.mp): $(R)/%/embeddings.mp: $(R)/%/model.mp $(ZOO)
	@$(call embedder,$(encoder)) --model $< $(settings) < $(ZOO) > $(tmp)
	@mv $(tmp) $@

# Of the splits that tables and pictures show.
$(MODELS:=/emulations.mp): $(R)/%/emulations.mp: $(R)/%/model.mp $(ZOO) $(if $(DATA_OPTIONS),$(call config,data))
	@echo "emulate:  judging $*"
	@rec-select --split validation,ood < $(ZOO) | \
	emulate --model $< --label $(encoder) $(settings) $(call options-of,$(JUDGING),emulate-$(encoder)) $(DATA_OPTIONS) > $(tmp)
	@mv $(tmp) $@

# --- Predictions from the embeddings ---

define predict # TARGET
$$(MODELS:=/predictor-$(1).mp): $$(R)/%/predictor-$(1).mp: $$(R)/%/embeddings.mp $$(call config,classify) $$(call own,classify-$(1))
	@echo "classify: predicting $(1) from $$*"
	@rm -f $$(mark)
	@classify --fit $(1) $$(settings) $$(call options,classify-$(1)) --seed $$(seed) < $$< > $$(tmp) $$(noted)
	@mv $$(tmp) $$@

$$(MODELS:=/predictions-$(1).mp): $$(R)/%/predictions-$(1).mp: $$(R)/%/predictor-$(1).mp $$(R)/%/embeddings.mp
	@classify --model $$< --label $$(encoder) $$(settings) < $$(@D)/embeddings.mp > $$(tmp)
	@mv $$(tmp) $$@
endef
$(foreach t,$(TARGETS),$(eval $(call predict,$(t))))

# --- Predictions by encoders that learn the labels ---

END_TO_END := $(filter-out frozen,$(MODES))

state = $(basename $@).checkpoint

define predict-end-to-end # TARGET MODE
$$(foreach e,$$(ENCODERS),$$(eval $$(call of,$$(e),predictor-$(1)-$(2)): $$(call own,classify-$(1) classify-$(2) classify-$(2)-$$(e))))

$$(MODELS:=/predictor-$(1)-$(2).mp): $$(R)/%/predictor-$(1)-$(2).mp: $$(R)/%/$$(begin-$(2)).mp $$(ZOO) $$(call config,classify)
	@echo "classify: training of $$*, $$(mode-$(2)), to predict $(1)"
	@rm -f $$(mark)
	@$$(call stale,$$(state))
	@classify --fit $(1) --encoder $$< $$(settings) $$(call options,classify-$(1) classify-$(2) classify-$(2)-$$(encoder)) --seed $$(seed) \
		--checkpoint $$(state) \
		< $$(ZOO) > $$(tmp) $$(logged) $$(noted)
	@mv $$(tmp) $$@
	@rm -f $$(state)

$$(MODELS:=/predictions-$(1)-$(2).mp): $$(R)/%/predictions-$(1)-$(2).mp: $$(R)/%/predictor-$(1)-$(2).mp $$(ZOO)
	@classify --model $$< --label "$$(encoder), $$(mode-$(2))" $$(settings) < $$(ZOO) > $$(tmp)
	@mv $$(tmp) $$@
endef
$(foreach m,$(END_TO_END),$(foreach t,$(TARGETS),$(eval $(call predict-end-to-end,$(t),$(m)))))

# What is in table.txt, under the names of the other table: emulations and clones are those of the frozen encoder.
$(MODELS:=/frozen.mp): $(R)/%/frozen.mp: $(R)/%/emulations.mp $(foreach t,$(TARGETS),$(R)/%/predictions-$(t).mp)
	@cat $^ | rec-json | \
	sed -E 's/"label":"[^"]*",//; s/^\{"kind":"(emulation|prediction)",/&"label":"$(encoder), $(mode-frozen)",/' | rec-json --reverse > $(tmp)
	@mv $(tmp) $@

# --- The ceiling line: some strings of each RNN, and what its family makes of them ---

$(SAMPLED:%=$(R)/sampled-%.mp): $(R)/sampled-%.mp: $(OF_ZOO) $(call config,classify)
	@classify --sampled $* $(settings) < $< > $(tmp)
	@mv $(tmp) $@

# --- The tables ---

CEILING := $(SAMPLED:%=$(R)/sampled-%.mp)
JUDGED  := $(foreach m,$(MODELS),$(m)/emulations.mp $(TARGETS:%=$(m)/predictions-%.mp)) $(CEILING)
BY_MODE := $(foreach m,$(MODELS),$(if $(filter frozen,$(MODES)),$(m)/frozen.mp) \
	$(foreach e,$(END_TO_END),$(TARGETS:%=$(m)/predictions-%-$(e).mp))) $(CEILING)

score = $(call all-kept,$(1)) | score $(settings) --format $(if $(filter %.txt,$@),table,tsv) > $(tmp)

SHOWS = $(notdir $(MODELS))
$(R)/table.txt $(R)/table.tsv: $(JUDGED) $(call set,SHOWS) $(call config,score)
	@$(call score,$(JUDGED))
	@$(call tell,$(JUDGED))
	@mv $(tmp) $@

$(R)/modes.txt $(R)/modes.tsv: $(BY_MODE) $(call set,SHOWS MODES) $(call config,score)
	@$(call score,$(BY_MODE))
	@$(call tell,$(BY_MODE))
	@mv $(tmp) $@

# --- Pictures ---

# Bars of the emulation loss on the validation split, and of MEASURE on both splits, by mode.
by-asking  = $(foreach e,$(filter-out random,$(ENCODERS)),$(if $(filter probe,$(call embedder,$(e))),$(e)))
by-reading = $(foreach e,$(ENCODERS),$(if $(filter-out probe constant-encode,$(call embedder,$(e))),$(e)))
$(PLOTTED)/bars.tsv: $(TABLES:=.tsv) $(call set,MODES) $(HERE)bars.awk
	@mkdir -p $(@D)
	@awk -v asks='$(by-asking)' -v reads='$(by-reading)' -v measure=$(MEASURE) -v heading="$(HEADING)" -v loss_name="$(LOSS)" -f $(HERE)bars.awk $(filter %.tsv,$^) > $(tmp)
	@mv $(tmp) $@

# Encoder, split, step, and the loss' mean, least and greatest over the seeds; blocks that gnuplot can index.
$(PLOTTED)/curves.tsv: $(MODELS:=/model.mp) $(call set,SHOWS) $(HERE)curves.awk
	@mkdir -p $(@D)
	@$(call files,$(filter %/model.mp,$^)); for model in $$files; do name=$$(basename "$$(dirname "$$model")"); \
		rec-table --kind log split step loss < "$$model" | sed "s/^/$${name%-*}\t/"; done | awk -f $(HERE)curves.awk > $(tmp)
	@mv $(tmp) $@

# Both coordinates, accuracy, and what the family's own pictures show.
$(PLOTTED)/pca.tsv: $(PROJECTED)/embeddings.mp $(R)/config/projected
	@mkdir -p $(@D)
	@project < $< | rec-table --kind embedding projection.0 projection.1 $(QUALITY) $(PCA) > $(tmp)
	@mv $(tmp) $@

$(PLOTTED)/clones.tsv: $(SHOWN)/emulations.mp $(R)/config/shown
	@mkdir -p $(@D)
	@rec-table --kind emulation split accuracy clone_accuracy < $< | awk -F '\t' '$$1 != "train" && $$3 != "?"' | sort -k2,2g -k3,3g > $(tmp)
	@mv $(tmp) $@

# The dialogues with two good RNNs of different tasks.
$(PLOTTED)/traces.mp: $(SHOWN)/model.mp $(ZOO) $(R)/config/shown
	@mkdir -p $(@D)
	@probe --model $< --traces $(settings) < $(ZOO) > $(tmp)
	@mv $(tmp) $@

vpath choose.awk $(HERE)
$(PLOTTED)/probes.tsv: $(PLOTTED)/traces.mp $(SHOWN)/model.mp choose.awk $(HERE)probes.awk
	@chosen=$$(rec-table --kind embedding split $(QUALITY) $(LABELLED) < $< | awk -f $(filter %choose.awk,$^)); \
	probes=$$(rec-table --kind encoder config.probes < $(SHOWN)/model.mp); \
	for trace in inputs answers; do rec-table --kind embedding --matrix probes.$$trace < $< | \
		awk -v trace=$$trace -v chosen="$$chosen" -v probes="$$probes" -f $(HERE)probes.awk; done > $(tmp)
	@mv $(tmp) $@

$(R)/figures/probes.png: $(PLOTTED)/probes.tsv
$(R)/figures/bars.png: $(PLOTTED)/bars.tsv
$(R)/figures/curves.png: $(PLOTTED)/curves.tsv
$(R)/figures/pca-accuracy.png: $(PLOTTED)/pca.tsv
$(R)/figures/clones.png: $(PLOTTED)/clones.tsv

vpath %.gp figures $(HERE)figures
$(FIGURES): $(R)/figures/%.png: %.gp style.gp
	@gnuplot -c $< $(filter %.tsv,$^) $(tmp) $(if $(LOSS),"$(LOSS)")
	@$(whole-picture)
	@mv $(tmp) $@
