// How alike RNNs are, two by two: in their answers, their states, their weights; and whether they are the same.
#include "analysis/compare.h"
#include "analysis/mmd.h"
#include "base/hash.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "records/path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *reference, *field, *inputs_file;
static bool chain, same, by_position;
static int most_sequences = 16, samples = 200, permutations = 1000, limit = 10000, bos = -2, eos = -2, max_length;
static double within = -1, alpha = 0.05;

static struct option options[] = {
    {.type = OPTION_HEADING, .help = "Pairs"},
    {.type = OPTION_TEXT,
     .name = "with",
     .letter = 'w',
     .target = &reference,
     .value = "FILE",
     .help = "Compare each RNN with the one in this stream or, when there are several, with that of the same run and step"},
    {.type = OPTION_TEXT,
     .name = "by",
     .target = &field,
     .value = "FIELD",
     .help = "Compare all RNNs of different runs that have the same value in this field, as task.offsets"},
    {.type = OPTION_FLAG,
     .name = "chain",
     .letter = 'c',
     .target = &chain,
     .help = "Compare each snapshot with the one before it of the same run"},
    {.type = OPTION_INT, .name = "limit", .target = &limit, .low = 1, .high = 1e9, .help = "Refuse more pairs than this"},
    {.type = OPTION_HEADING, .help = "Shared inputs"},
    {.type = OPTION_TEXT,
     .name = "inputs",
     .target = &inputs_file,
     .value = "FILE",
     .help = "What both RNNs read (see rnn-states(1)); otherwise the rollouts of both, or words of both"},
    {.type = OPTION_INT,
     .name = "sequences",
     .letter = 'n',
     .target = &most_sequences,
     .low = 1,
     .high = 1e6,
     .help = "How many sequences of each of the two both read"},
    {.type = OPTION_INT,
     .name = "bos",
     .target = &bos,
     .low = -2,
     .high = 65535,
     .help = "The token that begins words; -1: none does; -2: as the task has it"},
    {.type = OPTION_INT, .name = "eos", .target = &eos, .low = -2, .high = 65535, .help = "The token that ends words; likewise"},
    {.type = OPTION_INT,
     .name = "max-length",
     .target = &max_length,
     .low = 0,
     .high = 4096,
     .help = "Tokens of an RNN's own words at most; 0: as the task has it, or 100"},
    {.type = OPTION_FLAG, .name = "by-position", .target = &by_position, .help = "Also write the differences at each position"},
    {.type = OPTION_HEADING, .help = "Are they the same? The exit status is 0 when all are, 1 when two are not"},
    {.type = OPTION_FLAG, .name = "same", .letter = 's', .target = &same, .help = "By a test on words that generators say"},
    {.type = OPTION_INT, .name = "samples", .target = &samples, .low = 2, .high = 5000, .help = "Words of each for the test"},
    {.type = OPTION_INT, .name = "permutations", .target = &permutations, .low = 19, .high = 1e6, .help = "Permutations of the test"},
    {.type = OPTION_REAL, .name = "alpha", .target = &alpha, .low = 0, .high = 1, .help = "They differ when the test's p is at most this"},
    {.type = OPTION_REAL,
     .name = "within",
     .target = &within,
     .low = -1,
     .high = 1e30,
     .help = "They differ when their answers to the shared inputs do, anywhere, by more than this total variation (or number); -1: not "
             "looked at"},
    {0},
};

static struct program program = {
    .name = "rnn-compare",
    .summary = "compare RNNs two by two: answers, states, weights; test whether they are the same",
    .synopsis = "--with FILE [OPTION]... < RNNS > PAIRS\n--by FIELD [OPTION]... < RNNS > PAIRS\n--chain [OPTION]... < RNNS > PAIRS",
    .input = "rnn records",
    .output = "a pair record for each two",
    .examples = "rnn-compare --with zoo.mp --within 1e-3 < zoo.mp > pairs.mp\n"
                "rnn-compare --chain < zoo.mp | rec-table --kind pair a.step b.step metrics.total_variation metrics.cka\n"
                "rec-select --step last < zoo.mp | rnn-compare --by task.offsets | rec-table --kind pair metrics.cka metrics.cosine",
    .options = options,
};

// A network that is held for a while.
struct net {
    struct value *root; // its record
    struct rnn_record record;
    struct specimen specimen;
};

struct comparison_run {
    struct cli *cli;
    struct writer *out;
    struct mapping file; // of --inputs
    struct net **held;   // the references, all RNNs so far (--by), or the last one of each run (--chain)
    int held_count;
    int pairs;
    bool differ;
};

