// A mechanistic encoder: statistics of each of the RNN's parameters.
#include "cli/encodefilter.h"

static const struct encode_filter filter = {
    .program = {.name = "stats-encode",
                .summary = "embed RNNs by statistics of their weights, layer by layer",
                .examples = "stats-encode --new --seed 7 < zoo.mp > fresh.mp\n"
                            "emulate --fit fresh.mp --steps 20000 < zoo.mp > trained.mp\n"
                            "stats-encode --model trained.mp < zoo.mp > embeddings.mp"},
    .types = "stats",
};

int main(int argc, char **argv) {
    return encode_main(&filter, argc, argv);
}
