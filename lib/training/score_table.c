// The table: columns, cells, intervals.
#include "base/memory.h"
#include "math/intervals.h"
#include "math/stats.h"
#include "training/scores_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Of the bootstrap. The deviation that 400 rounds estimate is off by 3.5 %, that of 100, which many records have, by 7 %.
enum { ROUNDS = 400, LEAST_ROUNDS = 100, DRAWN_RECORDS = 1000000 };

// --- Columns ---

struct column {
    int target;
    const struct measure *measure;
};

// The paper's columns that have names of their own.
static const struct {
    const char *name, *own, *heading;
} special[] = {{"task_each", "offset_accuracy", "per offset"}, {"rotation_angle", "rotation_angle", "angular error"}};

// The format has one %s.
static void filled(char out[SCORE_NAME_SIZE], const char *format, const char *target) {
    const char *hole = strstr(format, "%s");
    snprintf(out, SCORE_NAME_SIZE, "%.*s%s%s", (int)(hole - format), format, target, hole + 2);
}

static struct score_column named(const struct column *c, const char *target) {
    struct score_column out;
    filled(out.name, c->measure->name, target);
    filled(out.heading, c->measure->heading, target);
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcmp(out.name, special[i].name) == 0) {
            strcpy(out.name, special[i].own);
            strcpy(out.heading, special[i].heading);
        }
    return out;
}

static int compare_targets(const void *a, const void *b, void *targets) {
    const struct score_target *t = targets;
    return strcmp(t[*(const int *)a].name, t[*(const int *)b].name);
}

// The fixed targets, then the others by name: [target_count], to be freed.
static int *targets_in_order(const struct scores *s) {
    int *order = memory_alloc((size_t)s->target_count * sizeof *order);
    for (int t = 0; t < s->target_count; t++)
        order[t] = t;
    qsort_r(order + FIXED_TARGETS, (size_t)(s->target_count - FIXED_TARGETS), sizeof *order, compare_targets, s->targets);
    return order;
}

static int measure_count(void) {
    int n = 0;
    while (measures[n].name)
        n++;
    return n;
}

// To be freed; the names go into the table.
static struct column *columns_new(const struct scores *s, struct score_table *table) {
    size_t most = (size_t)s->target_count * (size_t)measure_count();
    struct column *columns = memory_alloc(most * sizeof *columns);
    table->columns = memory_alloc(most * sizeof *table->columns);
    int *order = targets_in_order(s);
    for (int t = 0; t < s->target_count; t++)
        for (const struct measure *m = measures; m->name; m++)
            if (m->of & s->targets[order[t]].kinds) {
                struct column *c = &columns[table->column_count];
                *c = (struct column){order[t], m};
                table->columns[table->column_count++] = named(c, s->targets[order[t]].name);
            }
    free(order);
    return columns;
}

// --- Over seeds ---

static int compare_seeds(const void *a, const void *b) {
    const struct seed_records *x = a, *y = b;
    return (x->seed > y->seed) - (x->seed < y->seed);
}

static double clip(double x, const struct measure *m) {
    return x < m->least ? m->least : x > m->greatest ? m->greatest : x; // NaN stays
}

static struct score_cell no_cell(void) {
    return (struct score_cell){.mean = NAN, .low = NAN, .high = NAN, .task_low = NAN, .task_high = NAN};
}

// Mean and interval over the seeds, which are in order: nothing depends on the order of the records but the last bits of a sum.
static struct score_cell cell_over_seeds(const struct outcomes *cell, const struct measure *m) {
    struct score_cell out = no_cell();
    if (!(m->of & 1u << cell->kind))
        return out;
    double *values = memory_alloc((size_t)cell->seed_count * sizeof *values);
    for (int i = 0; i < cell->seed_count; i++) {
        struct judged j = cell_judged(cell->kind, &cell->seeds[i].list);
        double value = j.count ? m->value(&j) : NAN;
        if (!isnan(value))
            values[out.seeds++] = value;
    }
    if (out.seeds) {
        struct interval seeds = interval_of_mean(values, out.seeds);
        out.mean = stats_mean(values, out.seeds);
        out.low = clip(seeds.low, m);
        out.high = clip(seeds.high, m);
    }
    free(values);
    return out;
}

// --- Over tasks ---

// Where the records of each task are in a seed's list: of task t those of record[first[t]] .. record[first[t+1] - 1].
struct by_task {
    size_t *first, *record;
};

struct resampling {
    const struct outcomes *cell;
    const struct measure **measures; // [count], all of the cell's kind
    int count, tasks;
    struct by_task *seeds; // [seed_count]
    struct record_list drawn;
};

