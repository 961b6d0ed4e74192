# rnnpipe: learning representations of recurrent neural networks' weights, as Unix filters.
#   make            build everything into build/           make demo      the whole experiment on a small zoo, in minutes
#   make test       set up, build, run all tests           make help      all targets
#   make readme-results    what the READMEs show of the five lines and the demo, anew, over three seeds
#   make compare    all encoders side by side, on the demo's zoo; SIZE=laptop: longer, on a larger one; SIZE=headline: the paper's RNNs; SIZE=paper: the published sizes
#   make demo-smnist    the same with RNNs that read images of digits (which make data gets, or IMAGES=DIRECTORY); laptop-smnist, headline-smnist, paper-smnist

# Other makes read the line between as an error of theirs, and say it.
ifneq (,)
.error "GNU make is needed (gmake)"
endif

MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
PREFIX  ?= /usr/local
BUILD   ?= build
CC      ?= cc
AR      ?= ar
OPT     ?= -O2 -g
JOBS    ?= $(shell nproc 2> /dev/null || echo 2)

include pipelines/paths.mk
$(call usable-path,BUILD,$(BUILD))

# V=1 shows the commands.
Q := $(if $(V),,@)
SAY := @$(if $(V),:,echo) 

CFLAGS  ?=
LDFLAGS ?=
override CFLAGS  += -std=gnu11 $(OPT) -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -ffp-contract=off -fno-math-errno -pthread
override CPPFLAGS += -Ilib -D_GNU_SOURCE -DRNNPIPE_VERSION='"$(VERSION)"'
# msgpack-c 6 has another name than the versions before it.
MSGPACK := $(or $(shell pkg-config --libs msgpack-c 2> /dev/null),$(shell pkg-config --libs msgpack 2> /dev/null),-lmsgpackc)
MSGPACK_FLAGS := $(shell pkg-config --cflags msgpack-c 2> /dev/null || pkg-config --cflags msgpack 2> /dev/null)
override CPPFLAGS += $(MSGPACK_FLAGS)
LDLIBS  := -lblis $(MSGPACK) -lyaml -ldeflate -lm -pthread

# Libraries for files of other programs, each of which a build can do without: what it can't read then, it says. WITHOUT="libzip hdf5" leaves out
# what is there.
has = $(if $(filter $(1),$(WITHOUT)),,$(shell pkg-config --exists $(1) 2> /dev/null && echo yes))
WITHOUT ?=
HAVE :=
FORMAT_LIBS :=
ifeq ($(call has,libzip),yes)
HAVE += -DHAVE_LIBZIP
$(BUILD)/lib/formats/zip.o: private override CPPFLAGS += -DHAVE_LIBZIP
FORMAT_LIBS += $(shell pkg-config --libs libzip)
endif
ifeq ($(call has,hdf5),yes)
HAVE += -DHAVE_HDF5 $(shell pkg-config --cflags hdf5)
$(BUILD)/lib/formats/hdf5.o: private override CPPFLAGS += -DHAVE_HDF5 $(shell pkg-config --cflags hdf5)
FORMAT_LIBS += $(shell pkg-config --libs hdf5)
endif

