// How alike RNNs are, two by two: in their answers, their states, their weights; and whether they are the same.
#include "analysis/compare.h"
#include "analysis/dynamics.h"
#include "analysis/pair_path.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "records/path.h"

#include <stdlib.h>
#include <string.h>

static const char *reference, *field, *path;
static bool chain, same, by_position;
static int limit = 10000, rank;
static double within = -1, alpha = 0.05;
static struct pair_options of_pairs = {.most_sequences = 16, .samples = 200, .permutations = 1000, .speech = {.bos = -2, .eos = -2}};
static struct image_sets images;
static struct path_options of_paths = {.points = 5, .batch = 128, .batches = 4, .samples = 1000, .images = &images}; // the bend's: see main

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
     .target = &of_pairs.inputs_name,
     .value = "FILE",
     .help = "What both RNNs read (see rnn-states(1)); otherwise the rollouts of both, or words of both"},
    SEQUENCES_OPTION(&of_pairs.most_sequences, "each of the two both read"),
    BOS_OPTION(&of_pairs.speech.bos),
    EOS_OPTION(&of_pairs.speech.eos),
    MAX_LENGTH_OPTION(&of_pairs.speech.most_tokens, "an RNN's own words"),
    {.type = OPTION_FLAG, .name = "by-position", .target = &by_position, .help = "Also write the differences at each position"},
    {.type = OPTION_INT,
     .name = "dynamics",
     .letter = 'd',
     .target = &rank,
     .value = "RANK",
     .low = 0,
     .high = 200,
     .help = "Also compare what inputs do to the states, as linear systems of at most so many principal coordinates; 0: don't"},
    {.type = OPTION_HEADING, .help = "Are they the same? The exit status is 0 when all are, 1 when two are not"},
    {.type = OPTION_FLAG, .name = "same", .letter = 's', .target = &same, .help = "By a test on words that generators say"},
    {.type = OPTION_INT, .name = "samples", .target = &of_pairs.samples, .low = 2, .high = 5000, .help = "Words of each for the test"},
    {.type = OPTION_INT,
     .name = "permutations",
     .target = &of_pairs.permutations,
     .low = 19,
     .high = 1e6,
     .help = "Permutations of the test"},
    {.type = OPTION_REAL, .name = "alpha", .target = &alpha, .low = 0, .high = 1, .help = "They differ when the test's p is at most this"},
    {.type = OPTION_REAL,
     .name = "within",
     .target = &within,
     .low = -1,
     .high = 1e30,
     .help = "They differ when their answers to the shared inputs do, anywhere, by more than this total variation (or number); -1: not "
             "looked at"},
    {.type = OPTION_HEADING, .help = "Paths of weights between two RNNs of one task, as they are and aligned"},
    {.type = OPTION_CHOICE,
     .name = "path",
     .letter = 'p',
     .target = &path,
     .choices = "linear|bezier",
     .help = "A straight line, or a curve whose bend is trained"},
    {.type = OPTION_INT,
     .name = "points",
     .target = &of_paths.points,
     .low = 2,
     .high = 10001,
     .help = "At so many points of the path, both ends among them"},
    {.type = OPTION_INT,
     .name = "batch",
     .letter = 'b',
     .target = &of_paths.batch,
     .low = 1,
     .high = 1e6,
     .help = "Strings, or images, in a batch"},
    {.type = OPTION_INT, .name = "batches", .target = &of_paths.batches, .low = 1, .high = 1e6, .help = "Batches in the evaluation set"},
    {.type = OPTION_INT,
     .name = "error-samples",
     .target = &of_paths.samples,
     .low = 1,
     .high = 1e6,
     .help = "Strings, or images, by which errors are told"},
    {.type = OPTION_INT,
     .name = "bend-steps",
     .target = &of_paths.recipe.steps,
     .low = 0,
     .high = 1e9,
     .help = "Training steps of the bend, a batch each"},
    {.type = OPTION_REAL,
     .name = "bend-rate",
     .target = &of_paths.recipe.rate,
     .low = 0,
     .high = 1e30,
     .help = "Learning rate of the bend"},
    IMAGES_OPTION(&images.directory, ""),
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
                "rec-select --step last < zoo.mp | rnn-compare --by task.offsets | rec-table --kind pair metrics.cka metrics.cosine\n"
                "rec-select --step last < zoo.mp | rnn-compare --by task.offsets --dynamics 10 | rec-table --kind pair metrics.dynamics\n"
                "rnn-compare --chain --path linear < zoo.mp | rec-table --kind pair b.step metrics.barrier metrics.barrier_aligned",
    .options = options,
};

