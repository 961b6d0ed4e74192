// Are two streams equal, numbers within a tolerance?
#include "base/escape.h"
#include "cli/cli.h"
#include "stream/compare.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static struct tolerance tolerance;
static uint64_t limit = 10;
static bool meta;

static struct option options[] = {
    {.type = OPTION_REAL,
     .name = "absolute",
     .letter = 'a',
     .target = &tolerance.absolute,
     .low = 0,
     .high = DBL_MAX,
     .help = "Numbers that are no farther apart than this are equal"},
    {.type = OPTION_REAL,
     .name = "relative",
     .letter = 'r',
     .target = &tolerance.relative,
     .low = 0,
     .high = DBL_MAX,
     .help = "The same, as a part of the larger number's size"},
    {.type = OPTION_U64, .name = "limit", .letter = 'n', .target = &limit, .help = "Show at most so many records that differ"},
    {.type = OPTION_FLAG, .name = "meta", .letter = 'm', .target = &meta, .help = "Compare meta records too"},
    {0},
};

static struct program program = {
    .name = "rec-diff",
    .summary = "compare two streams, numbers within a tolerance",
    .synopsis = "[OPTION]... A B > REPORT",
    .input = "a stream, when A or B is -",
    .output = "text: a line for each record that differs, and a summary",
    .examples = "rec-diff zoo.mp zoo.mp\n"
                "probe --model probe.mp < zoo.mp | rec-diff --relative 1e-5 z.mp -",
    .options = options,
    .max_operands = 2,
};

struct totals {
    uint64_t compared, differ, only_a, only_b;
    double absolute, relative; // the largest differences
};

// A part of a line, whose names are those of files and records.
static void print(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void print(struct cli *cli, const char *format, ...) {
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *shown = escaped_message(text);
    cli_print(cli, shown, strlen(shown));
    free(shown);
}

// The next record to be compared, or NULL at the end.
static const struct value *next(struct cli *cli, struct reader *in) {
    while (cli_read(cli, in))
        if (in->event == READER_DATA || (meta && in->event == READER_META))
            return in->record;
    return NULL;
}

// What a record goes by.
struct title {
    char kind[64];
    bool has_run, has_step;
    uint64_t run, step;
    char text[160]; // "rnn, run 3, step 100"
};

static struct title title_of(const struct value *record) {
    struct title t = {0};
    if (!value_to_text(value_get(record, "kind"), t.kind, sizeof t.kind))
        strcpy(t.kind, "?");
    t.has_run = value_to_u64(value_get(record, "run"), &t.run);
    t.has_step = value_to_u64(value_get(record, "step"), &t.step);
    int n = snprintf(t.text, sizeof t.text, "%s", t.kind);
    if (t.has_run)
        n += snprintf(t.text + n, sizeof t.text - (size_t)n, ", run %llu", (unsigned long long)t.run);
    if (t.has_step)
        snprintf(t.text + n, sizeof t.text - (size_t)n, ", step %llu", (unsigned long long)t.step);
    return t;
}

static void compare(struct cli *cli, const struct reader *a, const struct reader *b, struct totals *all) {
    struct title x = title_of(a->record), y = title_of(b->record);
    struct comparison c = {.differences = 1};
    bool alike = strcmp(x.text, y.text) == 0;
    all->compared++;
    if (alike) {
        value_compare(a->record, b->record, tolerance, &c);
        all->absolute = fmax(all->absolute, c.absolute);
        all->relative = fmax(all->relative, c.relative);
    }
    if (!c.differences || all->differ++ >= limit)
        return;
    print(cli, "record %llu", (unsigned long long)a->index);
    if (a->index != b->index)
        print(cli, " and %llu", (unsigned long long)b->index);
    if (!alike) {
        print(cli, ": %s against %s", x.text, y.text);
        cli_print(cli, "\n", 1);
        return;
    }
    print(cli, " (%s): %s: %s", x.text, c.path, c.what);
    if (c.differences > 1)
        print(cli, "; %llu differences", (unsigned long long)c.differences);
    if (c.absolute > 0)
        print(cli, "; at most %.3g, relative %.3g", c.absolute, c.relative);
    cli_print(cli, "\n", 1);
}

static void print_summary(struct cli *cli, const char *const *names, const struct totals *all) {
    print(cli, "%llu records compared, %llu differ", (unsigned long long)all->compared, (unsigned long long)all->differ);
    if (all->only_a || all->only_b)
        print(cli, ", %llu more in %s", (unsigned long long)(all->only_a + all->only_b), names[all->only_a == 0]);
    if (all->absolute > 0)
        print(cli, "; numbers differ at most by %.3g, relative %.3g", all->absolute, all->relative);
    cli_print(cli, "\n", 1);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    char **paths;
    if (cli_operands(cli, &paths) != 2)
        cli_usage(cli, "two files are needed");
    if (strcmp(paths[0], "-") == 0 && strcmp(paths[1], "-") == 0)
        cli_usage(cli, "standard input can't be both of them");

    struct reader *a = cli_reader(cli, paths[0]), *b = cli_reader(cli, paths[1]);

    struct totals all = {0};
    for (bool more_a = true, more_b = true; more_a || more_b;) {
        more_a = more_a && next(cli, a);
        more_b = more_b && next(cli, b);
        if (more_a && more_b)
            compare(cli, a, b, &all);
        all.only_a += more_a && !more_b;
        all.only_b += more_b && !more_a;
    }
    print_summary(cli, (const char *const[]){a->name, b->name}, &all);

    reader_close(b);
    int status = cli_finish(cli, a, NULL);
    return all.differ || all.only_a || all.only_b ? EXIT_DIFFERENT : status;
}
