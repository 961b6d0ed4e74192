// Deep weight space networks: embeddings of RNNs from their weights, blind to the order of hidden units.
#include "cli/encodefilter.h"

static const struct encode_filter filter = {
    .program = {.name = "dws-encode",
                .summary = "embed RNNs by a deep weight space network, which is blind to the order of hidden units",
                .examples = "dws-encode --new < zoo.mp > fresh.mp\nemulate --fit fresh.mp --steps 20000 < zoo.mp > trained.mp\ndws-encode "
                            "--model trained.mp < zoo.mp > embeddings.mp"},
    .types = "dws",
};

int main(int argc, char **argv) {
    return encode_main(&filter, argc, argv);
}
