# rnnpipe: learning representations of recurrent neural networks' weights, as Unix filters.
#   make            build everything into build/           make demo      the whole experiment on a small zoo, in minutes
#   make test       set up, build, run all tests           make help      all targets

MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
PREFIX  ?= /usr/local
BUILD   ?= build
CC      ?= cc
AR      ?= ar
OPT     ?= -O2 -g

CFLAGS  ?=
LDFLAGS ?=
override CFLAGS  += -std=gnu11 $(OPT) -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -ffp-contract=off -fno-math-errno -pthread
override CPPFLAGS += -Ilib -D_GNU_SOURCE -DRNNPIPE_VERSION='"$(VERSION)"'
LDLIBS  := -lblis -lmsgpackc -lyaml -ldeflate -lm -pthread

LIB      := $(BUILD)/librnnpipe.a
SRC      := $(filter-out lib/math/kernels.c,$(wildcard lib/*/*.c))
OBJ      := $(SRC:%.c=$(BUILD)/%.o)
FILTERS  := $(patsubst filters/%.c,%,$(wildcard filters/*.c))
BIN      := $(FILTERS:%=$(BUILD)/bin/%)
UNIT_SRC := $(wildcard tests/unit/*.c tests/unit/*/*.c)
UNIT     := $(UNIT_SRC:%.c=$(BUILD)/%)
BENCH    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
FUZZ     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*.c))

# The hot loops are one source, compiled for several instruction sets and chosen at run time (lib/math/kernels.h).
ISA := portable
ifneq ($(filter x86_64 amd64,$(shell uname -m)),)
ISA += avx2 avx512
override CPPFLAGS += -DKERNELS_X86
endif
ISA_FLAGS_avx2   := -mavx2 -mfma -mf16c -mbmi2
ISA_FLAGS_avx512 := $(ISA_FLAGS_avx2) -mavx512f -mavx512vl -mavx512bw -mavx512dq -mprefer-vector-width=512
OBJ += $(ISA:%=$(BUILD)/lib/math/kernels-%.o)

.PHONY: all lib help deps test unit bats lint sanitize bench demo install uninstall clean
all: $(BIN)
lib: $(LIB)

help:
	@sed -n '2,4s/^# *//p' Makefile
	@echo 'targets: all lib deps test unit bats lint sanitize bench demo install uninstall clean; variables: PREFIX DESTDIR BUILD CC OPT'

deps:
	@.ci/deps

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/lib/math/kernels-%.o: lib/math/kernels.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -O3 $(ISA_FLAGS_$*) -DKERNELS_ISA=$* -MMD -MP -c -o $@ $<

$(LIB): $(OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/filters/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.SECONDARY:
-include $(OBJ:.o=.d) $(FILTERS:%=$(BUILD)/filters/%.d) $(UNIT:=.d) $(BENCH:=.d)