static enum status net_open(struct net **out, const struct reader *in, struct error *error) {
    struct net *n = memory_calloc(1, sizeof *n);
    n->root = value_clone(in->record);
    enum status status = rnn_record_read(n->root, &n->record, error);
    if (status == STATUS_OK)
        status = specimen_open(&n->specimen, &n->record, error);
    if (status != STATUS_OK) {
        free(n->root);
        free(n);
        n = NULL;
    }
    *out = n;
    return status;
}

static void net_close(struct net *n) {
    specimen_close(&n->specimen);
    free(n->root);
    free(n);
}

static void hold(struct comparison_run *c, struct net *n) {
    size_t old = (size_t)c->held_count * sizeof *c->held;
    c->held = memory_realloc(c->held, old, old + sizeof *c->held);
    c->held[c->held_count++] = n;
}

// --- Shared inputs ---

static enum status find_speech(struct speech *out, const struct net *n, struct error *error) {
    return speech_of(out, &n->record, &(struct speech_options){bos, eos, max_length}, error);
}

// Random numbers of one RNN: a copy elsewhere (side) draws others.
static struct rng net_rng(const struct comparison_run *c, const struct net *n, int side) {
    return rng_make(cli_common(c->cli)->seed, hash_mix(n->record.run) ^ hash_mix(n->record.step + 1), side ? "compare b" : "compare a");
}

static enum status own_sequences(const struct comparison_run *c, struct net *n, int side, struct sequences *all) {
    struct sequences own;
    enum status status = sequences_of_rollouts(&own, &n->record, most_sequences, cli_error(c->cli));
    if (status != STATUS_OK)
        return status;
    if (!own.count) {
        struct speech s;
        if (!speech_generates(&n->record))
            return error_set(cli_error(c->cli), STATUS_DATA,
                             "the RNN has no rollouts and says no words of its own: --inputs has to tell what it reads");
        if (find_speech(&s, n, cli_error(c->cli)) != STATUS_OK)
            return cli_error(c->cli)->status;
        struct rng rng = net_rng(c, n, side);
        sequences_sample(&own, n->specimen.walker, &s, most_sequences, &rng);
    }
    for (int i = 0; i < own.count; i++)
        sequences_add(all, own.list[i]);
    all->width = own.width > all->width ? own.width : all->width;
    free(own.list);
    return STATUS_OK;
}

static enum status shared_sequences(const struct comparison_run *c, struct net *a, struct net *b, struct sequences *out) {
    *out = (struct sequences){0};
    if (!inputs_file) {
        enum status status = own_sequences(c, a, 0, out);
        return status == STATUS_OK ? own_sequences(c, b, 1, out) : status;
    }
    bool tokens = rnn_reads_tokens(&a->record.arch);
    enum status status = sequences_parse(out, (const char *)c->file.bytes, c->file.size, tokens, a->record.arch.input, cli_error(c->cli));
    if (status == STATUS_OK)
        status = sequences_check(out, &a->record.arch, cli_error(c->cli));
    return status == STATUS_OK ? status : error_prefix(cli_error(c->cli), "%s", inputs_file);
}

// --- The test ---

// `samples` words as rows of one length, filled up with EOS.
static int *sampled_rows(const struct comparison_run *c, struct net *n, const struct speech *s, int side, int length, int fill) {
    struct rng rng = net_rng(c, n, side);
    struct sequences words;
    int *rows = memory_alloc((size_t)samples * (size_t)length * sizeof *rows);
    sequences_sample(&words, n->specimen.walker, s, samples, &rng);
    for (int i = 0; i < samples; i++)
        for (int t = 0; t < length; t++)
            rows[i * length + t] = t < words.list[i].length ? words.list[i].tokens[t] : fill;
    sequences_free(&words);
    return rows;
}

static struct mmd test(const struct comparison_run *c, struct net *a, struct net *b, const struct speech *x, const struct speech *y) {
    int length = (x->most_tokens > y->most_tokens ? x->most_tokens : y->most_tokens) + 1;
    int *rows_a = sampled_rows(c, a, x, 0, length, -1), *rows_b = sampled_rows(c, b, y, 1, length, -1);
    struct rng rng = net_rng(c, b, 0);
    struct mmd result = mmd_test(rows_a, samples, rows_b, samples, length, permutations, &rng);
    free(rows_a);
    free(rows_b);
    return result;
}

// --- Records ---

