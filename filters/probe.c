// Functionalist encoders: they interrogate each RNN with learned probing inputs.
#include "cli/encodefilter.h"

static bool interactive = true, non_interactive;

static struct option options[] = {
    {.type = OPTION_FLAG, .name = "interactive", .target = &interactive, .help = "Each probe depends on the answers so far"},
    {.type = OPTION_FLAG, .name = "non-interactive", .target = &non_interactive,
     .help = "The probes are fixed sequences, the same for every RNN"},
    {0},
};

static const char *new_type(void) {
    return interactive && !non_interactive ? "interactive" : "noninteractive";
}

static const struct encode_filter filter = {
    .program = {.name = "probe",
                .summary = "embed RNNs by interrogating them with learned probing inputs",
                .options = options,
                .examples = "probe --new --seed 7 < zoo.mp > fresh.mp\n"
                            "emulate --fit fresh.mp --steps 20000 < zoo.mp > trained.mp\n"
                            "probe --model trained.mp < zoo.mp > embeddings.mp"},
    .types = "interactive|noninteractive",
    .new_type = new_type,
};

int main(int argc, char **argv) {
    return encode_main(&filter, argc, argv);
}
