// Functionalist encoders: they interrogate each RNN with learned probing inputs.
#include "cli/encodefilter.h"

static bool interactive = true, non_interactive, linear, hidden_states;

static struct option options[] = {
    {.type = OPTION_FLAG, .name = "interactive", .target = &interactive, .help = "Each probe depends on the answers so far"},
    {.type = OPTION_FLAG,
     .name = "non-interactive",
     .target = &non_interactive,
     .help = "The probes are learned sequences, the same for every RNN"},
    {.type = OPTION_FLAG,
     .name = "linear",
     .target = &linear,
     .help = "Likewise, but made by a shared chain of --layers linear maps, which may be 0; default --probes 16 --hidden 128"},
    {.type = OPTION_FLAG,
     .name = "hidden-states",
     .target = &hidden_states,
     .help = "Likewise, and the encoder sees the hidden states beside the answers, whatever the order and the signs of the units"},
    {0},
};

static const char *new_type(struct cli *cli) {
    if (non_interactive + linear + hidden_states > 1)
        cli_usage(cli, "--non-interactive, --linear and --hidden-states exclude each other");
    if (hidden_states)
        return "hidden";
    if (linear)
        return "linear";
    return interactive && !non_interactive ? "interactive" : "noninteractive";
}

static const struct encode_filter filter = {
    .program = {.name = "probe",
                .summary = "embed RNNs by interrogating them with learned probing inputs",
                .options = options,
                .examples = "probe --new --seed 7 < zoo.mp > fresh.mp\n"
                            "emulate --fit fresh.mp --steps 20000 < zoo.mp > trained.mp\n"
                            "probe --model trained.mp < zoo.mp > embeddings.mp"},
    .types = "interactive|noninteractive|linear|hidden",
    .new_type = new_type,
};

int main(int argc, char **argv) {
    return encode_main(&filter, argc, argv);
}
