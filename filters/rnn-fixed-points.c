// Where the states of RNNs come to rest while their input is held.
#include "analysis/fixed_points.h"
#include "analysis/sequences.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/numtext.h"
#include "base/textlist.h"
#include "cli/cli.h"
#include "cli/shared_options.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

static const char *held, *inputs_file;
static int most_starts = 64, most_sequences = 16, settle, bos = -2, eos = -2, max_length;
static double noise, most_q = 1e-10;

static struct option options[] = {
    {.type = OPTION_TEXT,
     .name = "input",
     .letter = 'i',
     .target = &held,
     .value = "LIST",
     .words = "all|zero",
     .help = "What is held: tokens, each by itself, or all (the default); of RNNs that read numbers, a row of them, or zero (the default)"},
    {.type = OPTION_INT, .name = "starts", .target = &most_starts, .low = 1, .high = 1e6, .help = "States that searches start from"},
    {.type = OPTION_REAL,
     .name = "noise",
     .target = &noise,
     .low = 0,
     .high = 1e6,
     .help = "Deviation of normal noise that is added to the starts"},
    {.type = OPTION_INT,
     .name = "settle",
     .target = &settle,
     .low = 0,
     .high = 1e6,
     .help = "Steps with the held input before each search: what attracts the state is found then"},
    {.type = OPTION_REAL,
     .name = "max-q",
     .letter = 'q',
     .target = &most_q,
     .low = 0,
     .high = 1e30,
     .help = "Points whose q, half the squared distance that a step moves the state, is at most this; larger: slow points, too"},
    {.type = OPTION_HEADING, .help = "Where the starts come from: states in which the RNN is while it reads"},
    {.type = OPTION_TEXT,
     .name = "inputs",
     .target = &inputs_file,
     .value = "FILE",
     .help = "This (see rnn-states(1)); otherwise its rollouts, or words of its own"},
    SEQUENCES_OPTION(&most_sequences, "its own each RNN reads"),
    BOS_OPTION(&bos),
    EOS_OPTION(&eos),
    MAX_LENGTH_OPTION(&max_length, "an RNN's own words"),
    {0},
};

static struct program program = {
    .name = "rnn-fixed-points",
    .summary = "find where the states of RNNs come to rest while their input is held",
    .synopsis = "[OPTION]... < RNNS > POINTS",
    .input = "rnn records",
    .output = "a fixed_point record for each point",
    .examples = "rnn-fixed-points --starts 16 < zoo.mp > points.mp\n"
                "rnn-fixed-points --starts 16 --input 0 --max-q 1e-4 < zoo.mp | rec-table --kind fixed_point run step q stable starts",
    .options = options,
};

struct search {
    struct cli *cli;
    const struct reader *in;
    struct writer *out;
    struct mapping file; // of --inputs
    struct rnn_record record;
    struct specimen specimen;
    float *starts; // [count,S]
    int count;
};

// --- Starts: states drawn from those in which the RNN is while it reads ---

static enum status read_sequences(const struct search *s, struct sequences *out, struct rng *rng) {
    const struct rnn_arch *arch = &s->record.arch;
    struct error *error = cli_error(s->cli);
    if (!inputs_file)
        return sequences_own(out, &s->record, s->specimen.walker, &(struct speech_options){bos, eos, max_length}, most_sequences, rng,
                             error);
    enum status status = sequences_parse(out, (const char *)s->file.bytes, s->file.size, rnn_reads_tokens(arch), arch->input, error);
    if (status == STATUS_OK)
        status = sequences_check(out, arch, error);
    return status == STATUS_OK ? status : error_prefix(error, "%s", inputs_file);
}

static enum status find_starts(struct search *s) {
    struct rng rng = rng_make(cli_common(s->cli)->seed, hash_mix(s->record.run) ^ s->record.step, "fixed points");
    struct sequences all = {0};
    size_t S = walker_state_size(s->specimen.walker);
    enum status status = read_sequences(s, &all, &rng);
    if (status == STATUS_OK && !all.count)
        status = error_set(cli_error(s->cli), STATUS_DATA, "no sequence to start from");
    struct trace *traces = memory_calloc((size_t)all.count + 1, sizeof *traces);
    for (int i = 0; i < all.count && status == STATUS_OK; i++)
        trace_take(&traces[i], s->specimen.walker, &all.list[i]);
    s->count = status == STATUS_OK ? most_starts : 0;
    s->starts = memory_calloc((size_t)s->count * S + 1, sizeof *s->starts);
    for (int i = 0; i < s->count; i++) {
        const struct trace *t = &traces[rng_below(&rng, (uint64_t)all.count)];
        uint64_t at = rng_below(&rng, (uint64_t)t->steps + 1); // 0: before the first input
        if (at)
            memcpy(s->starts + (size_t)i * S, t->states + (at - 1) * S, S * sizeof *s->starts);
        for (size_t k = 0; noise > 0 && k < S; k++)
            s->starts[(size_t)i * S + k] += (float)noise * rng_normal(&rng);
    }
    for (int i = 0; i < all.count && status == STATUS_OK; i++)
        trace_free(&traces[i]);
    free(traces);
    sequences_free(&all);
    return status;
}

// --- What is held ---

// The next number of a comma-separated list, which moves on; false when there is none.
static bool next_number(const char **list, double *number) {
    char item[64];
    struct error reason;
    return textlist_copy(list, item, sizeof item) && numtext_double(item, -FLT_MAX, FLT_MAX, number, &reason) == STATUS_OK;
}

static bool is(const char *word) {
    return held && strcmp(held, word) == 0;
}