static void pack_name(struct packer *p, const char *key, const struct net *n) {
    char name[TEXT_FIELD_SIZE];
    pack_key(p, key);
    pack_map(p);
    pack_key(p, "run");
    pack_u64(p, n->record.run);
    pack_key(p, "step");
    pack_u64(p, n->record.step);
    if (value_to_text(value_get(n->root, "name"), name, sizeof name)) {
        pack_key(p, "name");
        pack_str(p, name);
    }
    pack_end(p);
}

static void pack_number(struct packer *p, const char *key, double number) {
    if (isnan(number))
        return;
    pack_key(p, key);
    pack_double(p, number);
}

static void pack_metrics(struct packer *p, const struct likeness *l, bool numbers) {
    const struct {
        const char *key;
        double number;
        bool of_numbers, of_classes;
    } all[] = {{"total_variation", l->total_variation, false, true},
               {"total_variation_max", l->total_variation_max, false, true},
               {"kl", l->kl, false, true},
               {"kl_max", l->kl_max, false, true},
               {"kl_reverse", l->kl_reverse, false, true},
               {"agreement", l->agreement, false, true},
               {"mean_squared", l->mean_squared, true, false},
               {"absolute_max", l->absolute_max, true, false},
               {"cka", l->cka, true, true},
               {"cka_debiased", l->cka_debiased, true, true},
               {"cosine", l->cosine, true, true}};
    pack_key(p, "positions");
    pack_i64(p, l->positions);
    pack_key(p, "metrics");
    pack_map(p);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (numbers ? all[i].of_numbers : all[i].of_classes)
            pack_number(p, all[i].key, all[i].number);
    pack_end(p);
    if (by_position) {
        pack_key(p, "by_position");
        pack_array(p, DTYPE_F8, 1, (uint64_t[]){(uint64_t)l->longest}, l->by_position);
    }
}

// Whether they are the same, by what was asked for; m: with --same only.
static void pack_verdict(struct comparison_run *c, struct packer *p, const struct mmd *m, const struct likeness *l, bool numbers) {
    bool alike = within < 0 || (numbers ? l->absolute_max : l->total_variation_max) <= within;
    if (same) {
        pack_key(p, "mmd");
        pack_double(p, m->squared);
        pack_key(p, "p");
        pack_double(p, m->p);
        alike = alike && m->p > alpha;
    }
    if (same || within >= 0) {
        pack_key(p, "same");
        pack_bool(p, alike);
        c->differ |= !alike;
    }
}

// What both are to read, and how their words begin and end (--same); why they can't be compared otherwise.
static enum status prepare(struct comparison_run *c, struct net *a, struct net *b, struct sequences *sequences, struct speech *x,
                           struct speech *y) {
    enum { IO = ARCH_INPUT | ARCH_OUTPUT };
    char text[RNN_ARCH_TEXT_SIZE];
    struct error *error = cli_error(c->cli);
    *sequences = (struct sequences){0};
    rnn_arch_difference(text, &a->record.arch, &b->record.arch, IO);
    if (*text)
        return error_set(error, STATUS_DATA, "the two RNNs can't be compared: %s", text);
    if (same && !speech_generates(&a->record))
        return error_set(error, STATUS_DATA, "--same: the RNN says no words; --within compares answers");
    enum status status = shared_sequences(c, a, b, sequences);
    if (status == STATUS_OK && same)
        status = find_speech(x, a, error);
    if (status == STATUS_OK && same)
        status = find_speech(y, b, error);
    return status;
}

static enum status compare(struct comparison_run *c, struct net *a, struct net *b) {
    bool numbers = !rnn_answers_classes(&a->record.arch);
    struct sequences sequences;
    struct speech x, y;
    struct likeness l;
    struct mmd m = {0};
    enum status status = prepare(c, a, b, &sequences, &x, &y);
    if (status != STATUS_OK) {
        sequences_free(&sequences);
        return status;
    }
    if (++c->pairs > limit)
        cli_check(c->cli, error_set(cli_error(c->cli), STATUS_DATA, "more than %d pairs (--limit)", limit));
    if (same)
        m = test(c, a, b, &x, &y);
    compare_networks(&l, &a->specimen, &b->specimen, &sequences, numbers);
    struct packer *p = writer_packer(c->out);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "pair");
    pack_key(p, "run");
    pack_u64(p, b->record.run);
    pack_key(p, "step");
    pack_u64(p, b->record.step);
    pack_name(p, "a", a);
    pack_name(p, "b", b);
    pack_metrics(p, &l, numbers);
    pack_verdict(c, p, &m, &l, numbers);
    pack_end(p);
    cli_check(c->cli, writer_commit(c->out, cli_error(c->cli)));
    likeness_free(&l);
    sequences_free(&sequences);
    return STATUS_OK;
}

