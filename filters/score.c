// Prints a table of what prediction and emulation records, or the arcs of a lineage, came to.
#include "base/memory.h"
#include "cli/cli.h"
#include "stream/json.h"
#include "training/arc_scores.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *format = "table", *interval = "seeds";
static bool all;

static struct option options[] = {
    {.type = OPTION_CHOICE,
     .name = "format",
     .letter = 'f',
     .target = &format,
     .choices = "table|tsv|json",
     .help = "A table for people, tab-separated values, or JSON"},
    {.type = OPTION_CHOICE,
     .name = "interval",
     .letter = 'i',
     .target = &interval,
     .choices = "seeds|tasks",
     .help = "Which intervals the table for people has: over the encoders' seeds, or over the tasks that are judged; the others have both"},
    {.type = OPTION_FLAG, .name = "all", .letter = 'a', .target = &all, .help = "Also the training split"},
    {0},
};

static struct program program = {
    .name = "score",
    .summary = "print metrics by encoder and split, with 95 % intervals over seeds and over tasks",
    .synopsis = "[OPTION]... < RECORDS > TABLE",
    .input = "prediction and emulation records, of several encoders and seeds if you like (cat); or arc records",
    .output = "a table, as text",
    .examples = "classify --model predictor.mp < z.mp | score\ncat predictions.*.mp emulations.*.mp | score --format tsv > table.tsv\n"
                "rnn-lineage --truth < zoo.mp | score --interval tasks",
    .options = options,
};

// --- For people ---

enum { CELL_SIZE = 176 };

struct text_table {
    char (*cells)[CELL_SIZE]; // [rows, columns]; the first row are the headings
    int rows, columns;
};

static char *cell_at(const struct text_table *t, int row, int column) {
    return t->cells[row * t->columns + column];
}

static void cell_text(const struct score_cell *cell, char out[CELL_SIZE]) {
    bool by_tasks = interval[0] == 't';
    double low = by_tasks ? cell->task_low : cell->low, high = by_tasks ? cell->task_high : cell->high;
    if (!cell->seeds)
        strcpy(out, "-");
    else if (isnan(low))
        snprintf(out, CELL_SIZE, "%.4f", cell->mean);
    else
        snprintf(out, CELL_SIZE, "%.4f [%.4f, %.4f]", cell->mean, low, high);
}

static bool measured(const struct score_table *table, int column) {
    for (int r = 0; r < table->row_count; r++)
        if (table->rows[r].cells[column].seeds)
            return true;
    return false;
}

static int head_count(const struct score_table *table) {
    int n = 0;
    for (int k = 0; k < SCORE_HEADS; k++)
        n += table->heads[k] != NULL;
    return n;
}

// Under one of the heads; empty where there is no number of seeds.
static void name_text(const struct score_row *row, int k, char out[CELL_SIZE]) {
    const uint64_t numbers[SCORE_HEADS] = {0, 0, (uint64_t)row->seeds, row->records, row->tasks};
    if (k < 2)
        snprintf(out, CELL_SIZE, "%s", k ? row->part : row->label);
    else
        snprintf(out, CELL_SIZE, "%" PRIu64, numbers[k]);
}

static void fill_names(struct text_table *t, const struct score_table *table) {
    for (int k = 0, at = 0; k < SCORE_HEADS; k++) {
        if (!table->heads[k])
            continue;
        snprintf(cell_at(t, 0, at), CELL_SIZE, "%s", table->heads[k]);
        for (int r = 0; r < table->row_count; r++) {
            name_text(&table->rows[r], k, cell_at(t, r + 1, at));
            if (k == 2 && !table->rows[r].seeds)
                strcpy(cell_at(t, r + 1, at), "-");
        }
        at++;
    }
}

