// Says what is in streams, and whether they are whole.
#include "base/escape.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "records/census.h"
#include "stream/json.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *format = "text";

static struct option options[] = {
    {.type = OPTION_CHOICE,
     .name = "format",
     .letter = 'f',
     .target = &format,
     .choices = "text|json",
     .help = "Text for people, or one line of JSON"},
    {0},
};

static struct program program = {
    .name = "rec-info",
    .summary = "say what is in a stream, and whether it is whole",
    .synopsis = "[OPTION]... < STREAM > REPORT\n[OPTION]... FILE... > REPORT",
    .input = "a stream of any kind, unless files are named",
    .output = "text: each file's verdict, then what is in all of them; with --quiet nothing",
    .examples = "rec-info < zoo.mp\n"
                "rec-info --format json zoo.mp | jq .runs.count\n"
                "if rec-info --quiet < zoo.mp; then echo 'the zoo is whole'; fi",
    .options = options,
    .max_operands = INT_MAX,
};

enum { SHOWN = 20, LISTED = 100000 }; // steps and history entries in text, steps in JSON

// --- Reading ---

struct verdict {
    enum status status; // OK when it is whole
    char *text;         // why it is not, with the file's name
    const char *name;
    uint64_t segments, records, bytes; // read, of which all is well
    uint32_t crc32;                    // of all its bytes, when it is whole: what others that were made with it call it
};

static struct verdict read_file(struct cli *cli, const char *path, struct census *census) {
    struct census before = *census;
    struct reader *in = NULL;
    struct error *error = cli_error(cli);
    bool standard = strcmp(path, "-") == 0;
    enum status status = STATUS_OK;
    uint32_t crc32 = 0;
    if (standard)
        in = cli_reader(cli, path);
    else
        status = reader_open(&in, path, cli_limits(cli), error);
    while (status == STATUS_OK && (status = reader_next(in, error)) == STATUS_OK) {
        crc32 = hash_crc32(crc32, in->record->bytes, in->record->length);
        census_add(census, in);
    }
    reader_close(in);
    return (struct verdict){.status = status == STATUS_END ? STATUS_OK : status,
                            .text = memory_strdup(status == STATUS_END ? "" : error->text),
                            .name = standard ? "standard input" : path,
                            .segments = census->segments - before.segments,
                            .records = census->records - before.records,
                            .bytes = census->bytes - before.bytes,
                            .crc32 = crc32};
}

static const char *word_of(enum status status) {
    return status == STATUS_OK ? "whole" : status == STATUS_DATA ? "damaged" : status == STATUS_NO_INPUT ? "missing" : "unreadable";
}

// --- JSON ---

static void pack_tally(struct packer *p, const char *key, const struct tally *t, bool with_tasks) {
    pack_key(p, key);
    pack_map(p);
    for (int i = 0; i < t->used; i++) {
        pack_key(p, t->name[i].name);
        if (with_tasks) {
            pack_map(p);
            pack_key(p, "records");
        }
        pack_u64(p, t->name[i].count);
        if (with_tasks) {
            pack_key(p, "tasks");
            pack_u64(p, t->name[i].tasks);
            pack_end(p);
        }
    }
    pack_end(p);
}

static void pack_number(struct packer *p, const char *key, uint64_t number) {
    pack_key(p, key);
    pack_u64(p, number);
}

// Names of files, and errors with them, may have any bytes.
static void pack_repaired(struct packer *p, const char *text) {
    char *repaired = utf8_repaired(text);
    pack_str(p, repaired);
    free(repaired);
}