struct comparison_run {
    struct cli *cli;
    struct writer *out;
    struct net **held; // the references, all RNNs so far (--by), or the last one of each run (--chain)
    int held_count;
    int pairs;
    bool differ;
};

static void hold(struct comparison_run *c, struct net *n) {
    size_t old = (size_t)c->held_count * sizeof *c->held;
    c->held = memory_realloc(c->held, old, old + sizeof *c->held);
    c->held[c->held_count++] = n;
}

// --- Records ---

// What was measured of a pair; of what was not asked for, nothing.
struct measured {
    struct likeness likeness;
    struct dynamics dynamics; // --dynamics
    struct pair_path between; // --path
    struct mmd test;          // --same
};

static void pack_measured(struct packer *p, const struct measured *m, bool numbers) {
    const struct likeness *l = &m->likeness;
    pack_key(p, "positions");
    pack_i64(p, l->positions);
    pack_key(p, "metrics");
    pack_map(p);
    likeness_pack_metrics(p, l, numbers);
    if (rank)
        dynamics_pack_metrics(p, &m->dynamics);
    if (path)
        pair_path_pack_metrics(p, &m->between);
    pack_end(p);
    if (by_position) {
        pack_key(p, "by_position");
        pack_array(p, DTYPE_F8, 1, (uint64_t[]){(uint64_t)l->longest}, l->by_position);
    }
    if (path)
        pair_path_pack(p, &m->between);
}

// Whether they are the same, by what was asked for.
static void pack_verdict(struct comparison_run *c, struct packer *p, const struct measured *m, bool numbers) {
    bool alike = within < 0 || (numbers ? m->likeness.absolute_max : m->likeness.total_variation_max) <= within;
    if (same) {
        pack_key(p, "mmd");
        pack_double(p, m->test.squared);
        pack_key(p, "p");
        pack_double(p, m->test.p);
        alike = alike && m->test.p > alpha;
    }
    if (same || within >= 0) {
        pack_key(p, "same");
        pack_bool(p, alike);
        c->differ |= !alike;
    }
}

static void write_pair(struct comparison_run *c, const struct net *a, const struct net *b, const struct measured *m, bool numbers) {
    struct packer *p = writer_packer(c->out);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "pair");
    rnn_name_pack(p, rnn_record_name(&b->record));
    net_pack_name(p, "a", a);
    net_pack_name(p, "b", b);
    pack_measured(p, m, numbers);
    pack_verdict(c, p, m, numbers);
    pack_end(p);
    cli_check(c->cli, writer_commit(c->out, cli_error(c->cli)));
}

static enum status compare(struct comparison_run *c, struct net *a, struct net *b) {
    bool numbers = !rnn_answers_classes(&a->record.arch);
    struct sequences sequences;
    struct measured m = {0};
    struct error *error = cli_error(c->cli);
    enum status status = pair_sequences(&sequences, a, b, &of_pairs, error);
    if (status == STATUS_OK && c->pairs == limit)
        cli_check(c->cli, error_set(error, STATUS_DATA, "more than %d pairs (--limit)", limit));
    if (status == STATUS_OK && same)
        status = pair_test(&m.test, a, b, &of_pairs, error);
    if (status == STATUS_OK && path)
        status = pair_path_measure(&m.between, a, b, &of_paths, error);
    if (status == STATUS_OK) {
        c->pairs++;
        compare_networks(&m.likeness, &a->specimen, &b->specimen, &sequences, numbers);
        if (!m.likeness.finite)
            status = error_set(error, STATUS_DATA,
                               "answers of run %llu, step %llu or of run %llu, step %llu, with which it is compared, are not finite",
                               (unsigned long long)b->record.run, (unsigned long long)b->record.step, (unsigned long long)a->record.run,
                               (unsigned long long)a->record.step);
    }
    if (status == STATUS_OK) {
        if (rank)
            m.dynamics = dynamics_compare(&a->specimen, &b->specimen, &sequences, rank);
        write_pair(c, a, b, &m, numbers);
    }
    likeness_free(&m.likeness);
    pair_path_free(&m.between);
    sequences_free(&sequences);
    return status;
}

