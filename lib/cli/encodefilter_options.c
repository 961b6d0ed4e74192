// The options of encoder filters: one for each config key of the types that a filter makes.
#include "cli/encodefilter_internal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

// The config keys that are numbers and can be chosen. by_rnn: the paper's value depends on the RNNs, 0 stands for it.
static const struct {
    const char *key, *name, *help;
    size_t offset;
    int low, high;
    bool by_rnn;
} sizes[] = {
    {"probes", "probes", "Probing sequences that run in parallel", offsetof(struct encoder_config, probes), 1, 256, false},
    {"length", "length", "Steps of a probing sequence; 0 stands for 22 when the RNNs read tokens, otherwise 50",
     offsetof(struct encoder_config, length), 0, 4096, true},
    {"hidden", "hidden", "Units of each hidden layer", offsetof(struct encoder_config, hidden), 1, 65536, false},
    {"layers", "layers", "Hidden layers", offsetof(struct encoder_config, layers), 1, RNN_MAX_LAYERS, false},
    {"mlp_hidden", "mlp-hidden", "Hidden units of the MLPs", offsetof(struct encoder_config, mlp_hidden), 1, 65536, false},
    {"mlp_layers", "mlp-layers", "Hidden layers of the MLPs", offsetof(struct encoder_config, mlp_layers), 0, 16, false},
    {"heads", "heads", "Heads of attention", offsetof(struct encoder_config, heads), 1, 1024, false},
    {"channels", "channels", "Channels of the features", offsetof(struct encoder_config, channels), 1, 4096, false},
    {"vectors", "vectors", "Vectors by which each view of a matrix is asked", offsetof(struct encoder_config, probes), 1, 256, false},
    {"views", "views", "Views of a matrix: 1 for ProbeX, 4 for MVProbe", offsetof(struct encoder_config, views), 1, 4, false},
    {"matrix", "matrix", "Which matrix is probed: 1 for weight_ih_l0, 2 for weight_hh_l0, and so on; 0: all",
     offsetof(struct encoder_config, matrix), 0, 2 * RNN_MAX_LAYERS + 1, false},
    {"forget_bias", "forget-bias", "Bias of the core's forget gates to begin with; 0: drawn, as all of it",
     offsetof(struct encoder_config, forget_bias), 0, 16, false},
    {"z", "z", "Size of an embedding", offsetof(struct encoder_config, z), 1, 65536, false},
};
enum { SIZES = sizeof sizes / sizeof *sizes };

// The config keys that are flags and can be chosen. key: of the types that have the option; NULL: all.
static const struct {
    const char *key, *name, *help;
    size_t offset;
    bool standing; // where it is not given
} flags[] = {
    {"residual", "residual", "Add each layer's input to its output", offsetof(struct encoder_config, residual), true},
    {"residual", "one-hot", "Ask tokens, the likeliest each time, instead of mixtures of tokens", offsetof(struct encoder_config, one_hot),
     false},
    {"dropout", "dropout", "In training, a tenth of what layers pass on is dropped; the paper's program does so in its first step only",
     offsetof(struct encoder_config, dropout), true},
    {"fixed", "fixed", "With --linear: the probes stay as random as they are made", offsetof(struct encoder_config, fixed), false},
    {"probabilities", "probabilities", "Read the probabilities of classes that the answers mean, instead of logits",
     offsetof(struct encoder_config, probabilities), false},
    {"echo", "echo", "Ask next what the RNN has answered, but for what the encoder adds: it begins by letting it talk",
     offsetof(struct encoder_config, echo), false},
    {"gumbel", "gumbel", "With --echo: each sequence draws another word from what the RNN answers, by Gumbel noise to begin with",
     offsetof(struct encoder_config, gumbel), false},
    {"recall", "recall", "z is made of all answers, as linear encoders do, beside what the core has kept of them",
     offsetof(struct encoder_config, recall), false},
    {"ordered", "ordered", "Hidden units keep their order in training: for RNNs that began with the same weights",
     offsetof(struct encoder_config, ordered), false},
    {"per_gate", "per-gate", "Statistics of each gate's weights apart, as the paper's text has it; not its program",
     offsetof(struct encoder_config, per_gate), false},
    {"per_input", "per-input",
     "Of the weights of each input and each output of the RNN apart: these keep their order, as hidden units don't",
     offsetof(struct encoder_config, per_input), false},
    {"standardised", "standardise",
     "What is read of the weights gets mean 0 and deviation 1 over the training split; all of the zoo is read",
     offsetof(struct encoder_config, standardised), false},
    {NULL, "standardise-z", "z gets mean 0 and deviation 1, over the RNNs of the last training steps, before it gets norm 1",
     offsetof(struct encoder_config, standardise_z), false},
};
enum { FLAGS = sizeof flags / sizeof *flags };
_Static_assert((int)SIZES <= (int)ENCODE_SIZES && (int)FLAGS <= (int)ENCODE_FLAGS, "struct encode_settings has room for all");

static void find_types(struct encode_settings *s, const char *names) {
    for (int i = 0; i < ENCODE_TYPES && *names; i++) {
        char name[TEXT_FIELD_SIZE] = "";
        size_t length = strcspn(names, "|");
        memcpy(name, names, length);
        s->types[i] = encoder_type_find(name);
        names += length + (names[length] == '|');
    }
}

const struct encoder_type *encode_type_with(const struct encode_settings *s, const char *key) {
    for (int i = 0; s->types[i]; i++)
        if (encoder_has_key(s->types[i], key))
            return s->types[i];
    return NULL;
}

static int lowest(const struct encode_settings *s, int size) {
    bool zero = false;
    for (int i = 0; s->types[i]; i++)
        zero |= s->types[i]->zero_layers;
    return zero && strcmp(sizes[size].key, "layers") == 0 ? 0 : sizes[size].low;
}

