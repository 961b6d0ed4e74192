// What goes on inside of RNNs while they read: states and gates as arrays, and the units that count.
#include "analysis/counters.h"
#include "base/memory.h"
#include "base/textlist.h"
#include "cli/cli.h"
#include "cli/shared_options.h"

#include <stdlib.h>
#include <string.h>

static const char *what = "h,c", *inputs_file;
static int most_sequences = 4, bos = -2, eos = -2, max_length, most_n = 20;
static bool counters;

static struct option options[] = {
    {.type = OPTION_TEXT, .name = "what", .target = &what, .value = "LIST", .help = "Which of h, c, gates and answers to write"},
    {.type = OPTION_TEXT,
     .name = "inputs",
     .target = &inputs_file,
     .value = "FILE",
     .help = "What the RNNs read: lines of tokens, or of rows of numbers with empty lines between sequences, or .npy; otherwise their "
             "rollouts, or words of their own"},
    SEQUENCES_OPTION(&most_sequences, "its own each RNN reads"),
    {.type = OPTION_FLAG,
     .name = "counters",
     .target = &counters,
     .help = "Write instead which units count, and how far the RNN counts right"},
    {.type = OPTION_INT, .name = "max-n", .target = &most_n, .low = 1, .high = 1000, .help = "Count no further than this"},
    BOS_OPTION(&bos),
    EOS_OPTION(&eos),
    MAX_LENGTH_OPTION(&max_length, "an RNN's own words"),
    {0},
};

static struct program program = {
    .name = "rnn-states",
    .summary = "write the states of RNNs while they read, or find the units that count",
    .synopsis = "[OPTION]... < RNNS > TRACES\n--counters [OPTION]... < RNNS > COUNTERS",
    .input = "rnn records",
    .output = "a trace record for each sequence, or a counters record for each RNN",
    .examples =
        "rnn-states --sequences 1 < zoo.mp > traces.mp\nrnn-states --counters < zoo.mp | rec-table --kind counters run step reach count",
    .options = options,
};

struct reading {
    struct cli *cli;
    const struct reader *in;
    struct writer *out;
    struct mapping file; // of --inputs
    struct rnn_record record;
    struct specimen specimen;
    struct speech speech; // how its words begin and end, where it says any
};

// --- What is read ---

static enum status file_sequences(const struct reading *r, struct sequences *out) {
    bool tokens = rnn_reads_tokens(&r->record.arch);
    enum status status = sequences_parse(out, (const char *)r->file.bytes, r->file.size, tokens, r->record.arch.input, cli_error(r->cli));
    if (status == STATUS_OK)
        status = sequences_check(out, &r->record.arch, cli_error(r->cli));
    return status == STATUS_OK ? status : error_prefix(cli_error(r->cli), "%s", inputs_file);
}

static enum status find_speech(struct reading *r) {
    return speech_of(&r->speech, &r->record, &(struct speech_options){bos, eos, max_length}, cli_error(r->cli));
}

static enum status own_sequences(const struct reading *r, struct sequences *out) {
    struct rng rng = rng_make(cli_common(r->cli)->seed, r->record.run, "states");
    return sequences_own(out, &r->record, r->specimen.walker, &(struct speech_options){bos, eos, max_length}, most_sequences, &rng,
                         cli_error(r->cli));
}

// --- Records ---

static void begin_record(const struct reading *r, const char *kind) {
    static const char *const anew[] = {"kind", "weights", "rollouts", "sequence", "inputs",   "answers", "h",
                                       "c",    "gates",   "reach",    "count",    "counters", NULL};
    struct packer *p = writer_packer(r->out);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, kind);
    pack_rest(p, r->record.root, anew);
}

static void end_record(const struct reading *r) {
    pack_end(writer_packer(r->out));
    cli_check(r->cli, writer_commit(r->out, cli_error(r->cli)));
}

static void pack_inputs(struct packer *p, const struct sequence *s, int width) {
    pack_key(p, "inputs");
    if (s->tokens)
        pack_array(p, DTYPE_I4, 1, (uint64_t[]){(uint64_t)s->length}, s->tokens);
    else
        pack_array(p, DTYPE_F4, 2, (uint64_t[]){(uint64_t)s->length, (uint64_t)width}, s->inputs);
}

// [L,T,width] from rows of a trace: row t of layer l at from + t * step + l * layer.
static void pack_layers(struct packer *p, const char *key, const float *from, const struct rnn_arch *arch, int steps, size_t step,
                        size_t layer, size_t width) {
    size_t L = (size_t)arch->layers, T = (size_t)steps;
    float *all = memory_alloc(L * T * width * sizeof *all);
    for (size_t l = 0; l < L; l++)
        for (size_t t = 0; t < T; t++)
            memcpy(all + (l * T + t) * width, from + t * step + l * layer, width * sizeof *all);
    pack_key(p, key);
    pack_array(p, DTYPE_F4, 3, (uint64_t[]){L, T, width}, all);
    free(all);
}

static bool wanted(const char *name) {
    return option_is_choice(what, name);
}

