// A mechanistic encoder: all weights as one vector.
#include "cli/encodefilter.h"

static const struct encode_filter filter = {
    .program = {.name = "flat-encode",
                .summary = "embed RNNs by all of their weights as one vector",
                .examples = "flat-encode --new --seed 7 < zoo.mp > fresh.mp\n"
                            "emulate --fit fresh.mp --steps 20000 < zoo.mp > trained.mp\n"
                            "flat-encode --model trained.mp < zoo.mp > embeddings.mp"},
    .types = "flat",
};

int main(int argc, char **argv) {
    return encode_main(&filter, argc, argv);
}
