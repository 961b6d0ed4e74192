// Networks made from others: noise, quantisation, pruning, merging, symmetries.
#include "rnn/perturb.h"
#include "base/hash.h"
#include "base/memory.h"
#include "cli/rnnfile.h"
#include "cli/shared_options.h"
#include "records/derived.h"
#include "rnn/symmetry.h"

#include <stdlib.h>
#include <string.h>

static double noise, prune, share = 0.5, bias_shift;
static int bits, copies = 1;
static bool permute, rescale;
static const char *merge;
static uint64_t first_run;

static struct option options[] = {
    {.type = OPTION_REAL,
     .name = "noise",
     .letter = 'n',
     .target = &noise,
     .value = "F",
     .low = 0,
     .high = 1e6,
     .help = "Gaussian noise of F times each tensor's standard deviation"},
    {.type = OPTION_INT,
     .name = "quantise",
     .letter = 'q',
     .target = &bits,
     .value = "BITS",
     .low = 0,
     .high = 16,
     .help = "Symmetric uniform quantisation of each tensor to 2 to 16 bits; 0: none"},
    {.type = OPTION_REAL,
     .name = "prune",
     .letter = 'p',
     .target = &prune,
     .value = "SHARE",
     .low = 0,
     .high = 1,
     .help = "Zero that share of the entries of all matrices whose absolute values are least"},
    {.type = OPTION_TEXT,
     .name = "merge",
     .letter = 'm',
     .target = &merge,
     .value = "FILE",
     .help = "Average with the first RNN of FILE, which has the same architecture"},
    {.type = OPTION_REAL, .name = "share", .target = &share, .low = 0, .high = 1, .help = "Share of the RNN itself in a merge"},
    {.type = OPTION_FLAG, .name = "permute", .target = &permute, .help = "Permute the hidden units at random: the same function"},
    {.type = OPTION_FLAG,
     .name = "rescale",
     .target = &rescale,
     .help = "Flip random signs of units (LSTM, GRU, tanh), or scale units at random (ReLU): the same function"},
    {.type = OPTION_REAL,
     .name = "shift-bias",
     .target = &bias_shift,
     .value = "S",
     .low = 0,
     .high = 1e6,
     .help = "Move normally distributed amounts, of deviation S, from one bias to the other: the same function"},
    {.type = OPTION_INT, .name = "copies", .letter = 'c', .target = &copies, .low = 1, .high = 1000000, .help = "So many of each RNN"},
    FIRST_RUN_OPTION(&first_run, 'r', "one that is made"),
    {0},
};

static struct program program = {
    .name = "rnn-perturb",
    .summary = "make RNNs from others: noise, quantising, pruning, merging, symmetries",
    .synopsis = "[OPTION]... < RNNS > RNNS",
    .input = "rnn records",
    .output = "the RNNs that are made, with their parent and how",
    .examples = "rnn-perturb --quantise 4 --first-run 1000 < zoo.mp > quantised.mp\n"
                "rnn-perturb --permute --rescale --first-run 2000 < zoo.mp > hidden.mp\n"
                "rec-select --run 3 --step last < zoo.mp | rnn-perturb --merge zoo.mp --share 0.7 > merged.mp",
    .options = options,
};

static void change_symmetry(float *weights, const struct rnn_arch *arch, const struct params *table, struct rng *rng) {
    size_t units = (size_t)arch->layers * (size_t)arch->hidden;
    int *unit = memory_alloc(units * sizeof *unit);
    float *scale = memory_alloc(units * sizeof *scale), *old = memory_alloc(table->size * sizeof *old);
    memcpy(old, weights, table->size * sizeof *old);
    symmetry_random(unit, scale, arch, permute, rescale, rng);
    symmetry_apply(weights, old, arch, unit, scale);
    free(unit);
    free(scale);
    free(old);
}

static void change(float *weights, const struct rnn_arch *arch, const struct params *table, const struct rnnfile *other, struct rng *rng) {
    if (other->count)
        perturb_merge(weights, other->rnn[0].weights, table->size, share);
    if (noise > 0)
        perturb_noise(weights, table, noise, rng);
    if (prune > 0)
        perturb_prune(weights, table, prune);
    if (bits)
        perturb_quantise(weights, table, bits);
    if (permute || rescale)
        change_symmetry(weights, arch, table, rng);
    if (bias_shift > 0)
        symmetry_shift_biases(weights, arch, bias_shift, rng);
}

// "prune 0.3, quantise 4": in the order in which it is done.
static void describe(char *text, size_t size) {
    const struct {
        bool done;
        const char *format;
        double value;
    } parts[] = {{merge, "merge %g", share},
                 {noise > 0, "noise %g", noise},
                 {prune > 0, "prune %g", prune},
                 {bits > 0, "quantise %g", bits},
                 {permute, "permute", 0},
                 {rescale, "rescale", 0},
                 {bias_shift > 0, "shift-bias %g", bias_shift}};
    size_t used = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i].done)
            continue;
        char part[64];
        snprintf(part, sizeof part, parts[i].format, parts[i].value);
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", part);
    }
    if (!used)
        snprintf(text, size, "copy");
}

static void make(struct cli *cli, struct reader *in, struct writer *out, const struct rnnfile *other, struct derivation *d) {
    struct rnn_record r;
    struct params table = {0};
    enum status status = rnn_record_read(in->record, &r, cli_error(cli));
    if (status == STATUS_OK && other->count && !rnn_arch_equal(&other->rnn[0].arch, &r.arch))
        status = error_set(cli_error(cli), STATUS_DATA, "--merge: an RNN of another architecture than that of %s", merge);
    if (!cli_usable(cli, in, out, status))
        return;
    rnn_params(&table, &r.arch);
    float *original = memory_alloc(table.size * sizeof *original), *weights = memory_alloc(table.size * sizeof *weights);
    cli_check_record(cli, in, rnn_record_weights(&r, &table, original, cli_error(cli)));
    for (int i = 0; i < copies; i++, d->run++) {
        if (d->run < first_run)
            cli_usage(cli, "--first-run: run numbers end at %llu", (unsigned long long)UINT64_MAX);
        // Of the weights, too: what is perturbed once more gets other noise than it has.
        struct rng rng = rng_make(hash_floats(cli_common(cli)->seed, original, table.size), d->run, "perturb");
        memcpy(weights, original, table.size * sizeof *weights);
        change(weights, &r.arch, &table, other, &rng);
        derived_pack(writer_packer(out), &r, &table, weights, d);
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }
    free(original);
    free(weights);
    params_free(&table);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (bits == 1)
        cli_usage(cli, "--quantise 1: at least 2 bits, or 0 for none");
    if (!merge)
        cli_note_unused(cli, "share", "without --merge");
    char how[256];
    describe(how, sizeof how);
    bool same = !merge && !(noise > 0) && !(prune > 0) && !bits;
    struct derivation d = {.run = first_run, .how = how, .same = same};

    struct reader *in = cli_reader(cli, "-");
    struct rnnfile other = {0};
    struct rnn_name second;
    if (merge) {
        other = rnnfile_open(cli, merge, 1);
        second = (struct rnn_name){other.rnn[0].run, other.rnn[0].step};
        d.second = &second;
    }
    struct writer *out = cli_writer(cli);

    while (cli_next(cli, in, out, "rnn"))
        make(cli, in, out, &other, &d);

    rnnfile_close(&other);
    return cli_finish(cli, in, out);
}