static int compare_u64(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

// The different tasks of all seeds, in order; to be freed.
static uint64_t *tasks_of(const struct outcomes *cell, int *count) {
    struct table tasks = {0};
    for (int i = 0; i < cell->seed_count; i++)
        for (size_t r = 0; r < cell->seeds[i].list.count; r++)
            *table_at(&tasks, cell->seeds[i].list.task[r]) = 1;
    struct table_slot *sorted = table_sorted(&tasks);
    *count = (int)tasks.count;
    uint64_t *out = memory_alloc(tasks.count * sizeof *out);
    for (size_t t = 0; t < tasks.count; t++)
        out[t] = sorted[t].key;
    free(sorted);
    table_free(&tasks);
    return out;
}

// A counting sort of the records by task.
static struct by_task sort_by_task(const struct record_list *list, const uint64_t *tasks, int count) {
    struct by_task by = {memory_calloc((size_t)count + 2, sizeof *by.first), memory_alloc(list->count * sizeof *by.record)};
    size_t *place = memory_alloc(list->count * sizeof *place);
    for (size_t r = 0; r < list->count; r++) {
        const uint64_t *found = bsearch(&list->task[r], tasks, (size_t)count, sizeof *tasks, compare_u64);
        place[r] = (size_t)(found - tasks);
        by.first[place[r] + 2]++;
    }
    for (int t = 2; t < count + 2; t++)
        by.first[t] += by.first[t - 1];
    for (size_t r = 0; r < list->count; r++)
        by.record[by.first[place[r] + 1]++] = r;
    free(place);
    return by;
}

static void gather(struct record_list *out, const struct record_list *list, const struct by_task *by, const int *drawn, int tasks) {
    size_t answers = (size_t)list->answers;
    out->count = 0;
    for (int i = 0; i < tasks; i++)
        for (size_t k = by->first[drawn[i]]; k < by->first[drawn[i] + 1]; k++) {
            size_t r = by->record[k];
            record_list_add(out, list->answers, list->truth + r * answers, list->predicted + r * answers, 0);
        }
}

// The means over seeds of all measures, of the records of the drawn tasks.
static void means_of_drawn(void *context, const int *drawn, double *out) {
    struct resampling *s = context;
    int n[64] = {0};
    for (int k = 0; k < s->count; k++)
        out[k] = 0;
    for (int i = 0; i < s->cell->seed_count; i++) {
        gather(&s->drawn, &s->cell->seeds[i].list, &s->seeds[i], drawn, s->tasks);
        struct judged j = cell_judged(s->cell->kind, &s->drawn);
        for (int k = 0; k < s->count; k++) {
            double value = j.count ? s->measures[k]->value(&j) : NAN;
            n[k] += !isnan(value);
            out[k] += isnan(value) ? 0 : value;
        }
    }
    for (int k = 0; k < s->count; k++)
        out[k] /= n[k];
}

static int rounds_for(const struct outcomes *cell) {
    size_t records = 1;
    for (int i = 0; i < cell->seed_count; i++)
        records += cell->seeds[i].list.count;
    size_t rounds = DRAWN_RECORDS / records;
    return rounds > ROUNDS ? ROUNDS : rounds < LEAST_ROUNDS ? LEAST_ROUNDS : (int)rounds;
}

static void fill_task_intervals(struct resampling *s, const struct score_cell *const *cells, struct rng *rng, struct interval *out) {
    int n;
    uint64_t *tasks = tasks_of(s->cell, &n);
    double estimates[64];
    s->tasks = n;
    s->seeds = memory_alloc((size_t)s->cell->seed_count * sizeof *s->seeds);
    for (int i = 0; i < s->cell->seed_count; i++)
        s->seeds[i] = sort_by_task(&s->cell->seeds[i].list, tasks, n);
    for (int k = 0; k < s->count; k++)
        estimates[k] = cells[k]->mean;
    struct clusters clusters = {.m = n, .count = s->count, .statistics = means_of_drawn, .context = s};
    interval_of_clusters(&clusters, estimates, rounds_for(s->cell), rng, out);
    for (int i = 0; i < s->cell->seed_count; i++) {
        free(s->seeds[i].first);
        free(s->seeds[i].record);
    }
    free(s->seeds);
    free(tasks);
    record_list_free(&s->drawn);
}

// The intervals over tasks of a row's cells about one target.
static void add_task_intervals(struct score_row *row, const struct outcomes *cell, int target, const struct column *columns,
                               int column_count, uint64_t seed) {
    const struct measure *of_target[64];
    struct score_cell *cells[64];
    struct resampling s = {.cell = cell, .measures = of_target};
    for (int c = 0; c < column_count; c++)
        if (columns[c].target == target && row->cells[c].seeds) {
            of_target[s.count] = columns[c].measure;
            cells[s.count++] = &row->cells[c];
        }
    if (s.count == 0)
        return;
    struct interval intervals[64];
    struct rng rng = rng_make(seed, (uint64_t)target, "tasks");
    fill_task_intervals(&s, (const struct score_cell *const *)cells, &rng, intervals);
    for (int k = 0; k < s.count; k++) {
        cells[k]->task_low = clip(intervals[k].low, of_target[k]);
        cells[k]->task_high = clip(intervals[k].high, of_target[k]);
    }
}

// --- Rows ---

static struct score_row row_new(const char *label, enum split split, int columns) {
    struct score_row row = {.cells = memory_alloc((size_t)columns * sizeof *row.cells)};
    strcpy(row.label, label);
    strcpy(row.part, split_names[split]);
    for (int c = 0; c < columns; c++)
        row.cells[c] = no_cell();
    return row;
}

static struct score_row row_of(const struct group *group, enum split k, const struct column *columns, int column_count, uint64_t seed) {
    const struct group_split *split = &group->split[k];
    struct score_row row = row_new(group->label, k, column_count);
    row.records = split->records;
    row.tasks = split->tasks.count;
    row.seeds = (int)split->seeds.count;
    for (int t = 0; t < split->cell_count; t++)
        if (split->cells[t].seed_count)
            qsort(split->cells[t].seeds, (size_t)split->cells[t].seed_count, sizeof *split->cells[t].seeds, compare_seeds);
    for (int c = 0; c < column_count; c++)
        if (columns[c].target < split->cell_count)
            row.cells[c] = cell_over_seeds(&split->cells[columns[c].target], columns[c].measure);
    for (int t = 0; t < split->cell_count; t++)
        add_task_intervals(&row, &split->cells[t], t, columns, column_count, seed);
    return row;
}

// All truths of a split about a target, with any predictions beside them.
static struct record_list truths_of(const struct scores *s, enum split split, int target, struct table *tasks) {
    struct record_list all = {0};
    for (int g = 0; g < s->group_count; g++) {
        const struct group_split *of = &s->groups[g].split[split];
        for (int i = 0; target < of->cell_count && i < of->cells[target].seed_count; i++) {
            const struct record_list *list = &of->cells[target].seeds[i].list;
            size_t answers = (size_t)list->answers;
            for (size_t r = 0; r < list->count; r++) {
                record_list_add(&all, list->answers, list->truth + r * answers, list->truth + r * answers, list->task[r]);
                *table_at(tasks, list->task[r]) = 1;
            }
        }
    }
    return all;
}

// Is somebody judged by it? What no encoder's row has, a constant answer is not compared with.
static bool is_judged(const struct score_table *table, enum split split, int column) {
    for (int r = 0; r < table->row_count; r++)
        if (strcmp(table->rows[r].part, split_names[split]) == 0 && table->rows[r].cells[column].seeds)
            return true;
    return false;
}

// The best constant answers, to what the split's rows before it are judged by; no records when the split has no predictions.
static struct score_row majority_row(const struct scores *s, enum split split, const struct column *columns,
                                     const struct score_table *table) {
    int column_count = table->column_count;
    struct score_row row = row_new("majority", split, column_count);
    struct table tasks = {0};
    for (int t = TARGET_CLONE + 1; t < s->target_count; t++) {
        struct record_list truths = truths_of(s, split, t, &tasks);
        row.records += truths.count;
        for (int c = 0; c < column_count && truths.count; c++)
            if (columns[c].target == t && is_judged(table, split, c)) {
                struct judged j = cell_judged(JUDGED_NUMBER, &truths); // of all kinds alike
                row.cells[c].mean = columns[c].measure->best_constant(&j);
                row.cells[c].seeds = !isnan(row.cells[c].mean);
            }
        record_list_free(&truths);
    }
    row.tasks = tasks.count;
    table_free(&tasks);
    return row;
}

static bool something_to_judge(const struct scores *s) {
    for (int g = 0; g < s->group_count; g++)
        for (int k = 0; k < SPLIT_COUNT; k++)
            if (s->groups[g].split[k].records)
                return true;
    return false;
}

enum status scores_table(const struct scores *s, uint64_t seed, struct score_table *out, struct error *error) {
    *out = (struct score_table){.heads = {"encoder", "split", "seeds", "records", "tasks"}};
    if (!something_to_judge(s))
        return error_set(
            error, STATUS_DATA,
            "no record to judge: no prediction or emulation record of the splits validation and ood that was not seen in training");
    struct column *columns = columns_new(s, out);
    out->rows = memory_calloc((size_t)(s->group_count + 1) * SPLIT_COUNT, sizeof *out->rows);
    for (int g = 0; g < s->group_count; g++)
        for (int k = 0; k < SPLIT_COUNT; k++)
            if (s->groups[g].split[k].records)
                out->rows[out->row_count++] = row_of(&s->groups[g], (enum split)k, columns, out->column_count, seed);
    for (int k = 0; k < SPLIT_COUNT; k++) {
        struct score_row row = majority_row(s, (enum split)k, columns, out);
        if (row.records)
            out->rows[out->row_count++] = row;
        else
            free(row.cells);
    }
    free(columns);
    return STATUS_OK;
}

void score_table_free(struct score_table *t) {
    for (int r = 0; r < t->row_count; r++)
        free(t->rows[r].cells);
    free(t->rows);
    free(t->columns);
    *t = (struct score_table){0};
}