static void pack_verdicts(struct packer *p, const struct verdict *verdict, int count) {
    pack_key(p, "files");
    pack_list(p);
    for (int i = 0; i < count; i++) {
        const struct verdict *v = &verdict[i];
        pack_map(p);
        pack_key(p, "file");
        pack_repaired(p, v->name);
        pack_key(p, "verdict");
        pack_str(p, word_of(v->status));
        pack_key(p, "error");
        v->status == STATUS_OK ? pack_nil(p) : pack_repaired(p, v->text);
        pack_number(p, "segments", v->segments);
        pack_number(p, "records", v->records);
        pack_number(p, "bytes", v->bytes);
        pack_key(p, "crc32");
        v->status == STATUS_OK ? pack_u64(p, v->crc32) : pack_nil(p);
        pack_end(p);
    }
    pack_end(p);
}

static void pack_runs_and_steps(struct packer *p, const struct census *c) {
    struct table_slot *runs = table_sorted(&c->runs), *steps = table_sorted(&c->steps);
    pack_key(p, "runs");
    pack_map(p);
    pack_number(p, "count", c->runs.count);
    if (c->runs.count) {
        pack_number(p, "least", runs[0].key);
        pack_number(p, "greatest", runs[c->runs.count - 1].key);
    }
    pack_end(p);
    pack_key(p, "steps");
    pack_list(p);
    for (size_t i = 0; i < c->steps.count && i < LISTED; i++) {
        pack_map(p);
        pack_number(p, "step", steps[i].key);
        pack_number(p, "records", steps[i].value);
        pack_end(p);
    }
    pack_end(p);
    pack_number(p, "steps_left_out", c->steps.count > LISTED ? c->steps.count - LISTED : 0);
    free(runs);
    free(steps);
}

static void pack_duplicates(struct packer *p, const struct census *c) {
    pack_key(p, "duplicates");
    pack_map(p);
    pack_number(p, "count", c->duplicates);
    pack_key(p, "first");
    pack_list(p);
    for (uint64_t i = 0; i < c->duplicates && i < CENSUS_DUPLICATES; i++) {
        pack_map(p);
        pack_key(p, "kind");
        pack_str(p, c->duplicate[i].kind);
        pack_number(p, "run", c->duplicate[i].run);
        pack_number(p, "step", c->duplicate[i].step);
        pack_end(p);
    }
    pack_end(p);
    pack_end(p);
}

static void pack_summaries(struct packer *p, const struct census *c) {
    pack_key(p, "metrics");
    pack_map(p);
    for (int i = 0; i < c->summaries; i++) {
        const struct summary *s = &c->summary[i];
        pack_key(p, s->name);
        pack_map(p);
        pack_number(p, "count", s->count);
        pack_number(p, "not_finite", s->not_finite);
        const char *const keys[] = {"min", "mean", "median", "max"};
        const double values[] = {s->min, s->mean, summary_median(s), s->max};
        for (int k = 0; k < 4; k++) {
            pack_key(p, keys[k]);
            s->count ? pack_double(p, values[k]) : pack_nil(p);
        }
        pack_end(p);
    }
    pack_end(p);
}

static void print_json(struct cli *cli, const struct census *c, const struct verdict *verdict, int count) {
    struct packer *p = packer_new();
    pack_map(p);
    pack_verdicts(p, verdict, count);
    pack_number(p, "segments", c->segments);
    pack_number(p, "records", c->records);
    pack_number(p, "bytes", c->bytes);
    pack_tally(p, "kinds", &c->kinds, false);
    pack_runs_and_steps(p, c);
    pack_duplicates(p, c);
    pack_tally(p, "splits", &c->splits, false);
    pack_tally(p, "families", &c->families, true);
    pack_tally(p, "architectures", &c->archs, false);
    pack_number(p, "weights_bytes", c->weights_bytes);
    pack_number(p, "rollouts_bytes", c->rollouts_bytes);
    pack_summaries(p, c);
    pack_key(p, "history");
    pack_list(p);
    for (int i = 0; i < c->history_count; i++)
        pack_value(p, &(struct value){.bytes = c->history[i].bytes, .length = c->history[i].size});
    pack_end(p);
    pack_number(p, "history_left_out", c->history_left_out);
    pack_end(p);
    cli_print_json(cli, p, JSON_WHOLE);
    packer_free(p);
}

// --- Text ---

