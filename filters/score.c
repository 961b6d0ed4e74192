// Prints a table of what prediction and emulation records came to.
#include "base/memory.h"
#include "cli/cli.h"
#include "stream/json.h"
#include "training/scores.h"

#include <stdlib.h>
#include <string.h>

static const char *format = "table";
static bool all;

static struct option options[] = {
    {.type = OPTION_CHOICE,
     .name = "format",
     .letter = 'f',
     .target = &format,
     .choices = "table|tsv|json",
     .help = "A table for people, tab-separated values, or JSON"},
    {.type = OPTION_FLAG, .name = "all", .letter = 'a', .target = &all, .help = "Also the training split"},
    {0},
};

static struct program program = {
    .name = "score",
    .summary = "print metrics by encoder and split, mean and bootstrapped 95 % interval over seeds",
    .synopsis = "[OPTION]... < RECORDS > TABLE",
    .input = "prediction and emulation records, of several encoders and seeds if you like (cat)",
    .output = "a table, as text",
    .examples = "classify --model predictor.mp < z.mp | score\ncat predictions.*.mp emulations.*.mp | score --format tsv > table.tsv",
    .options = options,
};

// --- For people ---

enum { NAMES = 4, COLUMNS = NAMES + MEASURE_COUNT, CELL_SIZE = 80 };

struct text_table {
    char (*cells)[COLUMNS][CELL_SIZE]; // the first row are the headings
    int rows, columns;
};

static void cell_text(const struct score_cell *cell, char out[CELL_SIZE]) {
    if (!cell->seeds)
        strcpy(out, "-");
    else if (cell->seeds == 1)
        snprintf(out, CELL_SIZE, "%.4f", cell->mean);
    else
        snprintf(out, CELL_SIZE, "%.4f [%.4f, %.4f]", cell->mean, cell->low, cell->high);
}

static bool measured(const struct score_row *rows, int count, int measure) {
    for (int r = 0; r < count; r++)
        if (rows[r].cells[measure].seeds)
            return true;
    return false;
}

// With the columns that some row has.
static struct text_table table_text(const struct score_row *rows, int count) {
    struct text_table t = {.rows = count + 1, .columns = NAMES, .cells = memory_calloc((size_t)count + 1, sizeof *t.cells)};
    static const char *const names[NAMES] = {"encoder", "split", "seeds", "records"};
    for (int c = 0; c < NAMES; c++)
        snprintf(t.cells[0][c], CELL_SIZE, "%s", names[c]);
    for (int r = 0; r < count; r++) {
        char(*cells)[CELL_SIZE] = t.cells[r + 1];
        snprintf(cells[0], CELL_SIZE, "%s", rows[r].label);
        snprintf(cells[1], CELL_SIZE, "%s", split_names[rows[r].split]);
        snprintf(cells[2], CELL_SIZE, rows[r].seeds ? "%d" : "-", rows[r].seeds);
        snprintf(cells[3], CELL_SIZE, "%llu", (unsigned long long)rows[r].records);
    }
    for (int m = 0; m < MEASURE_COUNT; m++) {
        if (!measured(rows, count, m))
            continue;
        snprintf(t.cells[0][t.columns], CELL_SIZE, "%s", measures[m].heading);
        for (int r = 0; r < count; r++)
            cell_text(&rows[r].cells[m], t.cells[r + 1][t.columns]);
        t.columns++;
    }
    return t;
}

// Columns that a reader sees: bytes but the second and later ones of UTF-8's sequences.
static int width(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

// Names to the left, numbers to the right.
static void print_table(const struct score_row *rows, int count) {
    struct text_table t = table_text(rows, count);
    for (int r = 0; r < t.rows; r++) {
        for (int c = 0; c < t.columns; c++) {
            int widest = 0;
            for (int k = 0; k < t.rows; k++)
                widest = width(t.cells[k][c]) > widest ? width(t.cells[k][c]) : widest;
            int blanks = widest - width(t.cells[r][c]);
            printf("%s%*s%s%*s", c ? "  " : "", c < 2 ? 0 : blanks, "", t.cells[r][c], c < 2 ? blanks : 0, "");
        }
        putchar('\n');
    }
    free(t.cells);
}

// --- For programs ---

static void print_tsv(const struct score_row *rows, int count) {
    printf("encoder\tsplit\tseeds\trecords");
    for (int c = 0; c < MEASURE_COUNT; c++)
        printf("\t%1$s\t%1$s_low\t%1$s_high", measures[c].name);
    putchar('\n');
    for (int r = 0; r < count; r++) {
        printf("%s\t%s\t%d\t%llu", rows[r].label, split_names[rows[r].split], rows[r].seeds, (unsigned long long)rows[r].records);
        for (int c = 0; c < MEASURE_COUNT; c++) {
            const struct score_cell *cell = &rows[r].cells[c];
            if (cell->seeds)
                printf("\t%.9g\t%.9g\t%.9g", cell->mean, cell->low, cell->high);
            else
                printf("\t\t\t");
        }
        putchar('\n');
    }
}

static void pack_row(struct packer *p, const struct score_row *row) {
    pack_map(p);
    pack_key(p, "encoder");
    pack_str(p, row->label);
    pack_key(p, "split");
    pack_str(p, split_names[row->split]);
    pack_key(p, "seeds");
    pack_i64(p, row->seeds);
    pack_key(p, "records");
    pack_u64(p, row->records);
    for (int c = 0; c < MEASURE_COUNT; c++) {
        const struct score_cell *cell = &row->cells[c];
        pack_key(p, measures[c].name);
        if (!cell->seeds) {
            pack_nil(p);
            continue;
        }
        pack_map(p);
        pack_key(p, "mean");
        pack_double(p, cell->mean);
        pack_key(p, "low");
        pack_double(p, cell->low);
        pack_key(p, "high");
        pack_double(p, cell->high);
        pack_end(p);
    }
    pack_end(p);
}

static void print_json(struct cli *cli, const struct score_row *rows, int count) {
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct json_text text = {0};
    size_t size;
    pack_list(p);
    for (int r = 0; r < count; r++)
        pack_row(p, &rows[r]);
    pack_end(p);
    const uint8_t *bytes = packer_bytes(p, &size);
    cli_check(cli, value_decode(bytes, size, 0, &nodes, cli_error(cli)));
    json_write(&text, nodes.node, JSON_SUMMARISED);
    cli_print(cli, text.bytes, text.size);
    cli_print(cli, "\n", 1);
    free(text.bytes);
    free(nodes.node);
    packer_free(p);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct scores *scores = scores_new(all);

    struct reader *in = cli_reader(cli, "-");

    while (cli_next(cli, in, NULL, "prediction|emulation"))
        cli_check_record(cli, in, scores_add(scores, in->record, cli_error(cli)));

    struct score_row *rows;
    int count;
    if (scores_table(scores, cli_common(cli)->seed, &rows, &count, cli_error(cli)) != STATUS_OK)
        cli_check(cli, error_prefix(cli_error(cli), "%s", in->name));
    if (format[0] == 'j')
        print_json(cli, rows, count);
    else if (format[1] == 's')
        print_tsv(rows, count);
    else
        print_table(rows, count);
    free(rows);
    scores_free(scores);
    return cli_finish(cli, in, NULL);
}
