#include "cli/encodefilter.h"

#include "base/memory.h"
#include "base/numtext.h"
#include "base/utf8.h"
#include "cli/ask.h"
#include "cli/modelfile.h"
#include "encoders/identity.h"
#include "encoders/standard.h"
#include "records/loader.h"
#include "training/rollouts.h"

#include <float.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 48, MAX_NUMBERS = 16, MAX_FLAGS = 16, MAX_TYPES = 8 };

// --- Options ---

struct settings {
    bool new_encoder, traces;
    const char *model, *data, *ask, *range;
    double timeout;
    int batch;
    const struct encoder_type *types[MAX_TYPES + 1]; // that the filter reads, then NULL
    int numbers[MAX_NUMBERS];                        // values of the size options, in the order of `sizes`
    const struct option *options[MAX_NUMBERS];       // these options; NULL: there is none
    bool flags[MAX_FLAGS];                           // values of the flag options, in the order of `flags`
    struct option table[MAX_OPTIONS];
};

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
    {NULL, "standardise-z", "So does z, over the RNNs of the last training steps, before it gets unit norm",
     offsetof(struct encoder_config, standardise_z), false},
};
enum { FLAGS = sizeof flags / sizeof *flags };

static void find_types(struct settings *s, const char *names) {
    for (int i = 0; i < MAX_TYPES && *names; i++) {
        char name[TEXT_FIELD_SIZE] = "";
        size_t length = strcspn(names, "|");
        memcpy(name, names, length);
        s->types[i] = encoder_type_find(name);
        names += length + (names[length] == '|');
    }
}

// The filter's first type with this config key, or NULL.
static const struct encoder_type *type_with(const struct settings *s, const char *key) {
    for (int i = 0; s->types[i]; i++)
        if (encoder_has_key(s->types[i], key))
            return s->types[i];
    return NULL;
}

static int lowest(const struct settings *s, int size) {
    bool zero = false;
    for (int i = 0; s->types[i]; i++)
        zero |= s->types[i]->zero_layers;
    return zero && strcmp(sizes[size].key, "layers") == 0 ? 0 : sizes[size].low;
}

static int *config_number(const struct encoder_config *config, size_t offset) {
    return (int *)((char *)config + offset);
}