// Names come from the input, and the output may be a terminal. Returns how many bytes it took.
static int print_plain(const char *text) {
    char *shown = escaped(text, strlen(text));
    int size = printf("%s", shown);
    free(shown);
    return size;
}

static void print_label(const char *label) {
    printf("%-15s", label);
}

static void print_tally(const char *label, const struct tally *t, bool with_tasks) {
    if (!t->used)
        return;
    print_label(label);
    for (int i = 0; i < t->used; i++) {
        printf("%s", i ? ", " : "");
        print_plain(t->name[i].name);
        printf(": %" PRIu64, t->name[i].count);
        if (with_tasks)
            printf(" records, %" PRIu64 " different", t->name[i].tasks);
    }
    printf("\n");
}

static void print_runs_and_steps(const struct census *c) {
    struct table_slot *runs = table_sorted(&c->runs), *steps = table_sorted(&c->steps);
    if (c->runs.count) {
        print_label("runs");
        printf("%zu: %" PRIu64 " to %" PRIu64 "\n", c->runs.count, runs[0].key, runs[c->runs.count - 1].key);
    }
    if (c->steps.count)
        print_label("steps");
    for (size_t i = 0; i < c->steps.count && i < SHOWN; i++)
        printf("%s%" PRIu64 ": %" PRIu64, i ? ", " : "", steps[i].key, steps[i].value);
    if (c->steps.count > SHOWN)
        printf(", and %zu more up to %" PRIu64, c->steps.count - SHOWN, steps[c->steps.count - 1].key);
    if (c->steps.count)
        printf("\n");
    free(runs);
    free(steps);
}

static void print_duplicates(const struct census *c) {
    if (!c->duplicates)
        return;
    print_label("twice");
    for (uint64_t i = 0; i < c->duplicates && i < CENSUS_DUPLICATES; i++) {
        const struct census_duplicate *d = &c->duplicate[i];
        printf("%s", i ? ", " : "");
        print_plain(d->kind);
        printf(" of run %" PRIu64 ", step %" PRIu64, d->run, d->step);
    }
    if (c->duplicates > CENSUS_DUPLICATES)
        printf(", and %" PRIu64 " more", c->duplicates - CENSUS_DUPLICATES);
    printf(": there more than once\n");
}

static void print_summaries(const struct census *c) {
    if (c->summaries)
        printf("\n%-28s %9s %10s %10s %10s %10s\n", "metrics", "count", "min", "mean", "median", "max");
    for (int i = 0; i < c->summaries; i++) {
        const struct summary *s = &c->summary[i];
        int length = print_plain(s->name);
        printf("%*s %9" PRIu64, length < 28 ? 28 - length : 0, "", s->count);
        if (s->count)
            printf(" %10.4g %10.4g %10.4g %10.4g", s->min, s->mean, summary_median(s), s->max);
        if (s->not_finite)
            printf(" and %" PRIu64 " that are not finite", s->not_finite);
        printf("\n");
    }
}

// As a shell would take it.
static void print_argument(const struct value *v) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:@%+";
    size_t safe = 0;
    while (safe < v->size && v->data[safe] && strchr(plain, v->data[safe]))
        safe++;
    const char *quote = safe < v->size || v->size == 0 ? "'" : "";
    struct text text = {0};
    for (size_t i = 0; i < v->size; i++)
        if (v->data[i] == '\'' || v->data[i] == '\0')
            text_put(&text, v->data[i] ? "'\\''" : "\\0");
        else
            text_append(&text, (const char *)v->data + i, 1);
    text_append(&text, "", 1);
    char *shown = escaped_message(text.bytes);
    printf(" %s%s%s", quote, shown, quote);
    free(shown);
    free(text.bytes);
}