// --- Pairs ---

static void read_references(struct comparison_run *c) {
    struct reader *in = cli_reader(c->cli, reference);
    while (cli_read_model(c->cli, in)) {
        struct net *n;
        if (in->event != READER_DATA || !value_is(value_get(in->record, "kind"), "rnn"))
            continue;
        cli_check_record(c->cli, in, net_open(&n, in, cli_error(c->cli)));
        hold(c, n);
    }
    if (!c->held_count)
        cli_check(c->cli, error_set(cli_error(c->cli), STATUS_DATA, "%s: no rnn record in it", in->name));
    reader_close(in);
}

static bool same_name(const struct net *a, const struct net *b) {
    return a->record.run == b->record.run && a->record.step == b->record.step;
}

// Zoos number their runs from 0: two of them in one stream have RNNs that nobody can tell apart. Told once.
static void tell_twins(const struct comparison_run *c, const struct net *n, const char *what) {
    static bool told;
    if (!told)
        cli_note(c->cli, "run %llu, step %llu is there more than once: %s (rec-info shows all)", (unsigned long long)n->record.run,
                 (unsigned long long)n->record.step, what);
    told = true;
}

// Each of the three takes an RNN over, unless it fails.
static enum status compare_with_reference(struct comparison_run *c, struct net *n) {
    for (int i = 0; i < c->held_count; i++)
        if (c->held_count == 1 || same_name(c->held[i], n)) {
            for (int k = i + 1; k < c->held_count; k++)
                if (same_name(c->held[k], n))
                    tell_twins(c, n, "the first of the references is taken");
            enum status status = compare(c, c->held[i], n);
            if (status == STATUS_OK)
                net_close(n);
            return status;
        }
    return error_set(cli_error(c->cli), STATUS_DATA, "no RNN of run %llu and step %llu in %s", (unsigned long long)n->record.run,
                     (unsigned long long)n->record.step, reference);
}

static bool field_equal(const struct net *a, const struct net *b) {
    struct found x, y;
    double p, q;
    if (!path_find(a->root, field, &x) || !path_find(b->root, field, &y))
        return false;
    if (path_number(a->root, field, &p) && path_number(b->root, field, &q))
        return p == q;
    return !x.in_array && !y.in_array && x.value->length == y.value->length && memcmp(x.value->bytes, y.value->bytes, x.value->length) == 0;
}

static enum status compare_by_field(struct comparison_run *c, struct net *n) {
    struct found found;
    enum status status = STATUS_OK;
    if (!path_find(n->root, field, &found))
        status = error_set(cli_error(c->cli), STATUS_DATA, "--by: no field '%s' in it", field);
    for (int i = 0; i < c->held_count && status == STATUS_OK; i++)
        if (c->held[i]->record.run != n->record.run && field_equal(c->held[i], n))
            status = compare(c, c->held[i], n);
    if (status == STATUS_OK)
        hold(c, n);
    return status;
}

static enum status compare_in_chain(struct comparison_run *c, struct net *n) {
    for (int i = 0; i < c->held_count; i++)
        if (c->held[i]->record.run == n->record.run) {
            if (same_name(c->held[i], n))
                tell_twins(c, n, "it is compared with its namesake");
            enum status status = compare(c, c->held[i], n);
            if (status == STATUS_OK) {
                net_close(c->held[i]);
                c->held[i] = n;
            }
            return status;
        }
    hold(c, n);
    return STATUS_OK;
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if ((reference != NULL) + (field != NULL) + chain != 1)
        cli_usage(cli, "one of --with FILE, --by FIELD and --chain has to be given");

    struct comparison_run c = {.cli = cli};
    if (inputs_file)
        c.file = cli_mapping(cli, inputs_file);
    if (reference)
        read_references(&c);
    struct reader *in = cli_reader(cli, "-");
    c.out = cli_writer(cli);
    while (cli_next(cli, in, c.out, "rnn")) {
        struct net *n;
        enum status status = net_open(&n, in, cli_error(cli));
        if (status == STATUS_OK)
            status = reference ? compare_with_reference(&c, n) : field ? compare_by_field(&c, n) : compare_in_chain(&c, n);
        if (!cli_usable(cli, in, c.out, status) && n)
            net_close(n);
    }

    for (int i = 0; i < c.held_count; i++)
        net_close(c.held[i]);
    free(c.held);
    int code = cli_finish(cli, in, c.out);
    mapping_close(&c.file); // not earlier: cli_finish checks it
    return code == EXIT_SUCCESS && c.differ ? EXIT_DIFFERENT : code;
}