LIB      := $(BUILD)/librnnpipe.a
SRC      := $(filter-out lib/math/kernels.c,$(wildcard lib/*/*.c))
OBJ      := $(SRC:%.c=$(BUILD)/%.o)
FILTERS  := $(patsubst filters/%.c,%,$(wildcard filters/*.c))
BIN      := $(FILTERS:%=$(BUILD)/bin/%)
UNIT_SRC := $(wildcard tests/unit/*.c tests/unit/*/*.c)
UNIT     := $(UNIT_SRC:%.c=$(BUILD)/%)
BENCH    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
FAULTS   := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/faults/*.c))
FUZZ     := $(patsubst %.c,$(BUILD)/%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))

ifeq ($(call has,libprotobuf-c)$(shell command -v protoc-c > /dev/null && echo yes),yesyes)
OBJ += $(BUILD)/formats/onnx.pb-c.o
ONNX_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard lib/formats/onnx*.c))
HAVE += -DHAVE_PROTOBUF_C -I$(BUILD) $(shell pkg-config --cflags libprotobuf-c)
$(ONNX_OBJ): private override CPPFLAGS += -DHAVE_PROTOBUF_C -I$(BUILD) $(shell pkg-config --cflags libprotobuf-c)
FORMAT_LIBS += $(shell pkg-config --libs libprotobuf-c)
endif

# The hot loops are one source, compiled for several instruction sets and chosen at run time (lib/math/kernels.h); PORTABLE=1: for one. What
# it is compiled for is the compiler's word, not this machine's.
ISA := portable
ifneq ($(filter x86_64-% amd64-%,$(if $(PORTABLE),,$(shell $(CC) -dumpmachine 2> /dev/null))),)
ISA += avx2 avx512
override CPPFLAGS += -DKERNELS_X86
endif
ISA_FLAGS_avx2   := -mavx2 -mfma -mf16c -mbmi2
ISA_FLAGS_avx512 := $(ISA_FLAGS_avx2) -mavx512f -mavx512vl -mavx512bw -mavx512dq -mprefer-vector-width=512
OBJ += $(ISA:%=$(BUILD)/lib/math/kernels-%.o)

# Products in bfloat16 by tiles, where the compiler knows them (GCC from 11, clang from 12).
AMX_FLAGS := $(ISA_FLAGS_avx512) -mavx512bf16 -mamx-tile -mamx-bf16
ifneq ($(filter avx512,$(ISA)),)
ifeq ($(shell $(CC) $(AMX_FLAGS) -fsyntax-only -x c /dev/null 2> /dev/null && echo yes),yes)
HAVE += -DHAVE_AMX
$(BUILD)/lib/math/bf16.o: private override CPPFLAGS += -DHAVE_AMX
$(BUILD)/lib/math/bf16.o: private override CFLAGS += -O3 $(AMX_FLAGS) $(VECTOR_FLAGS)
endif
endif

.PHONY: format clang-check clang-check-lib clang-check-tests clang-check-amx $(ISA:%=clang-check-%) all lib help deps deps-test test unit unit-programs fuzz fuzz-programs test-programs bats lint sanitize bench bench-peer data demo compare laptop paper install uninstall clean
.PHONY: readme-results demo-smnist laptop-smnist headline-smnist paper-smnist demo-regular demo-series locks demo-locks headline
all: $(BIN) $(BUILD)/completion.bash $(BUILD)/bin.names
lib: $(LIB)

help:
	@sed -n '2,6s/^# *//p' Makefile
	@echo 'all targets: all lib deps test unit bats lint format sanitize fuzz bench bench-peer data demo compare laptop paper' \
		'readme-results demo-smnist laptop-smnist headline-smnist paper-smnist demo-regular demo-series locks demo-locks lineage composition augment probes phases autoencode transfer shared-start recipes told offsets seen headline interrogator install uninstall clean'
	@echo 'variables: PREFIX DESTDIR BUILD CC OPT CFLAGS LDFLAGS JOBS RESULTS DATA IMAGES ZOO SIZE (of compare) RUNS SEEDS ENCODERS PRECISION EMULATE FUZZ_SECONDS FUZZERS PEER (of bench-peer)'

deps:
	@.ci/deps
deps-test:
	@.ci/deps --test

# What objects and the library are made by: files that are written anew only when that changes, and on which all of them depend.
FLAGS  := $(strip $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS) $(HAVE) $(FORMAT_LIBS) $(KERNEL_FLAGS) $(VECTOR_FLAGS))
same    = $(and $(findstring x$(1)x,x$(2)x),$(findstring x$(2)x,x$(1)x))
write   = $(shell mkdir -p $(dir $(1)))$(file > $(1),$(2))
include pipelines/dry-run.mk
record  = $(if $(call same,$(strip $(file < $(1))),$(strip $(2))),,$(if $(dry-run),$(eval .PHONY: $(1)),$(call write,$(1),$(2))))
$(call record,$(BUILD)/flags,$(FLAGS))
$(call record,$(BUILD)/members,$(OBJ))
$(call record,$(BUILD)/filters.names,$(FILTERS))
# A configuration file has sections named after filters: which there are, the library has to be told.
FILTER_NAMES := -DRNNPIPE_FILTERS='"$(FILTERS)"'
$(BUILD)/lib/cli/config.o: private override CPPFLAGS += $(FILTER_NAMES)
$(BUILD)/lib/cli/config.o: $(BUILD)/filters.names
$(OBJ) $(FILTERS:%=$(BUILD)/filters/%.o) $(UNIT:=.o) $(BENCH:=.o) $(FUZZ:=.o) $(BUILD)/tests/fuzz/replay.o $(FAULTS): $(BUILD)/flags

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(SAY)'CC  $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/lib/math/kernels-%.o: lib/math/kernels.c
	@mkdir -p $(@D)
	$(SAY)'CC  $< ($*)'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -O3 $(KERNEL_FLAGS) $(if $(ISA_FLAGS_$*),$(ISA_FLAGS_$*) $(VECTOR_FLAGS)) -DKERNELS_ISA=$* -MMD -MP -c -o $@ $<