// The models that a program used, each with the file that is it, if that is among those that were read.
static void print_models(const struct value *models, const struct verdict *verdict, int count) {
    const struct value *model = models && models->type == VALUE_ARRAY && models->count ? value_first(models) : NULL;
    for (uint32_t i = 0; model && i < models->count; i++, model = value_next(model)) {
        uint64_t crc32;
        if (!value_to_u64(model, &crc32))
            continue;
        printf("      model %08" PRIx64, crc32);
        for (int k = 0; k < count; k++)
            if (verdict[k].status == STATUS_OK && verdict[k].crc32 == crc32) {
                printf(": ");
                print_plain(verdict[k].name);
                break;
            }
        printf("\n");
    }
}

static void print_history(struct cli *cli, const struct census *c, const struct verdict *verdict, int count) {
    struct value_nodes nodes = {0};
    if (c->history_count)
        printf("\nhistory\n");
    for (int i = 0; i < c->history_count && i < SHOWN; i++) {
        char version[TEXT_FIELD_SIZE] = "?";
        cli_check(cli, value_decode(c->history[i].bytes, c->history[i].size, 0, &nodes, cli_error(cli)));
        value_to_text(value_get(nodes.node, "version"), version, sizeof version);
        print_plain(version);
        const struct value *argv = value_get(nodes.node, "argv");
        bool words = argv && argv->type == VALUE_ARRAY && argv->count;
        const struct value *word = words ? value_first(argv) : value_get(nodes.node, "program");
        for (uint32_t k = 0; word && (k == 0 || (words && k < argv->count)); k++, word = value_next(word))
            if (word->type == VALUE_STR)
                print_argument(word);
        printf("\n");
        print_models(value_get(nodes.node, "models"), verdict, count);
    }
    uint64_t more = c->history_left_out + (uint64_t)(c->history_count > SHOWN ? c->history_count - SHOWN : 0);
    if (more)
        printf("and %" PRIu64 " more\n", more);
    free(nodes.node);
}

static void print_text(struct cli *cli, const struct census *c, const struct verdict *verdict, int count) {
    for (int i = 0; i < count; i++) {
        const struct verdict *v = &verdict[i];
        printf("%s: ", word_of(v->status));
        print_plain(v->status == STATUS_OK ? v->name : v->text);
        if (v->status != STATUS_NO_INPUT)
            printf("%s %" PRIu64 " segments, %" PRIu64 " data records, %" PRIu64 " bytes%s", v->status == STATUS_OK ? ":" : "; before that",
                   v->segments, v->records, v->bytes, v->status == STATUS_OK ? ", counts and checksums right" : "");
        printf("\n");
    }
    print_tally("kinds", &c->kinds, false);
    print_runs_and_steps(c);
    print_duplicates(c);
    print_tally("splits", &c->splits, false);
    print_tally("tasks", &c->families, true);
    print_tally("architectures", &c->archs, false);
    print_label("bytes");
    printf("%" PRIu64 ", of which weights %" PRIu64 ", rollouts %" PRIu64 "\n", c->bytes, c->weights_bytes, c->rollouts_bytes);
    print_summaries(c);
    print_history(cli, c, verdict, count);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    char **paths, *standard[] = {"-"};
    int count = cli_operands(cli, &paths);
    if (!count) {
        paths = standard;
        count = 1;
    }

    struct census *census = census_new(cli_common(cli)->seed);
    struct verdict *verdict = memory_calloc((size_t)count, sizeof *verdict);
    enum status status = STATUS_OK; // the first file's that is not whole
    for (int i = 0; i < count; i++) {
        verdict[i] = read_file(cli, paths[i], census);
        status = status == STATUS_OK ? verdict[i].status : status;
    }
    if (!cli_common(cli)->quiet)
        strcmp(format, "json") == 0 ? print_json(cli, census, verdict, count) : print_text(cli, census, verdict, count);

    census_free(census);
    cli_finish(cli, NULL, NULL);
    for (int i = 0; i < count; i++) {
        if (verdict[i].status != STATUS_OK)
            cli_note(cli, "%s", verdict[i].text);
        free(verdict[i].text);
    }
    free(verdict);
    return exitcode_of(status);
}
