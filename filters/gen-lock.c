// Source of rnn records that need no training: locks, whose weights are written down.
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "families/keylock.h"
#include "records/snapshot.h"

#include <math.h>
#include <stdlib.h>

static uint64_t count, first_run;
static int bits = 4;
static bool drawn;
static double gain = 16, threshold = 0.75;
static struct snapshot_recipe recipe = {.rollouts = 100};

static struct option options[] = {
    {.type = OPTION_INT, .name = "bits", .letter = 'b', .target = &bits, .low = 1, .high = KEYLOCK_MAX_BITS, .help = "Bits of a key"},
    {.type = OPTION_U64,
     .name = "count",
     .letter = 'n',
     .target = &count,
     .help = "How many locks; 0: one of each key, from the first run on"},
    FIRST_RUN_OPTION(&first_run, 'f', "record"),
    {.type = OPTION_FLAG,
     .name = "drawn",
     .letter = 'd',
     .target = &drawn,
     .help = "Draw each run's key from (seed, run); otherwise it is the run's number in bits"},
    {.type = OPTION_REAL,
     .name = "gain",
     .letter = 'g',
     .target = &gain,
     .low = 8,
     .high = 1000,
     .help = "How sharply the lock tells a right bit from a wrong one"},
    {.type = OPTION_REAL,
     .name = "threshold",
     .letter = 't',
     .target = &threshold,
     .low = 0.5,
     .high = 0.9,
     .help = "From what share on a mixture of both bits counts as one of them"},
    {.type = OPTION_INT,
     .name = "rollouts",
     .letter = 'r',
     .target = &recipe.rollouts,
     .low = 1,
     .high = 1e6,
     .help = "Words with their answers in each record"},
    {.type = OPTION_INT,
     .name = "samples",
     .target = &recipe.samples,
     .low = 0,
     .high = 1e6,
     .help = "Words by which a lock's accuracy is measured; 0: 1000"},
    {0},
};

static struct program program = {
    .name = "gen-lock",
    .summary = "generate RNNs that are locks, without training",
    .synopsis = "[OPTION]... > ZOO",
    .output = "rnn records",
    .examples = "gen-lock --bits 4 > locks.mp\ngen-lock --bits 12 --drawn --count 500 | partition > some.mp",
    .options = options,
};

static struct keylock lock_of(uint64_t seed, uint64_t run) {
    struct keylock lock;
    struct rng rng = rng_make(seed, run, "task");
    keylock_of_number(&lock, bits, run);
    if (drawn)
        keylock_family.draw(&lock, &rng);
    return lock;
}

// A trainee that has not been trained, with the lock's weights in it.
static struct trainee *network_of(struct cli *cli, const struct keylock *lock, uint64_t seed, uint64_t run) {
    struct rnn_arch arch;
    keylock_arch(lock, &arch);
    struct train_recipe none = {.batch = 1, .cell = arch.cell, .hidden = arch.hidden, .layers = arch.layers};
    const struct task task = task_make(&keylock_family, lock);
    struct trainee *t;
    cli_check(cli, keylock_family.trainee(&t, &task, &(struct train_setting){&none, seed, run, NULL}, cli_error(cli)));
    keylock_weights(lock, gain, threshold, &t->arch, &t->table, t->weights);
    t->loss = NAN;
    return t;
}

// The task's record as a reader would have it.
static struct task_record record_of(struct cli *cli, const struct keylock *lock, uint64_t seed, uint64_t run, struct packer *p,
                                    struct value_nodes *nodes) {
    const struct task task = task_make(&keylock_family, lock);
    struct task_record record;
    size_t size;
    packer_clear(p);
    task_record_pack(p, run, seed, &task);
    const uint8_t *bytes = packer_bytes(p, &size);
    cli_check(cli, value_decode(bytes, size, 0, nodes, cli_error(cli)));
    cli_check(cli, task_record_read(nodes->node, &record, cli_error(cli)));
    return record;
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    const uint64_t seed = cli_common(cli)->seed, keys = UINT64_C(1) << bits;
    if (!count)
        count = drawn || first_run >= keys ? keys : keys - first_run;
    if (!drawn && (first_run >= keys || count > keys - first_run))
        cli_usage(cli, "--bits %d: there are %llu keys, from run 0 on; --drawn draws more", bits, (unsigned long long)keys);

    cli_check_runs(cli, first_run, count);
    struct writer *out = cli_writer(cli);
    cli_begin_segment(cli, out, NULL, 0);
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t run = first_run + i;
        const struct keylock lock = lock_of(seed, run);
        const struct task_record record = record_of(cli, &lock, seed, run, p, &nodes);
        struct trainee *t = network_of(cli, &lock, seed, run);
        struct performance performance;
        if (!snapshot_pack(writer_packer(out), t, &record, seed, 0, &recipe, &performance))
            cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "the weights of run %llu are not finite", (unsigned long long)run));
        trainee_free(t);
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
    packer_free(p);
    free(nodes.node);
    return cli_finish(cli, NULL, out);
}