static int *config_number(const struct encoder_config *config, size_t offset) {
    return (int *)((char *)config + offset);
}

static struct option *size_options(struct encode_settings *s, struct option *o) {
    for (int i = 0; i < SIZES; i++) {
        const struct encoder_type *type = encode_type_with(s, sizes[i].key);
        if (!type)
            continue;
        s->numbers[i] = sizes[i].by_rnn ? 0 : *config_number(&type->defaults, sizes[i].offset);
        s->options[i] = o;
        *o++ = (struct option){.type = OPTION_INT,
                               .name = sizes[i].name,
                               .target = &s->numbers[i],
                               .help = sizes[i].help,
                               .low = lowest(s, i),
                               .high = sizes[i].high};
    }
    return o;
}

static struct option *flag_options(struct encode_settings *s, struct option *o) {
    for (int i = 0; i < FLAGS; i++) {
        s->flags[i] = flags[i].standing;
        if (!flags[i].key || encode_type_with(s, flags[i].key))
            *o++ = (struct option){.type = OPTION_FLAG, .name = flags[i].name, .target = &s->flags[i], .help = flags[i].help};
    }
    return o;
}

void encode_options(struct encode_settings *s, const char *types, const struct option *own) {
    find_types(s, types);
    struct option *o = s->table;
    *o++ = (struct option){.type = OPTION_HEADING, .help = "Options"};
    *o++ = (struct option){.type = OPTION_FLAG, .name = "new", .target = &s->new_encoder, .help = "Make a fresh encoder"};
    *o++ = (struct option){.type = OPTION_TEXT,
                           .name = "model",
                           .target = &s->model,
                           .value = "FILE",
                           .help = "Embed with the first encoder record of this stream; - is standard input, then --data names the zoo"};
    *o++ = (struct option){
        .type = OPTION_TEXT, .name = "data", .target = &s->data, .value = "FILE", .help = "The zoo, instead of standard input"};
    *o++ = (struct option){.type = OPTION_HEADING, .help = "Options of --new"};
    for (; own && (own->name || own->type == OPTION_HEADING); own++)
        *o++ = *own;
    o = size_options(s, o);
    o = flag_options(s, o);
    if (encode_type_with(s, "softmax"))
        *o++ = (struct option){.type = OPTION_TEXT,
                               .name = "range",
                               .target = &s->range,
                               .value = "LOW:HIGH",
                               .help = "Of probing inputs that are numbers; or data: of the first RNN's rollouts (default for RNNs that "
                                       "answer with numbers; for classifiers 0:1)"};
    *o++ = (struct option){.type = OPTION_HEADING, .help = "Options of --model"};
    *o++ = (struct option){.type = OPTION_INT,
                           .name = "batch",
                           .target = &s->batch,
                           .low = 1,
                           .high = 4096,
                           .help = "Records that are encoded together; the result does not depend on it"};
    if (encode_type_with(s, "probes")) {
        *o++ = (struct option){.type = OPTION_TEXT,
                               .name = "ask",
                               .target = &s->ask,
                               .value = "COMMAND",
                               .help = "Interrogate this program, through pipes, instead of RNNs whose weights are known"};
        *o++ = (struct option){.type = OPTION_REAL,
                               .name = "timeout",
                               .target = &s->timeout,
                               .value = "SECONDS",
                               .low = 0.01,
                               .high = 1e6,
                               .help = "How long --ask waits for an answer"};
        *o++ = (struct option){.type = OPTION_FLAG,
                               .name = "traces",
                               .target = &s->traces,
                               .help = "Add the probing inputs and the RNN's answers to each embedding"};
    }
}

// Is there anything that this flag changes on an encoder of the type?
static bool has_flag(const struct encoder_type *type, int flag) {
    return !flags[flag].key || encoder_has_key(type, flags[flag].key);
}

struct encoder_config encode_config(const struct encode_settings *s, const struct encoder_type *type, const struct rnn_arch *arch) {
    struct encoder_config config = encoder_defaults(type, arch);
    for (int i = 0; i < SIZES; i++)
        if (encoder_has_key(type, sizes[i].key) && s->options[i]->given && !(sizes[i].by_rnn && s->numbers[i] == 0))
            *config_number(&config, sizes[i].offset) = s->numbers[i];
    for (int i = 0; i < FLAGS; i++)
        if (has_flag(type, i))
            *config_number(&config, flags[i].offset) = s->flags[i];
    return config;
}

// A filter's types differ in what they have.
static void note_unused(struct cli *cli, const struct encoder_type *type) {
    char why[TEXT_FIELD_SIZE + 32];
    snprintf(why, sizeof why, "on an encoder of type '%s'", type->name);
    for (int i = 0; i < SIZES; i++)
        if (!encoder_has_key(type, sizes[i].key))
            cli_note_unused(cli, sizes[i].name, why);
    for (int i = 0; i < FLAGS; i++)
        if (!has_flag(type, i))
            cli_note_unused(cli, flags[i].name, why);
}

// A filter's types may differ in what they allow.
static void check_layers(struct cli *cli, const struct encode_settings *s, const struct encoder_type *type) {
    for (int i = 0; i < SIZES; i++)
        if (strcmp(sizes[i].key, "layers") == 0 && encoder_has_key(type, "layers") && s->numbers[i] == 0 && !type->zero_layers)
            cli_usage(cli, "--layers 0: an encoder of type '%s' has at least one", type->name);
}

void encode_options_check(struct cli *cli, const struct encode_settings *s, const struct encoder_type *type) {
    check_layers(cli, s, type);
    note_unused(cli, type);
}
