// Chosen fields of records as tab-separated text, for gnuplot, awk or R.
#include "base/escape.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "records/kinds.h"
#include "records/path.h"
#include "stream/json.h"

#include <stdlib.h>
#include <string.h>

static const char *kind;
static bool header, matrix;

static struct option options[] = {
    KIND_OPTION(&kind, "Only data records"),
    {.type = OPTION_FLAG, .name = "header", .target = &header, .help = "Begin with a line of the fields' names"},
    {.type = OPTION_FLAG,
     .name = "matrix",
     .letter = 'm',
     .target = &matrix,
     .help = "Print the array that FIELD is, a row of its last dimension a line; an empty line between records"},
    {0},
};

static struct program program = {
    .name = "rec-table",
    .summary = "print fields of records as tab-separated text",
    .synopsis = "[OPTION]... FIELD... < STREAM > TABLE\n--matrix [OPTION]... FIELD < STREAM > ROWS",
    .input = "a stream of any kind",
    .output = "text: a line for each record, a column for each field",
    .examples = "rec-table --kind rnn run step task.offsets.1 metrics.accuracy < zoo.mp\n"
                "rec-table --kind log --header split step loss < probe.mp > curves.tsv\n"
                "rec-table --matrix z < embeddings.mp",
    .options = options,
    .max_operands = 1000,
};

static void print_escaped(struct cli *cli, const void *text, size_t size) {
    char *shown = escaped(text, size);
    cli_print(cli, shown, strlen(shown));
    free(shown);
}

// JSON's numbers but without the quotation marks that it puts around NaN and infinities.
static void print_bare(struct cli *cli, struct text *text) {
    bool quoted = text->size && text->bytes[0] == '"';
    cli_print(cli, text->bytes + quoted, text->size - 2 * quoted);
    text->size = 0;
}

static void print_items(struct cli *cli, const struct array *a, uint64_t first, uint64_t count, const char *between, struct text *text) {
    for (uint64_t i = 0; i < count; i++) {
        if (i)
            cli_print(cli, between, strlen(between));
        json_write_item(text, a, first + i);
        print_bare(cli, text);
    }
}

static void print_value(struct cli *cli, const struct value *v, struct text *text) {
    switch (v->type) {
    case VALUE_NIL:
        cli_print(cli, "?", 1);
        break;
    case VALUE_BOOL:
        cli_print(cli, v->boolean ? "1" : "0", 1);
        break;
    case VALUE_STR:
        print_escaped(cli, v->data, v->size);
        break;
    default:
        json_write(text, v, JSON_WHOLE);
        print_bare(cli, text);
    }
}

// Was it there?
static bool print_field(struct cli *cli, const struct value *record, const char *path, struct text *text) {
    struct found f;
    bool there = path_find(record, path, &f);
    if (!there)
        cli_print(cli, "?", 1);
    else if (!f.in_array)
        print_value(cli, f.value, text);
    else if (f.used == f.array.rank)
        print_items(cli, &f.array, f.first, 1, "", text);
    else {
        cli_print(cli, "[", 1);
        print_items(cli, &f.array, f.first, f.count, ",", text);
        cli_print(cli, "]", 1);
    }
    return there;
}

// found [count]: is set for the fields that the record has.
static void print_line(struct cli *cli, const struct value *record, char **fields, int count, bool *found, struct text *text) {
    for (int i = 0; i < count; i++) {
        if (i)
            cli_print(cli, "\t", 1);
        if (record)
            found[i] |= print_field(cli, record, fields[i], text);
        else
            print_escaped(cli, fields[i], strlen(fields[i]));
    }
    cli_print(cli, "\n", 1);
}

// A list or a number is a row by itself.
static bool print_rows(struct cli *cli, const struct value *record, const char *path, struct text *text) {
    struct found f;
    bool there = path_find(record, path, &f);
    if (there && f.in_array) {
        uint64_t columns = f.used < f.array.rank ? f.array.shape[f.array.rank - 1] : 1;
        for (uint64_t i = 0; i < f.count; i += columns) {
            print_items(cli, &f.array, f.first + i, columns, "\t", text);
            cli_print(cli, "\n", 1);
        }
        return true;
    }
    const struct value *v = there && f.value->type == VALUE_ARRAY ? value_first(f.value) : NULL;
    for (uint32_t i = 0; v && i < f.value->count; i++, v = value_next(v)) {
        if (i)
            cli_print(cli, "\t", 1);
        print_value(cli, v, text);
    }
    if (!v)
        print_field(cli, record, path, text);
    cli_print(cli, "\n", 1);
    return there;
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    char **fields;
    int count = cli_operands(cli, &fields);
    if (!count || (matrix && count > 1))
        cli_usage(cli, matrix ? "--matrix takes one FIELD" : "at least one FIELD is needed");

    for (int i = 0; i < count; i++)
        cli_check_text(cli, "FIELD", fields[i]);

    if (matrix)
        cli_note_other_mode(cli, "header", "with --matrix");
    struct reader *in = cli_reader(cli, "-");

    struct text text = {0};
    bool *found = memory_calloc((size_t)count, sizeof *found), any = false;
    if (header && !matrix)
        print_line(cli, NULL, fields, count, found, &text);
    for (; cli_next(cli, in, NULL, kind); any = true) {
        if (matrix && any)
            cli_print(cli, "\n", 1);
        if (matrix)
            found[0] |= print_rows(cli, in->record, fields[0], &text);
        else
            print_line(cli, in->record, fields, count, found, &text);
    }
    if (kind && !any)
        cli_note(cli, "no record of kind %s", kind);
    for (int i = 0; any && i < count; i++)
        if (!found[i] && !path_ends_in_index(fields[i]))
            cli_note(cli, "no record has the field '%s'", fields[i]);

    free(found);
    free(text.bytes);
    return cli_finish(cli, in, NULL);
}
