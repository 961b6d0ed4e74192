// A mechanistic encoder: the rows of the weight matrices as tokens of a Transformer.
#include "cli/encodefilter.h"

static const struct encode_filter filter = {
    .program = {.name = "transformer-encode",
                .summary = "embed RNNs by a Transformer that reads the rows of their weight matrices",
                .examples = "transformer-encode --new --seed 7 < zoo.mp > fresh.mp\n"
                            "emulate --fit fresh.mp --steps 20000 < zoo.mp > trained.mp\n"
                            "transformer-encode --model trained.mp < zoo.mp > embeddings.mp"},
    .types = "transformer",
};

int main(int argc, char **argv) {
    return encode_main(&filter, argc, argv);
}
