// Passes the records that fit all conditions.
#include "base/rng.h"
#include "base/table.h"
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "records/condition.h"
#include "records/kinds.h"
#include "stream/keys.h"

#include <string.h>

static const char *kind, *split, *run, *step, *where, *sample_by = "run", *keys;
static double sample = 1;
static uint64_t first;
static bool invert;

static struct option options[] = {
    KIND_OPTION(&kind, "Records"),
    {.type = OPTION_TEXT,
     .name = "split",
     .letter = 's',
     .target = &split,
     .value = "SPLIT[,SPLIT]...",
     .words = RECORD_SPLITS,
     .help = "Records of these splits: train, validation, ood"},
    {.type = OPTION_TEXT, .name = "run", .letter = 'r', .target = &run, .value = "RANGES", .help = "Runs, such as 0-99,200,1000-"},
    {.type = OPTION_TEXT,
     .name = "step",
     .letter = 't',
     .target = &step,
     .value = "RANGES",
     .help = "Steps, such as 100,500-2000; last stands for the last snapshot of each run"},
    {.type = OPTION_TEXT,
     .name = "where",
     .letter = 'w',
     .target = &where,
     .value = "FIELD OP VALUE[,...]",
     .help = "Records whose fields compare so: 'metrics.accuracy >= 0.9, arch.hidden = 32'"},
    {.type = OPTION_REAL,
     .name = "sample",
     .target = &sample,
     .value = "SHARE",
     .low = 0,
     .high = 1,
     .help = "A random sample of about this share, the same for the same --seed"},
    {.type = OPTION_CHOICE,
     .name = "sample-by",
     .target = &sample_by,
     .choices = "run|record",
     .help = "What the sample is drawn from: runs with all their records, or single records"},
    {.type = OPTION_FLAG, .name = "invert", .letter = 'v', .target = &invert, .help = "Pass the records that do not fit"},
    {.type = OPTION_U64,
     .name = "first",
     .letter = 'n',
     .target = &first,
     .help = "Pass no more than so many; 0, the default, stands for all"},
    {.type = OPTION_CHOICE,
     .name = "keys",
     .target = &keys,
     .choices = "bin|str",
     .help = "Write keys of arrays as str, for programs in JavaScript, or as bin, for Python's msgpack-numpy; otherwise as they are"},
    {0},
};

static struct program program = {
    .name = "rec-select",
    .summary = "pass the records that fit all conditions",
    .synopsis = "[OPTION]... < STREAM > STREAM",
    .input = "a stream of any kind; with --step last mapped when it is a file, otherwise copied to a temporary file",
    .output = "the records that fit, byte for byte as they were (but for --keys), in their segments",
    .examples = "rec-select --split validation,ood --step last < zoo.mp > judged.mp\n"
                "rec-select --kind rnn --where 'metrics.accuracy >= 0.5, step < 1000' < zoo.mp > good.mp\n"
                "rec-select --sample 0.1 < zoo.mp > tenth.mp\n"
                "rec-select --sample 0.1 --invert < zoo.mp > rest.mp\n"
                "rec-select --keys str < zoo.mp > for-javascript.mp",
    .options = options,
};

struct selection {
    struct ranges runs, steps;
    bool last_step;
    struct table last; // run -> its greatest step
    struct conditions conditions;
    uint64_t seed;
    bool any_kind, any_split; // was there a record of --kind; among these one of --split?
};

static void check_option(struct cli *cli, const char *name, enum status status) {
    if (status != STATUS_OK)
        cli_check(cli, error_prefix(cli_error(cli), "--%s", name));
}

static struct selection read_options(struct cli *cli) {
    struct selection s = {.seed = cli_common(cli)->seed};
    struct error *error = cli_error(cli);
    if (run)
        check_option(cli, "run", ranges_read(run, NULL, NULL, &s.runs, error));
    if (step)
        check_option(cli, "step", ranges_read(step, "last", &s.last_step, &s.steps, error));
    if (where)
        check_option(cli, "where", conditions_read(where, &s.conditions, error));
    return s;
}

static bool is_listed(const struct value *record, const char *key, const char *list) {
    char text[64];
    return !list || (value_to_text(value_get(record, key), text, sizeof text) && option_is_choice(list, text));
}

