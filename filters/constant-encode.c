// The baseline encoder that looks at nothing: the same learned embedding for every RNN.
#include "cli/encodefilter.h"

static const struct encode_filter filter = {
    .program = {.name = "constant-encode",
                .summary = "embed RNNs without looking at them: the baseline of all encoders",
                .examples = "constant-encode --new < zoo.mp > fresh.mp\n"
                            "emulate --fit fresh.mp --steps 20000 < zoo.mp > trained.mp\n"
                            "constant-encode --model trained.mp < zoo.mp > embeddings.mp"},
    .types = "constant",
};

int main(int argc, char **argv) {
    return encode_main(&filter, argc, argv);
}