static struct option *size_options(struct settings *s, struct option *o) {
    for (int i = 0; i < SIZES; i++) {
        const struct encoder_type *type = type_with(s, sizes[i].key);
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

static struct option *flag_options(struct settings *s, struct option *o) {
    for (int i = 0; i < FLAGS; i++) {
        s->flags[i] = flags[i].standing;
        if (!flags[i].key || type_with(s, flags[i].key))
            *o++ = (struct option){.type = OPTION_FLAG, .name = flags[i].name, .target = &s->flags[i], .help = flags[i].help};
    }
    return o;
}

static void build_table(struct settings *s, const struct option *own) {
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
    if (type_with(s, "softmax"))
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
    if (type_with(s, "probes")) {
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

static struct encoder_config chosen_config(const struct settings *s, const struct encoder_type *type, const struct rnn_arch *arch) {
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
static void check_layers(struct cli *cli, const struct settings *s, const struct encoder_type *type) {
    for (int i = 0; i < SIZES; i++)
        if (strcmp(sizes[i].key, "layers") == 0 && encoder_has_key(type, "layers") && s->numbers[i] == 0 && !type->zero_layers)
            cli_usage(cli, "--layers 0: an encoder of type '%s' has at least one", type->name);
}

// --- A fresh encoder ---

// The first RNN's weights are looked at now: better to learn that they can't be read before an encoder for them is made.
static enum status check_weights(const struct rnn_record *rnn, struct error *error) {
    struct rnn_loader loader;
    rnn_loader_init(&loader, 1);
    enum status status = rnn_loader_load(&loader, 0, rnn, error);
    rnn_loader_free(&loader);
    return status;
}

static void choose_range(struct cli *cli, const struct settings *s, const struct rnn_record *rnn, struct encoder_config *config) {
    bool wanted = s->range ? strcmp(s->range, "data") == 0 : !rnn_answers_classes(&rnn->arch);
    if (wanted && !rollouts_range(rnn, config->range)) {
        config->range[0] = config->range[1] = 0;
        if (s->range)
            cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "--range data: the first RNN has no rollouts of various numbers"));
    }
    if (!s->range || wanted)
        return;
    if (!numtext_range(s->range, -FLT_MAX, FLT_MAX, config->range))
        cli_usage(cli, "--range: '%s' is neither data nor two numbers LOW:HIGH, the lower one first", s->range);
}

// Measures what the encoder reads over the training split (all RNNs, where there are no splits): `rnn` is the first record, read already.
static void standardise(struct cli *cli, struct encoder *e, struct reader *in, struct rnn_record *rnn) {
    struct standard_fit *fit = standard_fit_new(e);
    struct rnn_loader loader;
    rnn_loader_init(&loader, 1);
    int used = 0;
    for (bool more = true; more; more = cli_read(cli, in)) {
        if (in->event != READER_DATA || !value_is(value_get(in->record, "kind"), "rnn"))
            continue;
        cli_check_record(cli, in, rnn_record_read(in->record, rnn, cli_error(cli)));
        if (*rnn->split && strcmp(rnn->split, split_names[SPLIT_TRAIN]) != 0)
            continue;
        cli_check_record(cli, in, encoder_fits(e, &rnn->arch, cli_error(cli)));
        cli_check_record(cli, in, rnn_loader_load(&loader, 0, rnn, cli_error(cli)));
        struct rnn_batch one = rnn_loader_batch(&loader, 1);
        standard_fit_add(fit, &one);
        used++;
    }
    standard_fit_settle(fit);
    rnn_loader_free(&loader);
    if (!used)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: no record of split 'train' to standardise by", in->name));
}

// Reads no further than the segment of the first rnn record, whose end proves that record and history to be sound: a zoo made of shards
// costs one shard, however large it is. Unless it is standardised.
static void make_encoder(struct cli *cli, const struct settings *s, const struct encoder_type *type, struct reader *in,
                         struct writer *out) {
    struct rnn_record rnn;
    do
        if (!cli_next(cli, in, out, NULL))
            cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: no rnn record in it, whose architecture the encoder would take",
                                     in->name));
    while (!value_is(value_get(in->record, "kind"), "rnn"));
    cli_check_record(cli, in, rnn_record_read(in->record, &rnn, cli_error(cli)));
    cli_check_record(cli, in, check_weights(&rnn, cli_error(cli)));
    struct encoder_config config = chosen_config(s, type, &rnn.arch);
    if (encoder_has_key(type, "softmax") && !config.softmax)
        choose_range(cli, s, &rnn, &config);
    struct error error = {0};
    if (encoder_check(type, &config, &rnn.arch, &error) != STATUS_OK)
        cli_usage(cli, "%s", error.text);
    struct encoder *e = encoder_new(type, &config, &rnn.arch, cli_common(cli)->seed);
    if (e->standard)
        standardise(cli, e, in, &rnn);
    encoder_pack(writer_packer(out), e);
    encoder_free(e);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    while (in->event != READER_END && cli_read(cli, in)) {
    }
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
}

// --- Embeddings ---

struct batch {
    struct cli *cli;
    const struct encoder *encoder;
    struct encoder_identity identity;
    struct writer *out;
    struct packer **heads;  // [capacity] what an embedding record has of its rnn record, as a map
    struct rnn_loader rnns; // [capacity]
    int count, capacity;
    bool traces;
    struct tape tape;
};

static struct batch batch_new(struct cli *cli, const struct settings *s, const struct encoder *e, struct writer *out) {
    struct batch b = {.cli = cli, .encoder = e, .identity = encoder_identity(e), .out = out, .capacity = s->batch, .traces = s->traces};
    b.heads = memory_calloc((size_t)b.capacity, sizeof *b.heads);
    rnn_loader_init(&b.rnns, b.capacity);
    return b;
}

static void batch_free(struct batch *b) {
    for (int i = 0; i < b->capacity; i++)
        packer_free(b->heads[i]);
    free(b->heads);
    rnn_loader_free(&b->rnns);
    tape_free(&b->tape);
}

// Inputs or answers of record i, one tensor a step, as an array [K,M,cols].
static void pack_trace(struct packer *p, struct tensor **steps, const struct encoder *e, int i) {
    int K = e->config.length, M = e->config.probes, cols = steps[0]->cols;
    size_t size = (size_t)M * (size_t)cols;
    float *all = memory_alloc((size_t)K * size * sizeof *all);
    for (int t = 0; t < K; t++)
        memcpy(all + (size_t)t * size, steps[t]->value + (size_t)i * size, size * sizeof *all);
    pack_array(p, DTYPE_F4, 3, (uint64_t[]){(uint64_t)K, (uint64_t)M, (uint64_t)cols}, all);
    free(all);
}

static void pack_tail(struct packer *p, const struct encoder *e, const struct encoder_identity *identity, const struct tensor *z,
                      const struct encoder_trace *trace, int i) {
    pack_key(p, "encoder");
    encoder_identity_pack(p, identity);
    pack_key(p, "z");
    pack_array(p, DTYPE_F4, 1, (uint64_t[]){(uint64_t)z->cols}, z->value + (size_t)i * (size_t)z->cols);
    if (trace) {
        pack_key(p, "probes");
        pack_map(p);
        pack_key(p, "inputs");
        pack_trace(p, trace->inputs, e, i);
        pack_key(p, "answers");
        pack_trace(p, trace->answers, e, i);
        pack_end(p);
    }
    pack_end(p);
}

static void batch_flush(struct batch *b) {
    if (!b->count)
        return;
    const struct encoder *e = b->encoder;
    tape_reset(&b->tape, false);
    struct rnn_batch rnns = rnn_loader_batch(&b->rnns, b->count);
    struct weights w = {&e->table, e->values, NULL};
    size_t steps = b->traces ? (size_t)e->config.length * sizeof(struct tensor *) : 0;
    struct encoder_trace trace = {arena_alloc(&b->tape.arena, steps), arena_alloc(&b->tape.arena, steps)};
    struct tensor *z = encoder_embed(&b->tape, e, &w, &rnns, NULL, b->traces ? &trace : NULL, NULL);
    for (int i = 0; i < b->count; i++) {
        pack_tail(b->heads[i], e, &b->identity, z, b->traces ? &trace : NULL, i);
        cli_commit(b->cli, b->out, b->heads[i]);
    }
    b->count = 0;
}

static enum status batch_add(struct batch *b, const struct value *record, struct error *error) {
    static const char *const dropped[] = {"kind", "weights", "rollouts", "encoder", "z", "probes", NULL}; // the last three are written anew
    struct rnn_record rnn;
    enum status status = rnn_record_read(record, &rnn, error);
    int i = b->count;
    if (status == STATUS_OK)
        status = encoder_fits(b->encoder, &rnn.arch, error);
    if (status == STATUS_OK)
        status = rnn_loader_load(&b->rnns, i, &rnn, error);
    if (status != STATUS_OK)
        return status;
    if (!b->heads[i])
        b->heads[i] = packer_new();
    packer_clear(b->heads[i]);
    pack_map(b->heads[i]);
    pack_key(b->heads[i], "kind");
    pack_str(b->heads[i], "embedding");
    pack_rest(b->heads[i], record, dropped);
    if (++b->count == b->capacity)
        batch_flush(b);
    return STATUS_OK;
}

static struct encoder *load_encoder(struct cli *cli, struct modelfile *m, const char *types) {
    struct model_record record;
    struct encoder *e = NULL;
    if (!modelfile_find(m, "encoder", &record))
        modelfile_missing(m, "encoder");
    if (!option_is_choice(types, record.type))
        modelfile_check(m, error_set(cli_error(cli), STATUS_DATA, "an encoder of type '%s', not %s", record.type, types));
    modelfile_check(m, encoder_read(&record, &e, cli_error(cli)));
    return e;
}

static void embed(struct cli *cli, const struct settings *s, const char *types, struct reader *in, struct writer *out) {
    struct modelfile *model = modelfile_open(cli, s->model, MODEL_USED);
    struct encoder *e = load_encoder(cli, model, types);
    struct progress *progress = progress_new(cli, "records", 0);
    uint64_t done = 0;
    struct batch b = batch_new(cli, s, e, out);
    while (cli_read(cli, in)) {
        if (in->event == READER_DATA && value_is(value_get(in->record, "kind"), "rnn")) {
            enum status status = batch_add(&b, in->record, cli_error(cli));
            if (status != STATUS_OK)
                batch_flush(&b); // what is skipped keeps its place
            cli_usable(cli, in, out, status);
            progress_step(progress, ++done, "type %s", e->type->name);
        } else {
            batch_flush(&b);
            cli_mirror(cli, in, out);
        }
    }
    progress_end(progress);
    batch_free(&b);
    encoder_free(e);
    modelfile_close(model);
}

// The embedding of whatever answers: what is known of it is how it is called.
static void ask(struct cli *cli, const struct settings *s, const char *types, struct writer *out) {
    struct modelfile *model = modelfile_open(cli, s->model, MODEL_USED);
    struct encoder *e = load_encoder(cli, model, types);
    if (e->type->sees_states)
        cli_usage(cli, "--ask: the %s encoder sees hidden states, which a program does not tell", e->type->name);
    struct asked *asked;
    cli_check(cli, asked_start(&asked, s->ask, e->arch.input, e->arch.output, s->timeout, cli_error(cli)));
    struct tape tape = {0};
    struct rnn rnn = {.arch = &e->arch, .oracle = asked_oracle(asked)};
    struct weights w = {&e->table, e->values, NULL};
    size_t steps = (size_t)e->config.length * sizeof(struct tensor *);
    struct encoder_trace trace = {arena_alloc(&tape.arena, steps), arena_alloc(&tape.arena, steps)};
    struct tensor *z = encoder_embed(&tape, e, &w, &(struct rnn_batch){&rnn, 1}, NULL, s->traces ? &trace : NULL, NULL);
    cli_check(cli, asked_finish(asked, cli_error(cli)));
    cli_begin_segment(cli, out, NULL, 0);
    struct packer *p = writer_packer(out);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "embedding");
    pack_key(p, "run");
    pack_u64(p, 0);
    pack_key(p, "name");
    char *name = utf8_repaired(s->ask);
    pack_str(p, name);
    free(name);
    struct encoder_identity identity = encoder_identity(e);
    pack_tail(p, e, &identity, z, s->traces ? &trace : NULL, 0);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
    tape_free(&tape);
    encoder_free(e);
    modelfile_close(model);
}