$(ONNX_OBJ): $(BUILD)/formats/onnx.pb-c.c
$(BUILD)/formats/onnx.pb-c.c: lib/formats/onnx.proto
	@mkdir -p $(@D)
	$(SAY)'GEN $@'
	$(Q)protoc-c --proto_path=lib/formats --c_out=$(@D) $<
$(BUILD)/formats/%.o: $(BUILD)/formats/%.c
	$(SAY)'CC  $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(LIB): $(OBJ) $(BUILD)/members
	@rm -f $@
	$(SAY)'AR  $@'
	$(Q)$(AR) rcs $@ $(OBJ)

$(BUILD)/bin/%: $(BUILD)/filters/%.o $(LIB)
	@mkdir -p $(@D)
	$(SAY)'LD  $@'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Filters that there are no more don't stay.
$(BUILD)/bin.names: $(BUILD)/filters.names
	@rm -f $(filter-out $(BIN),$(wildcard $(BUILD)/bin/*))
	@cp $< $@

$(BUILD)/completion.bash: filters/completion.bash $(BUILD)/filters.names
	@mkdir -p $(@D)
	$(SAY)'GEN $@'
	$(Q){ cat $< && echo 'complete -o default -F _rnnpipe $(FILTERS)'; } > $@

# Only what reads files of other programs is linked with their libraries: the others start faster without.
$(addprefix $(BUILD)/,bin/import-rnn tests/fuzz/formats): LDLIBS += $(FORMAT_LIBS)
$(BUILD)/tests/unit/formats/%: LDLIBS += $(FORMAT_LIBS)

# There are many of them: the linker that takes half the time, where the compiler has it.
GOLD = $(eval GOLD := $(if $(shell $(CC) -fuse-ld=gold -Wl,--version 2> /dev/null),-fuse-ld=gold))$(GOLD)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIB)
	$(SAY)'LD  $@'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(GOLD) -o $@ $^ $(LDLIBS)

# Preloaded by tests: the same in any build.
$(BUILD)/tests/faults/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(SAY)'LD  $@'
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 -O2 -Wall -Wextra -Werror -Wshadow -fPIC -shared -o $@ $<

# As small as it can be, in any build: it is there to start fast.
$(BUILD)/tests/python/client: tests/python/client.c
	@mkdir -p $(@D)
	$(SAY)'LD  $@'
	$(Q)$(CC) $(CPPFLAGS) -O2 -Wall -Wextra -Werror -Wshadow -o $@ $<

# A fuzzer's main, or one that replays files.
FUZZ_MAIN = $(BUILD)/tests/fuzz/replay.o

$(FUZZ): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(LIB)
	$(SAY)'LD  $@'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(FUZZ_MAIN) $(LIB) $(LDLIBS)

# --- Tests: `make test` on a fresh machine does all set-up by itself ---

# The portable kernels are checked in full. Those for vectors, from the same source, are checked for accesses beyond arrays only, as that is
# what can differ: with the rest, trainings would take ten times as long.
SANITIZE  := -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
SANITIZED = BUILD=$(BUILD)/sanitize OPT="$(SANITIZE)" LDFLAGS="$(LDFLAGS) $(GOLD)" VECTOR_FLAGS="-fno-sanitize=undefined \
            $(if $(findstring clang,$(shell $(CC) --version 2> /dev/null)),-mllvm -asan-stack=0,--param asan-stack=0)"

test: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) all test-programs
	@$(MAKE) --no-print-directory -j$(JOBS) $(SANITIZED) all test-programs
	@if command -v clang > /dev/null; then $(MAKE) --no-print-directory -j$(JOBS) CC=clang BUILD=$(BUILD)/clang clang-check; fi
	@.ci/sum 'tests/run $(BUILD) lint unit fuzz filters faults pipelines docs' 'tests/run $(BUILD)/sanitize unit fuzz filters'

# What clang has to say about the code: it makes nothing, and takes its time to start, so it reads all files at once.
CLANG_CHECK = tests/clang-check $(CPPFLAGS) $(HAVE) $(FILTER_NAMES) $(CFLAGS)
clang-check: clang-check-lib clang-check-tests clang-check-amx $(ISA:%=clang-check-%)
clang-check-lib: $(if $(ONNX_OBJ),$(BUILD)/formats/onnx.pb-c.c)
	@$(CLANG_CHECK) $(filter-out lib/math/bf16.c,$(SRC)) $(FILTERS:%=filters/%.c)
clang-check-amx:
	@$(CLANG_CHECK) $(if $(findstring HAVE_AMX,$(HAVE)),$(AMX_FLAGS)) lib/math/bf16.c
clang-check-tests:
	@$(CLANG_CHECK) $(UNIT_SRC) $(wildcard tests/fuzz/*.c tests/bench/*.c tests/python/*.c)
$(ISA:%=clang-check-%): clang-check-%:
	@$(CLANG_CHECK) $(KERNEL_FLAGS) $(ISA_FLAGS_$*) -DKERNELS_ISA=$* lib/math/kernels.c

test-programs: unit-programs fuzz-programs
unit-programs: $(UNIT) $(BUILD)/tests/python/client $(FAULTS)
fuzz-programs: $(FUZZ)
unit: unit-programs
	@tests/run $(BUILD) unit
bats: all unit-programs
	@tests/run $(BUILD) filters faults pipelines docs
format: # the one way that C is laid out (.clang-format); `make lint` checks it
	@find lib filters tests pipelines -name "*.[ch]" -print0 | xargs -0 clang-format -i
lint:
	@tests/run $(BUILD) lint
sanitize: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) $(SANITIZED) all test-programs
	@tests/run $(BUILD)/sanitize unit fuzz filters

# libFuzzer on every harness (FUZZERS) for so many seconds each; what it finds interesting stays in $(BUILD)/fuzz/corpus.
FUZZ_SECONDS ?= 60
FUZZERS      ?= $(notdir $(FUZZ))
FUZZ_BUILD   := BUILD=$(BUILD)/fuzz CC=clang OPT="$(SANITIZE) -fsanitize=fuzzer-no-link" FUZZ_MAIN=-fsanitize=fuzzer \
                PORTABLE=1 KERNEL_FLAGS="-fno-sanitize=undefined,fuzzer-no-link" # the others take clang minutes under AddressSanitizer
fuzz: deps
	@command -v clang > /dev/null || { echo 'make fuzz: clang is missing: install clang (Debian: apt-get install clang)' >&2; exit 1; }
	@$(MAKE) --no-print-directory -j$(JOBS) $(FUZZ_BUILD) fuzz-programs
	@tests/fuzz/run $(BUILD)/fuzz $(FUZZ_SECONDS) $(FUZZERS)

bench: $(BENCH) all
	@for b in $(BENCH) $(wildcard tests/bench/*.sh); do echo "--- $$(basename $$b)"; BIN=$(BUILD)/bin $$b || exit 1; done

# The same work in PyTorch, alternating with ours; PEER: words that choose some of it, options (tests/bench/peer/compare.py).
PEER ?=

bench-peer: $(BENCH)
	@tests/bench/peer/run $(BUILD)/tests/bench $(PEER)

# --- The experiments: on formal languages, in several sizes, and with all encoders (pipelines/language/); on images (pipelines/smnist/) ---

RESULTS ?= results
SIZE    ?= small
compare: NAME = compare-$(SIZE)
demo laptop paper headline: NAME = $@

check-paths = $(call usable-path,this folder,$(CURDIR))$(call usable-path,RESULTS,$(RESULTS))$(call usable-path,BUILD,$(BUILD))$(call usable-path,IMAGES,$(IMAGES))$(call usable-path,ZOO,$(ZOO))$(call usable-path,CONFIG,$(CONFIG))

# Arguments of the make that runs an experiment: FAMILY SIZE RESULTS. Its folder is another one than that in which the user has named files.
# A CONFIG that is not here is one of its own folder.
of-here    = $(or $(abspath $(wildcard $(1))),$(1))
own-files  = $(if $(ZOO),ZOO=$(abspath $(ZOO))) $(if $(CONFIG),CONFIG=$(call of-here,$(CONFIG)))
experiment = $(check-paths) --no-print-directory -C pipelines/$(1) SIZE=$(2) BIN=$(abspath $(BUILD)/bin) RESULTS=$(abspath $(RESULTS)/$(3)) JOBS=$(JOBS) $(own-files)

demo compare laptop paper headline: ready
	@$(MAKE) $(call experiment,language,$(NAME),$(NAME)) $(if $(RUNS),RUNS=$(RUNS))

# What every experiment needs: two of them, under one make -j, build it once.
.PHONY: ready
ready: deps
	@$(MAKE) --no-print-directory -j$(JOBS) all

# What README.md and pipelines/language/README.md show of the five lines and of the demo: three seeds, from this commit.
GALLERY := pipelines/language/gallery

readme-results: ready
	@PATH="$(abspath $(BUILD)/bin):$$PATH" pipelines/language/five-lines README.md "$(abspath $(RESULTS)/five-lines)" 1 2 3 > $(BUILD)/five-lines.txt
	@mv $(BUILD)/five-lines.txt $(GALLERY)/five-lines.txt
	@$(MAKE) $(call experiment,language,demo,demo-3-seeds) SEEDS="1 2 3"
	@cp $(RESULTS)/demo-3-seeds/table.txt $(GALLERY)/demo-3-seeds.txt

DATA   ?= data
IMAGES ?= $(DATA)/mnist

data:
	@pipelines/smnist/get-data $(DATA)/mnist

demo-smnist laptop-smnist headline-smnist paper-smnist: ready $(if $(filter $(DATA)/mnist,$(IMAGES)),data)
	@$(MAKE) $(call experiment,smnist,$(@:-smnist=),$@) IMAGES=$(abspath $(IMAGES)) $(if $(RUNS),RUNS=$(RUNS))

# Other families of tasks (pipelines/regular/, pipelines/series/), and the theory on locks (pipelines/locks/; LOCKS: arguments for its make).
demo-regular demo-series: ready
	@$(MAKE) $(call experiment,$(@:demo-%=%),demo,$@)

LOCKS ?= BITS="3 4 5 6" SEEDS="1 2" STARTS=3

locks demo-locks: ready
	@$(check-paths)$(MAKE) --no-print-directory -C pipelines/locks BIN=$(abspath $(BUILD)/bin) RESULTS=$(abspath $(RESULTS)/locks) JOBS=$(JOBS) $(if $(filter demo-locks,$@),$(LOCKS))

# Experiments with a makefile of their own: pipelines/FOLDER/NAME.mk, which says what it is about, by `make NAME`, with results in RESULTS/NAME.
# What `interrogator` makes is kept: `describe` uses it when it is told no other.
OWN := $(addprefix language/,transfer shared-start recipes told offsets seen interrogator) \
       $(addprefix citing/,lineage composition augment probes phases autoencode)
.PHONY: $(notdir $(OWN))
phases: $(if $(filter $(DATA)/mnist,$(IMAGES)),data)

$(notdir $(OWN)): ready
	@$(check-paths)$(MAKE) --no-print-directory -C pipelines/$(dir $(filter %/$@,$(OWN))) -f $@.mk BIN=$(abspath $(BUILD)/bin) \
		RESULTS=$(abspath $(RESULTS)/$@) IMAGES=$(abspath $(IMAGES)) JOBS=$(JOBS) $(own-files) \
		$(if $(MODELS),MODELS="$(foreach m,$(MODELS),$(firstword $(subst =, ,$(m)))=$(call of-here,$(lastword $(subst =, ,$(m)))))")
	$(if $(filter interrogator,$@),cp $(RESULTS)/$@/interrogator.mp pipelines/language)

# --- Installation ---

quoted = '$(subst ','\'',$(1))'
TO    := $(call quoted,$(DESTDIR)$(PREFIX))
COMPLETIONS := share/bash-completion/completions
PLACE := bin share/rnnpipe $(COMPLETIONS) share/man/man1 share/man/man5 share/man/man7

install: all
	install -d $(PLACE:%=$(TO)/%)
	install -m 755 $(BIN) $(TO)/bin
	install -m 644 pipelines/language/interrogator.mp $(TO)/share/rnnpipe
	for page in filters/*.[157]; do install -m 644 $$page $(TO)/share/man/man$${page##*.}; done
	install -m 644 $(BUILD)/completion.bash $(TO)/$(COMPLETIONS)/rnnpipe
	for filter in $(FILTERS); do ln -sf rnnpipe $(TO)/$(COMPLETIONS)/$$filter; done # bash looks for the names of commands

uninstall:
	for filter in $(FILTERS); do rm -f $(TO)/bin/$$filter $(TO)/$(COMPLETIONS)/$$filter; done
	rm -f $(TO)/$(COMPLETIONS)/rnnpipe
	rm -f $(TO)/share/rnnpipe/interrogator.mp
	for page in filters/*.[157]; do rm -f $(TO)/share/man/man$${page##*.}/$$(basename $$page); done
	-@[ ! -d $(TO) ] || { cd $(TO) && rmdir -p --ignore-fail-on-non-empty $(PLACE) 2> /dev/null; } # those that are empty now

clean:
	rm -rf $(BUILD)

.DELETE_ON_ERROR: # what a recipe that failed has left is no target
.SECONDARY:
-include $(OBJ:.o=.d) $(FILTERS:%=$(BUILD)/filters/%.d) $(UNIT:=.d) $(FUZZ:=.d) $(BUILD)/tests/fuzz/replay.d $(BENCH:=.d)
