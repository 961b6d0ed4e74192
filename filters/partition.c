// Adds each record's split, which follows from its task and the split seed alone.
#include "base/numtext.h"
#include "cli/cli.h"
#include "records/condition.h"
#include "records/grouping.h"
#include "records/task.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static double validation = 0.15;
static const char *by, *ood;

static struct option options[] = {
    {.type = OPTION_REAL,
     .name = "validation",
     .letter = 'v',
     .target = &validation,
     .value = "SHARE",
     .low = 0,
     .high = 1,
     .help = "Share of all tasks that is kept for validation"},
    {.type = OPTION_TEXT,
     .name = "ood",
     .letter = 'o',
     .target = &ood,
     .value = "SHARE|CONDITION",
     .help =
         "What is out of distribution (OOD): a share of all tasks (the default is the family's own), or records whose fields compare so: "
         "'task.rotation >= 312'"},
    {.type = OPTION_TEXT,
     .name = "by",
     .letter = 'b',
     .target = &by,
     .value = "FIELD[,FIELD]...",
     .help = "Fields whose values make the task, as in task.dataset,arch.cell or run; default: the task, or without one the run"},
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
                "partition --ood 0 < zoo.mp > same-distribution.mp\n"
                "partition --by run --ood 'arch.hidden > 32' < zoo.mp > own.mp",
    .options = options,
};

struct partition {
    struct split_rule rule;
    struct splits *splits;
    struct grouping by;           // where fields were given
    struct conditions far;        // where a condition was given
    struct text key;              // of the record at hand
    uint64_t without_task, drawn; // records split by their run; OOD records about which nothing but a hash says so
    uint64_t records, fitting;    // those that fit the condition
    uint64_t hashed, validation;  // those whose split is that of a hash of their key; of the split validation
};

static const double default_ood = 0.15;

// --ood: a share or a condition.
static void read_ood(struct cli *cli, struct partition *p) {
    p->rule.ood = NAN;
    if (!ood)
        return;
    struct error reason;
    double share;
    if (numtext_double(ood, -DBL_MAX, DBL_MAX, &share, &reason) == STATUS_OK) {
        if (!(share >= 0 && share <= 1))
            cli_usage(cli, "--ood %s: no share of 0 .. 1", ood);
        p->rule.ood = share;
    } else if (conditions_read(ood, &p->far, cli_error(cli)) == STATUS_OK) {
        p->rule.ood = 0; // no others
    } else {
        cli_usage(cli, "--ood %s: neither a share of 0 .. 1 nor a condition: %s", ood, cli_error(cli)->text);
    }
}

static struct partition read_options(struct cli *cli) {
    struct partition p = {.rule = {.validation = validation, .seed = cli_common(cli)->seed}};
    read_ood(cli, &p);
    double share = isnan(p.rule.ood) ? default_ood : p.rule.ood;
    if (validation + share > 1)
        cli_usage(cli, "--validation %g and --ood %g are more than all tasks together", validation, share);
    if (by && grouping_read(by, &p.by, cli_error(cli)) != STATUS_OK)
        cli_usage(cli, "--by %s", cli_error(cli)->text);
    p.splits = splits_new(&p.rule);
    return p;
}

// What is told apart: the fields of --by, the task of a family that is not known, or the run.
static enum status key_of(struct partition *p, const struct value *record, const struct task *task, struct error *error) {
    uint64_t run;
    if (by)
        return grouping_key(&p->by, record, &p->key, error);
    p->key.size = 0;
    if (task->value) {
        json_write(&p->key, task->value, JSON_CANONICAL);
        return STATUS_OK;
    }
    p->without_task++;
    enum status status = field_u64(record, "run", "neither key 'task' nor a run", &run, error);
    if (status == STATUS_OK)
        json_write(&p->key, value_get(record, "run"), JSON_CANONICAL);
    return status;
}

static enum status split_of(struct partition *p, const struct value *record, enum split *out, struct error *error) {
    struct task task = {0};
    const struct value *map = value_get(record, "task");
    if (!by && map && task_read(map, &task, error) != STATUS_OK)
        return error->status;
    bool known = task.family != NULL;
    if (!known && key_of(p, record, &task, error) != STATUS_OK)
        return error->status;
    p->records++;
    if (p->far.count && conditions_hold(&p->far, record)) {
        p->fitting++;
        *out = SPLIT_OOD;
        return STATUS_OK;
    }
    struct split_rule rule = p->rule;
    if (isnan(rule.ood))
        rule.ood = default_ood;
    *out = known ? splits_of(p->splits, &task) : split_of_key(&rule, p->key.bytes, p->key.size);
    p->drawn += !known && *out == SPLIT_OOD && !ood;
    p->hashed += !known;
    p->validation += *out == SPLIT_VALIDATION;
    return STATUS_OK;
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

static void say_what_is_unusual(struct cli *cli, const struct partition *p) {
    if (p->without_task)
        cli_note(cli, "%" PRIu64 " records have no task: they are split by their run", p->without_task);
    if (p->drawn)
        cli_note(cli,
                 "%" PRIu64 " records of unknown tasks are ood by chance, as nothing says which tasks lie far off: --ood 'FIELD > N' does",
                 p->drawn);
    const char *missing = conditions_missing(&p->far);
    if (p->far.count && p->records && !p->fitting)
        cli_note(cli, "none of %" PRIu64 " records is ood: '%s' fits none%s%s%s", p->records, ood,
                 missing ? "; no record has the field '" : "", missing ? missing : "", missing ? "'" : "");
    if (p->hashed && p->hashed + p->fitting == p->records && validation > 0 && !p->validation)
        cli_note(cli,
                 "none of %" PRIu64 " records is in the split validation, by which models are judged: more tasks or runs, or a larger "
                 "--validation",
                 p->records);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct partition p = read_options(cli);

    struct reader *in = cli_reader(cli, "-");
    struct writer *out = cli_writer(cli);

    while (cli_next(cli, in, out, "task|rnn|embedding")) {
        enum split split = SPLIT_TRAIN;
        if (!cli_usable(cli, in, out, split_of(&p, in->record, &split, cli_error(cli))))
            continue;
        pack_with_split(writer_packer(out), in->record, split_names[split]);
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }

    say_what_is_unusual(cli, &p);
    splits_free(p.splits);
    grouping_free(&p.by);
    conditions_free(&p.far);
    free(p.key.bytes);
    return cli_finish(cli, in, out);
}