#define SYNOPSIS "--new [OPTION]... < ZOO > ENCODER\n--model FILE [--data FILE] [OPTION]... < ZOO > EMBEDDINGS"

int encode_main(const struct encode_filter *filter, int argc, char **argv) {
    struct settings s = {.batch = 64, .timeout = 10};
    find_types(&s, filter->types);
    build_table(&s, filter->program.options);
    struct program program = filter->program;
    program.synopsis = type_with(&s, "probes") ? SYNOPSIS "\n--model FILE --ask COMMAND [OPTION]... > EMBEDDING" : SYNOPSIS;
    program.input = "rnn records, unless --data names them; the model when FILE is -";
    program.output = "an encoder record, or an embedding record for each rnn record";
    program.options = s.table;
    struct cli *cli = cli_begin(&program, argc, argv);
    if (s.new_encoder == (s.model != NULL))
        cli_usage(cli, "either --new or --model FILE has to be given");
    const char *data = s.data ? s.data : "-";
    if (s.ask && (!s.model || s.data))
        cli_usage(cli, "--ask goes with --model, and without --data");
    if (s.model && strcmp(s.model, "-") == 0 && strcmp(data, "-") == 0 && !s.ask)
        cli_usage(cli, "--model -: the zoo has to be named by --data FILE then");
    const struct encoder_type *type = filter->new_type ? encoder_type_find(filter->new_type()) : s.types[0];
    if (s.new_encoder) {
        check_layers(cli, &s, type);
        note_unused(cli, type);
    }

    struct reader *in = s.ask ? NULL : cli_reader(cli, data);
    struct writer *out = cli_writer(cli);

    if (s.ask)
        ask(cli, &s, filter->types, out);
    else if (s.new_encoder)
        make_encoder(cli, &s, type, in, out);
    else
        embed(cli, &s, filter->types, in, out);

    return cli_finish(cli, in, out);
}
