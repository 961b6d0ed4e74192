# Phases: what kind of training ends in what kind of loss landscape? RNNs that read images of one angle, of several widths, trained with
# batches of several sizes, three of each; how curved the loss is around them, how high it is between them, and how alike their states are,
# beside how well they do on images that they were not trained on.
#
#     make -f phases.mk IMAGES=DIRECTORY      phases.txt, phases.png, in RESULTS; ../../Makefile calls it by `make phases`
#
# RESULTS     where all files go            JOBS        how many processes at a time            BIN         where the filters are
# IMAGES      the directory of MNIST's files, of which the first TAKEN images are used: four fifths to train on, the rest to judge by
# WIDTHS      hidden units                  BATCHES     images in a training step               SEEDS       runs of each
# EPOCHS      how often every image is seen, whatever the batch                                 BEND        training steps of a curve's bend

IMAGES  ?= ../../data/mnist
TAKEN   ?= 10000
WIDTHS  ?= 64 32 16 8 4
BATCHES ?= 8 32 128 512
SEEDS   ?= 3
EPOCHS  ?= 25
BEND    ?= 1000

include ../own.mk
$(if $(filter 0 1,$(SEEDS)),$(error SEEDS: RNNs are compared two by two, of $(SEEDS) there are no two))

CELLS := $(foreach w,$(WIDTHS),$(BATCHES:%=$(w)-%))
width  = $(word 1,$(subst -, ,$*))
batch  = $(word 2,$(subst -, ,$*))
steps  = $(shell echo $$(($(EPOCHS) * $(TAKEN) * 4 / 5 / $(batch))))

.PHONY: all
all: $(R)/phases.txt $(R)/phases.png
	@cat $<
	@echo "picture: $(abspath $(R))/phases.png"

# The first images, as files of their own: less to learn from, so that there is something to be told between training and judging.
big-endian = printf "$$(printf '\\x%02x' $$(($(1) >> 24)) $$(($(1) >> 16 & 255)) $$(($(1) >> 8 & 255)) $$(($(1) & 255)))"
found      = $(firstword $(wildcard $(IMAGES)/$(1) $(IMAGES)/$(1).gz) $(IMAGES)/$(1))
whole      = test $$(stat -c %s $(tmp)) == $(1) || { echo '$(call found,$(@F)): fewer than $(TAKEN) images (TAKEN)' >&2; exit 1; }
$(R)/images.sum: force # what is in the files counts, not where they are
	@sum=$$(cat $(call found,train-images-idx3-ubyte) $(call found,train-labels-idx1-ubyte) | sha256sum); echo "$$sum" | { $(renew); }
$(R)/images/train-images-idx3-ubyte: $(R)/images.sum $(call set,TAKEN)
	@mkdir -p $(@D)
	@{ $(call big-endian,0x803); $(call big-endian,$(TAKEN)); $(call big-endian,28); $(call big-endian,28); \
		head -c $$(($(TAKEN) * 784)) < <(zcat -f $(call found,$(@F)) | tail -c +17); } > $(tmp)
	@$(call whole,$$((16 + $(TAKEN) * 784)))
	@mv $(tmp) $@
$(R)/images/train-labels-idx1-ubyte: $(R)/images/train-images-idx3-ubyte
	@{ $(call big-endian,0x801); $(call big-endian,$(TAKEN)); head -c $(TAKEN) < <(zcat -f $(call found,$(@F)) | tail -c +9); } > $(tmp)
	@$(call whole,$$((8 + $(TAKEN))))
	@mv $(tmp) $@

# --- RNNs, and what is measured of each and of each two ---

$(CELLS:%=$(R)/rnns-%.mp): $(R)/rnns-%.mp: $(R)/images/train-labels-idx1-ubyte $(call set,SEEDS EPOCHS)
	@echo "phases:  $(width) units, batches of $(batch)"
	@gen-smnist --count $(SEEDS) --rotation 0 --weight-decay 0.001 --tile 7 | $(converged) train-rnn --images $(R)/images --layers 1 --hidden $(width) \
		--batch $(batch) --steps $(steps) --snapshots '' --rollouts 50 > $(tmp)
	@mv $(tmp) $@

$(CELLS:%=$(R)/landscape-%.mp): $(R)/landscape-%.mp: $(R)/rnns-%.mp
	@rnn-landscape --images $(R)/images --batch 500 < $< > $(tmp)
	@mv $(tmp) $@

$(CELLS:%=$(R)/lines-%.mp): $(R)/lines-%.mp: $(R)/rnns-%.mp
	@rnn-compare --images $(R)/images --by task.rotation --path linear < $< > $(tmp)
	@mv $(tmp) $@

$(CELLS:%=$(R)/curves-%.mp): $(R)/curves-%.mp: $(R)/rnns-%.mp $(call set,BEND)
	@rnn-compare --images $(R)/images --by task.rotation --path bezier --bend-steps $(BEND) < $< > $(tmp)
	@mv $(tmp) $@

# --- Means of each cell, and how they go with the accuracy ---

of-rnn  := accuracy train_accuracy train_loss hessian_top hessian_trace
of-line := barrier barrier_aligned length
of-pair := cka connectivity connectivity_aligned

# WIDTH BATCH MEASURE VALUE, one line for each RNN or pair
$(CELLS:%=$(R)/%.tsv): $(R)/%.tsv: $(R)/landscape-%.mp $(R)/lines-%.mp $(R)/curves-%.mp
	@long() { rec-table --kind "$$1" "$${@:2}" | awk -v names="$${*:2}" -v at='$(width)	$(batch)' \
		'{ n = split(names, name, " "); for (i = 1; i <= n; i++) { sub("metrics.", "", name[i]); print at "\t" name[i] "\t" $$i } }'; }; \
	{ long rnn $(of-rnn:%=metrics.%) < $<; long pair $(of-line:%=metrics.%) < $(word 2,$^); long pair $(of-pair:%=metrics.%) < $(word 3,$^); } > $(tmp)
	@mv $(tmp) $@

SHOWS = $(CELLS)
$(R)/phases.tsv: phases.awk $(CELLS:%=$(R)/%.tsv) $(call set,SHOWS)
	@awk -f phases.awk $(CELLS:%=$(R)/%.tsv) > $(tmp)
	@mv $(tmp) $@

$(R)/phases.txt: $(R)/phases.tsv
	@column -t -s $$'\t' $< > $(tmp)
	@mv $(tmp) $@

$(R)/phases.png: figures/phases.gp $(R)/phases.tsv ../figures/style.gp
	@gnuplot -c $< $(R)/phases.tsv $(tmp)
	@$(whole-picture)
	@mv $(tmp) $@