// --- Pairs ---

static void read_references(struct comparison_run *c) {
    struct reader *in = cli_reader(c->cli, reference);
    while (cli_read_model(c->cli, in)) {
        struct net *n;
        if (in->event != READER_DATA || !value_is(value_get(in->record, "kind"), "rnn"))
            continue;
        cli_check_record(c->cli, in, net_open(&n, in->record, cli_error(c->cli)));
        hold(c, n);
    }
    if (!c->held_count)
        cli_check(c->cli, error_set(cli_error(c->cli), STATUS_DATA, "%s: no rnn record in it", in->name));
    reader_close(in);
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
        if (c->held_count == 1 || net_same_name(c->held[i], n)) {
            for (int k = i + 1; k < c->held_count; k++)
                if (net_same_name(c->held[k], n))
                    tell_twins(c, n, "the first of the references is taken");
            enum status status = compare(c, c->held[i], n);
            if (status == STATUS_OK)
                net_close(n);
            return status;
        }
    return error_set(cli_error(c->cli), STATUS_DATA, "no RNN of run %llu and step %llu in %s", (unsigned long long)n->record.run,
                     (unsigned long long)n->record.step, reference);
}

static enum status compare_by_field(struct comparison_run *c, struct net *n) {
    struct found found;
    enum status status = STATUS_OK;
    if (!path_find(n->root, field, &found))
        status = error_set(cli_error(c->cli), STATUS_DATA, "--by: no field '%s' in it", field);
    for (int i = 0; i < c->held_count && status == STATUS_OK; i++)
        if (c->held[i]->record.run != n->record.run && net_equal_in(c->held[i], n, field))
            status = compare(c, c->held[i], n);
    if (status == STATUS_OK)
        hold(c, n);
    return status;
}

static enum status compare_in_chain(struct comparison_run *c, struct net *n) {
    for (int i = 0; i < c->held_count; i++)
        if (c->held[i]->record.run == n->record.run) {
            if (net_same_name(c->held[i], n))
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
    of_paths.recipe = bend_published;
    struct cli *cli = cli_begin(&program, argc, argv);
    if ((reference != NULL) + (field != NULL) + chain != 1)
        cli_usage(cli, "one of --with FILE, --by FIELD and --chain has to be given");

    if (!path)
        cli_note_unused(cli, "points|batch|batches|error-samples|images", "without --path");
    if (!path || strcmp(path, "bezier") != 0)
        cli_note_unused(cli, "bend-steps|bend-rate", "without --path bezier");
    if (!same)
        cli_note_unused(cli, "samples|permutations|alpha", "without --same");

    struct comparison_run c = {.cli = cli};
    struct mapping file = {0};
    of_pairs.seed = of_paths.seed = cli_common(cli)->seed;
    of_paths.bent = path && strcmp(path, "bezier") == 0;
    if (of_pairs.inputs_name) {
        file = cli_mapping(cli, of_pairs.inputs_name);
        of_pairs.inputs = (const char *)file.bytes;
        of_pairs.inputs_size = file.size;
    }
    if (reference)
        read_references(&c);
    struct reader *in = cli_reader(cli, "-");
    c.out = cli_writer(cli);
    while (cli_next(cli, in, c.out, "rnn")) {
        struct net *n;
        enum status status = net_open(&n, in->record, cli_error(cli));
        if (status == STATUS_OK)
            status = reference ? compare_with_reference(&c, n) : field ? compare_by_field(&c, n) : compare_in_chain(&c, n);
        if (!cli_usable(cli, in, c.out, status) && n)
            net_close(n);
    }

    for (int i = 0; i < c.held_count; i++)
        net_close(c.held[i]);
    free(c.held);
    int code = cli_finish(cli, in, c.out);
    mapping_close(&file); // not earlier: cli_finish checks them
    image_sets_close(&images);
    return code == EXIT_SUCCESS && c.differ ? EXIT_DIFFERENT : code;
}
