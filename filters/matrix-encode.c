// A mechanistic encoder: probes of single weight matrices.
#include "cli/encodefilter.h"

static const struct encode_filter filter = {
    .program = {.name = "matrix-encode",
                .summary = "embed RNNs by probing single weight matrices as linear maps",
                .examples = "matrix-encode --new --seed 7 < zoo.mp > fresh.mp\n"
                            "matrix-encode --new --views 1 --matrix 2 < zoo.mp > probex-of-weight_hh_l0.mp\n"
                            "classify --fit task --encoder fresh.mp < zoo.mp > trained.mp"},
    .types = "matrix",
};

int main(int argc, char **argv) {
    return encode_main(&filter, argc, argv);
}