// A record of a run that says no step is of step 0.
static bool read_step(const struct value *record, uint64_t *run_of, uint64_t *step_of) {
    const struct value *v = value_get(record, "step");
    *step_of = 0;
    return value_to_u64(value_get(record, "run"), run_of) && (!v || value_to_u64(v, step_of));
}

static bool fits_step(struct selection *s, const struct value *record) {
    uint64_t r, t;
    if (!step)
        return true;
    if (!read_step(record, &r, &t))
        return value_to_u64(value_get(record, "step"), &t) && ranges_have(&s->steps, t);
    return ranges_have(&s->steps, t) || (s->last_step && *table_at(&s->last, r) == t);
}

// Keyed by what is drawn, not by the order of calls: a greater share has all that a smaller one has, however the stream was cut.
static bool is_sampled(const struct selection *s, const struct value *record, uint64_t index) {
    uint64_t key = index;
    if (sample == 1)
        return true;
    if (strcmp(sample_by, "run") == 0 && !value_to_u64(value_get(record, "run"), &key))
        return false;
    struct rng rng = rng_make(s->seed, key, "sample");
    return rng_double(&rng) < sample;
}

static bool fits(struct selection *s, const struct value *record, uint64_t index) {
    uint64_t r;
    bool of_kind = is_listed(record, "kind", kind), of_split = of_kind && is_listed(record, "split", split);
    s->any_kind |= of_kind;
    s->any_split |= of_split;
    return of_split && (!run || (value_to_u64(value_get(record, "run"), &r) && ranges_have(&s->runs, r))) && fits_step(s, record) &&
           conditions_hold(&s->conditions, record) && is_sampled(s, record, index);
}

// Nothing fits: is a name misspelt?
static void tell_why(struct cli *cli, const struct selection *s, uint64_t records) {
    const char *missing = conditions_missing(&s->conditions), *what = "", *name = "", *end = "";
    if (!s->any_kind)
        what = ": none is of kind ", name = kind;
    else if (!s->any_split)
        what = ": none is of split ", name = split;
    else if (missing)
        what = ": none has the field '", name = missing, end = "'";
    cli_note(cli, "none of %llu records fits%s%s%s", (unsigned long long)records, what, name, end);
}

static void pass(struct cli *cli, struct reader *in, struct writer *out) {
    if (!keys) {
        cli_check(cli, writer_copy(out, in->record, cli_error(cli)));
        return;
    }
    enum keys which = strcmp(keys, "str") == 0 ? KEYS_STR : KEYS_BIN;
    cli_check_record(cli, in, pack_with_keys(writer_packer(out), in->record, which, cli_error(cli)));
    cli_check(cli, writer_commit(out, cli_error(cli)));
}

static void find_last_steps(struct cli *cli, struct selection *s, struct reader *in) {
    uint64_t r, t;
    while (cli_read(cli, in))
        if (in->event == READER_DATA && read_step(in->record, &r, &t) && cli_would_pass(cli, in)) {
            uint64_t *greatest = table_at(&s->last, r);
            *greatest = t > *greatest ? t : *greatest;
        }
    reader_close(in);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct selection s = read_options(cli);

    struct mapping map = {0};
    struct reader *in;
    struct writer *out = cli_writer(cli);
    if (s.last_step) {
        map = cli_mapping(cli, "-");
        find_last_steps(cli, &s, reader_open_memory(map.bytes, map.size, "-", cli_limits(cli)));
        in = reader_open_memory(map.bytes, map.size, "-", cli_limits(cli));
    } else {
        in = cli_reader(cli, "-");
    }

    // It goes on to the end when it has enough: a cut input is never taken for a whole one.
    uint64_t passed = 0, index = 0;
    for (; cli_next(cli, in, out, NULL); index++)
        if ((!first || passed < first) && fits(&s, in->record, index) != invert) {
            pass(cli, in, out);
            passed++;
        }
    if (index && !passed)
        tell_why(cli, &s, index);

    int code = cli_finish(cli, in, out);
    mapping_close(&map); // not earlier: the reader has its bytes
    ranges_free(&s.runs);
    ranges_free(&s.steps);
    conditions_free(&s.conditions);
    table_free(&s.last);
    return code;
}