// How many inputs are held, one after the other: tokens in `tokens`, or one row in numbers [I]. 0: --input is none for this RNN, which the
// error says.
static int find_inputs(const struct search *s, int *tokens, float *numbers) {
    const struct rnn_arch *arch = &s->record.arch;
    const char *list = held;
    double number = 0;
    int count = 0;
    bool reads_tokens = rnn_reads_tokens(arch), whole = !held || is(reads_tokens ? "all" : "zero"), right = true;
    for (; right && count < arch->input && (whole || list); count++) {
        if (whole)
            number = reads_tokens ? count : 0;
        else
            right = next_number(&list, &number) && (!reads_tokens || (number >= 0 && number < arch->input && number == (int)number));
        if (reads_tokens)
            tokens[count] = right ? (int)number : 0;
        else
            numbers[count] = (float)number;
    }
    if (right && (whole || !list) && (reads_tokens || count == arch->input))
        return reads_tokens ? count : 1;
    error_set(cli_error(s->cli), STATUS_DATA,
              reads_tokens ? "--input %s: not 'all', nor a list of tokens below %d" : "--input %s: not 'zero', nor a row of %d numbers",
              held, arch->input);
    return 0;
}

// --- Records ---

static void pack_state(struct packer *p, const struct search *s, const float *state) {
    static const char *const names[] = {"h", "c"};
    const struct rnn_arch *arch = &s->record.arch;
    int vectors = walker_vectors(s->specimen.walker);
    size_t L = (size_t)arch->layers, H = (size_t)arch->hidden;
    float *part = memory_alloc(L * H * sizeof *part);
    for (int v = 0; v < vectors; v++) {
        for (size_t l = 0; l < L; l++)
            memcpy(part + l * H, state + (l * (size_t)vectors + (size_t)v) * H, H * sizeof *part);
        pack_key(p, names[v]);
        pack_array(p, DTYPE_F4, 2, (uint64_t[]){L, H}, part);
    }
    free(part);
}

static void pack_eigenvalues(struct packer *p, const struct fixed_point *point, size_t S) {
    double *both = memory_alloc(2 * S * sizeof *both);
    for (size_t i = 0; i < S; i++) {
        both[2 * i] = point->re[i];
        both[2 * i + 1] = point->im[i];
    }
    pack_key(p, "eigenvalues");
    pack_array(p, DTYPE_F8, 2, (uint64_t[]){S, 2}, both);
    free(both);
}

static void write_point(const struct search *s, const struct held_input *input, const struct fixed_point *point) {
    static const char *const anew[] = {"kind", "weights", "rollouts", "input", "h", "c", "q", "eigenvalues", "stable", "starts", NULL};
    struct packer *p = writer_packer(s->out);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "fixed_point");
    pack_rest(p, s->record.root, anew);
    pack_key(p, "input");
    if (input->numbers)
        pack_array(p, DTYPE_F4, 1, (uint64_t[]){(uint64_t)s->record.arch.input}, input->numbers);
    else
        pack_i64(p, input->token);
    pack_state(p, s, point->state);
    pack_key(p, "q");
    pack_double(p, point->q);
    pack_eigenvalues(p, point, walker_state_size(s->specimen.walker));
    pack_key(p, "stable");
    pack_bool(p, point->stable);
    pack_key(p, "starts");
    pack_i64(p, point->starts);
    pack_end(p);
    cli_check(s->cli, writer_commit(s->out, cli_error(s->cli)));
}

static void search_all(const struct search *s, const int *tokens, const float *numbers, int count) {
    for (int i = 0; i < count; i++) {
        const struct held_input input = {tokens[i], rnn_reads_tokens(&s->record.arch) ? NULL : numbers};
        struct fixed_point *list;
        int found = fixed_points_find(&list, s->specimen.walker, &input, s->starts, s->count, settle, most_q);
        for (int k = 0; k < found; k++)
            write_point(s, &input, &list[k]);
        fixed_points_free(list, found);
    }
}

static void examine(struct search *s) {
    enum { MOST_STATES = 1024 }; // beyond, a search would take minutes
    enum status status = rnn_record_read(s->in->record, &s->record, cli_error(s->cli));
    if (status == STATUS_OK && (long)s->record.arch.layers * s->record.arch.hidden * s->record.arch.cell->states > MOST_STATES)
        status = error_set(cli_error(s->cli), STATUS_DATA, "a state of more than %d numbers", MOST_STATES);
    if (status == STATUS_OK)
        status = specimen_open(&s->specimen, &s->record, cli_error(s->cli));
    bool opened = status == STATUS_OK;
    size_t I = opened ? (size_t)s->record.arch.input : 1;
    int *tokens = memory_calloc(I, sizeof *tokens), count = 0;
    float *numbers = memory_calloc(I, sizeof *numbers);
    s->starts = NULL;
    if (opened) {
        count = find_inputs(s, tokens, numbers);
        status = count ? find_starts(s) : cli_error(s->cli)->status;
    }
    if (cli_usable(s->cli, s->in, s->out, status))
        search_all(s, tokens, numbers, count);
    free(tokens);
    free(numbers);
    free(s->starts);
    if (opened)
        specimen_close(&s->specimen);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);

    struct search s = {.cli = cli};
    if (inputs_file)
        s.file = cli_mapping(cli, inputs_file);
    struct reader *in = cli_reader(cli, "-");
    s.in = in;
    s.out = cli_writer(cli);
    while (cli_next(cli, in, s.out, "rnn"))
        examine(&s);

    int code = cli_finish(cli, in, s.out);
    mapping_close(&s.file); // not earlier: cli_finish checks it
    return code;
}