static void write_trace(const struct reading *r, const struct sequence *s, int index) {
    const struct rnn_arch *arch = &r->record.arch;
    const struct walker *w = r->specimen.walker;
    struct packer *p = writer_packer(r->out);
    size_t H = (size_t)arch->hidden, state = walker_state_size(w), vectors = (size_t)walker_vectors(w), G = (size_t)walker_gates(w) * H;
    struct trace t;
    trace_take(&t, r->specimen.walker, s);
    begin_record(r, "trace");
    pack_key(p, "sequence");
    pack_i64(p, index);
    pack_inputs(p, s, arch->input);
    if (wanted("answers")) {
        pack_key(p, "answers");
        pack_array(p, DTYPE_F4, 2, (uint64_t[]){(uint64_t)t.steps, (uint64_t)arch->output}, t.answers);
    }
    if (wanted("h"))
        pack_layers(p, "h", t.states, arch, t.steps, state, vectors * H, H);
    if (wanted("c") && vectors == 2)
        pack_layers(p, "c", t.states + H, arch, t.steps, state, vectors * H, H);
    if (wanted("gates"))
        pack_layers(p, "gates", t.gates, arch, t.steps, (size_t)arch->layers * G, G, G);
    end_record(r);
    trace_free(&t);
}

// --- Counters ---

// BOS and the longest word that the RNN was trained on: its blocks are the letters'.
static struct sequence longest_word(const struct reading *r) {
    struct words words;
    speech_truth(&words, &r->record);
    const struct word *longest = &words.list[0];
    for (int i = 1; i < words.count; i++)
        longest = words.list[i].length > longest->length ? &words.list[i] : longest;
    struct sequence s = {.length = longest->length + 1, .tokens = memory_alloc(((size_t)longest->length + 1) * sizeof *s.tokens)};
    s.tokens[0] = r->speech.bos;
    memcpy(s.tokens + 1, words.tokens + longest->first, (size_t)longest->length * sizeof *s.tokens);
    words_free(&words);
    return s;
}

static void pack_block(struct packer *p, const struct counter_block *b) {
    pack_map(p);
    pack_key(p, "token");
    pack_i64(p, b->token);
    pack_key(p, "first");
    pack_i64(p, b->first);
    pack_key(p, "length");
    pack_i64(p, b->length);
    pack_key(p, "slope");
    pack_double(p, b->slope);
    pack_key(p, "r2");
    pack_double(p, b->r2);
    pack_end(p);
}

static void pack_counters(struct packer *p, const struct counter *list, int count, int block_count) {
    pack_key(p, "count");
    pack_i64(p, count);
    pack_key(p, "counters");
    pack_list(p);
    for (int i = 0; i < count; i++) {
        pack_map(p);
        pack_key(p, "layer");
        pack_i64(p, list[i].layer);
        pack_key(p, "unit");
        pack_i64(p, list[i].unit);
        pack_key(p, "blocks");
        pack_list(p);
        for (int b = 0; b < block_count; b++)
            pack_block(p, &list[i].blocks[b]);
        pack_end(p);
        pack_end(p);
    }
    pack_end(p);
}

static void write_counters(const struct reading *r) {
    struct packer *p = writer_packer(r->out);
    struct sequence word = longest_word(r);
    struct counter *list;
    struct trace t;
    int block_count;
    trace_take(&t, r->specimen.walker, &word);
    int count = counters_find(&list, &block_count, &t, r->specimen.walker, &word, &counter_limits);
    begin_record(r, "counters");
    pack_key(p, "reach");
    pack_i64(p, counters_reach(r->specimen.walker, &r->record.task, r->speech.bos, most_n));
    pack_inputs(p, &word, 0);
    pack_counters(p, list, count, block_count);
    end_record(r);
    counters_free(list, count);
    trace_free(&t);
    free(word.tokens);
}

static enum status counts(struct reading *r) {
    const struct family *family = r->record.task.family;
    if (!rnn_record_suits_task(&r->record) || !family->counted || !speech_generates(&r->record))
        return error_set(cli_error(r->cli), STATUS_DATA, "--counters: the task is none of a language that counts");
    return find_speech(r);
}

static void examine(struct reading *r) {
    struct sequences s = {0};
    enum status status = rnn_record_read(r->in->record, &r->record, cli_error(r->cli));
    if (status == STATUS_OK)
        status = specimen_open(&r->specimen, &r->record, cli_error(r->cli));
    bool opened = status == STATUS_OK;
    if (opened)
        status = counters ? counts(r) : inputs_file ? file_sequences(r, &s) : own_sequences(r, &s);
    if (cli_usable(r->cli, r->in, r->out, status)) {
        if (counters)
            write_counters(r);
        for (int i = 0; i < s.count; i++)
            write_trace(r, &s.list[i], i);
    }
    sequences_free(&s);
    if (opened)
        specimen_close(&r->specimen);
}

static void check_what(struct cli *cli) {
    const char *list = what;
    for (char name[16]; textlist_copy(&list, name, sizeof name);)
        if (!option_is_choice("h|c|gates|answers", name))
            cli_usage(cli, "--what: '%s' is none of h, c, gates, answers", name);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    check_what(cli);
    if (counters)
        cli_note_other_mode(cli, "what|inputs|sequences", "with --counters");
    else
        cli_note_other_mode(cli, "max-n", "without --counters");

    struct reading r = {.cli = cli};
    if (inputs_file)
        r.file = cli_mapping(cli, inputs_file);
    struct reader *in = cli_reader(cli, "-");
    r.in = in;
    r.out = cli_writer(cli);
    while (cli_next(cli, in, r.out, "rnn"))
        examine(&r);

    int code = cli_finish(cli, in, r.out);
    mapping_close(&r.file); // not earlier: cli_finish checks it
    return code;
}