// With the columns that some row has.
static struct text_table table_text(const struct score_table *table) {
    struct text_table t = {.rows = table->row_count + 1, .columns = head_count(table)};
    for (int c = 0; c < table->column_count; c++)
        t.columns += measured(table, c);
    t.cells = memory_calloc((size_t)(t.rows * t.columns), sizeof *t.cells);
    fill_names(&t, table);
    for (int c = 0, at = head_count(table); c < table->column_count; c++) {
        if (!measured(table, c))
            continue;
        snprintf(cell_at(&t, 0, at), CELL_SIZE, "%s", table->columns[c].heading);
        for (int r = 0; r < table->row_count; r++)
            cell_text(&table->rows[r].cells[c], cell_at(&t, r + 1, at));
        at++;
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
static void print_table(const struct score_table *table) {
    struct text_table t = table_text(table);
    for (int r = 0; r < t.rows; r++) {
        for (int c = 0; c < t.columns; c++) {
            int widest = 0;
            for (int k = 0; k < t.rows; k++)
                widest = width(cell_at(&t, k, c)) > widest ? width(cell_at(&t, k, c)) : widest;
            int blanks = widest - width(cell_at(&t, r, c));
            printf("%s%*s%s%*s", c ? "  " : "", c < 2 ? 0 : blanks, "", cell_at(&t, r, c), c < 2 ? blanks : 0, "");
        }
        putchar('\n');
    }
    free(t.cells);
}

// --- For programs ---

// The numbers of a cell, in order, by what follows the column's name.
enum { NUMBERS = 5 };
static const char *const suffixes[NUMBERS] = {"", "_low", "_high", "_task_low", "_task_high"};
static const char *const keys[NUMBERS] = {"mean", "low", "high", "task_low", "task_high"};

static double number_of(const struct score_cell *cell, int which) {
    const double numbers[NUMBERS] = {cell->mean, cell->low, cell->high, cell->task_low, cell->task_high};
    return cell->seeds ? numbers[which] : NAN;
}

static void print_tsv(const struct score_table *table) {
    for (int k = 0; k < SCORE_HEADS; k++)
        if (table->heads[k])
            printf("%s%s", k ? "\t" : "", table->heads[k]);
    for (int c = 0; c < table->column_count; c++)
        for (int k = 0; k < NUMBERS; k++)
            printf("\t%s%s", table->columns[c].name, suffixes[k]);
    putchar('\n');
    for (int r = 0; r < table->row_count; r++) {
        const struct score_row *row = &table->rows[r];
        char name[CELL_SIZE];
        for (int k = 0; k < SCORE_HEADS; k++)
            if (table->heads[k]) {
                name_text(row, k, name);
                printf("%s%s", k ? "\t" : "", name);
            }
        for (int c = 0; c < table->column_count; c++)
            for (int k = 0; k < NUMBERS; k++) {
                double number = number_of(&row->cells[c], k);
                printf(isnan(number) ? "\t" : "\t%.9g", number);
            }
        putchar('\n');
    }
}

static void pack_cell(struct packer *p, const struct score_cell *cell) {
    if (!cell->seeds) {
        pack_nil(p);
        return;
    }
    pack_map(p);
    for (int k = 0; k < NUMBERS; k++) {
        pack_key(p, keys[k]);
        if (isnan(number_of(cell, k)))
            pack_nil(p);
        else
            pack_double(p, number_of(cell, k));
    }
    pack_end(p);
}

static void pack_row(struct packer *p, const struct score_table *table, const struct score_row *row) {
    pack_map(p);
    const uint64_t numbers[SCORE_HEADS] = {0, 0, (uint64_t)row->seeds, row->records, row->tasks};
    for (int k = 0; k < SCORE_HEADS; k++) {
        if (!table->heads[k])
            continue;
        pack_key(p, table->heads[k]);
        if (k < 2)
            pack_str(p, k ? row->part : row->label);
        else
            pack_u64(p, numbers[k]);
    }
    for (int c = 0; c < table->column_count; c++) {
        pack_key(p, table->columns[c].name);
        pack_cell(p, &row->cells[c]);
    }
    pack_end(p);
}

static void print_json(struct cli *cli, const struct score_table *table) {
    struct packer *p = packer_new();
    pack_list(p);
    for (int r = 0; r < table->row_count; r++)
        pack_row(p, table, &table->rows[r]);
    pack_end(p);
    cli_print_json(cli, p, JSON_SUMMARISED);
    packer_free(p);
}

// Either predictions and emulations, or arcs: they make different tables.
static void read_records(struct cli *cli, struct reader *in, struct scores *scores, struct arc_scores *arcs) {
    bool others = false;
    while (cli_next(cli, in, NULL, "prediction|emulation|arc")) {
        bool arc = value_is(value_get(in->record, "kind"), "arc");
        enum status status = arc ? arc_scores_add(arcs, in->record, cli_error(cli)) : scores_add(scores, in->record, cli_error(cli));
        others |= !arc;
        if (status == STATUS_OK && others && arc_scores_count(arcs))
            status = error_set(cli_error(cli), STATUS_DATA, "arcs among predictions and emulations: one table can't have both");
        cli_check_record(cli, in, status);
    }
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct scores *scores = scores_new(all);
    struct arc_scores *arcs = arc_scores_new();
    uint64_t seed = cli_common(cli)->seed;

    struct reader *in = cli_reader(cli, "-");
    read_records(cli, in, scores, arcs);

    struct score_table table;
    if (scores_untold(scores))
        cli_note(cli, "%" PRIu64 " predictions of what the records don't tell are not judged", scores_untold(scores));
    if (scores_repeated(scores))
        cli_note(cli, "%" PRIu64 " records are there twice and count once", scores_repeated(scores));
    enum status status =
        arc_scores_count(arcs) ? arc_scores_table(arcs, seed, &table, cli_error(cli)) : scores_table(scores, seed, &table, cli_error(cli));
    if (status != STATUS_OK)
        cli_check(cli, error_prefix(cli_error(cli), "%s", in->name));
    if (format[0] == 'j')
        print_json(cli, &table);
    else if (format[1] == 's')
        print_tsv(&table);
    else
        print_table(&table);
    score_table_free(&table);
    scores_free(scores);
    arc_scores_free(arcs);
    return cli_finish(cli, in, NULL);
}
