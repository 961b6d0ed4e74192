// Adds each record's split, which follows from its task and the split seed alone.
#include "cli/cli.h"
#include "records/task.h"

#include <math.h>

static double validation = 0.15, ood = 0.15;

static struct option options[] = {
    {.type = OPTION_REAL,
     .name = "validation",
     .letter = 'v',
     .target = &validation,
     .value = "SHARE",
     .low = 0,
     .high = 1,
     .help = "Share of all tasks that is kept for validation"},
    {.type = OPTION_REAL,
     .name = "ood",
     .letter = 'o',
     .target = &ood,
     .value = "SHARE",
     .low = 0,
     .high = 1,
     .help = "Share of all tasks that is out of distribution (OOD); the default is the family's own"},
    {0},
};

static struct program program = {
    .name = "partition",
    .summary = "split a zoo by task into train, validation and ood",
    .synopsis = "[OPTION]... < ZOO > ZOO",
    .input = "task, rnn or embedding records",
    .output = "the same records with their split",
    .examples = "gen-language --count 1000 --seed 1 | train-rnn | partition > zoo.mp\n"
                "gen-smnist --count 1000 | partition > tasks.mp\n"
                "partition --ood 0 < zoo.mp > same-distribution.mp",
    .options = options,
};

static enum status task_of(const struct value *record, struct task *task, struct error *error) {
    enum status status = task_read(value_get(record, "task"), task, error);
    if (status == STATUS_OK && !task->family)
        status = error_set(error, STATUS_DATA, "task: no split is defined for its family");
    return status;
}

// The record as it is, with split at its old place, or else after seed, or else in front.
static void pack_with_split(struct packer *p, const struct value *record, const char *split) {
    const struct value *old = value_get(record, "split"), *place = old ? old : value_get(record, "seed");
    if (!place)
        place = value_get(record, "kind");
    pack_map(p);
    const struct value *key = value_first(record);
    for (uint32_t i = 0; i < record->count; i++) {
        const struct value *v = value_next(key);
        if (v != old) {
            pack_value(p, key);
            pack_value(p, v);
        }
        if (v == place) {
            pack_key(p, "split");
            pack_str(p, split);
        }
        key = value_next(v);
    }
    pack_end(p);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (validation + ood > 1)
        cli_usage(cli, "--validation %g and --ood %g are more than all tasks together", validation, ood);
    bool given = option_find(options, NULL, "ood")->given;
    struct splits *splits =
        splits_new(&(struct split_rule){.validation = validation, .ood = given ? ood : NAN, .seed = cli_common(cli)->seed});

    struct reader *in = cli_reader(cli, "-");
    struct writer *out = cli_writer(cli);

    while (cli_next(cli, in, out, "task|rnn|embedding")) {
        struct task task;
        cli_check_record(cli, in, task_of(in->record, &task, cli_error(cli)));
        pack_with_split(writer_packer(out), in->record, split_names[splits_of(splits, &task)]);
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }

    splits_free(splits);
    return cli_finish(cli, in, out);
}
