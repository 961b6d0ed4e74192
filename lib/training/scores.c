#include "training/scores.h"

#include "base/memory.h"
#include "math/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BOOTSTRAP_ROUNDS = 10000 };

// Means of one seed, as sums.
struct seed_sums {
    uint64_t seed;
    double sum[MEASURE_COUNT];
    uint64_t count[MEASURE_COUNT];
};

struct group {
    char label[TEXT_FIELD_SIZE];
    struct {
        struct seed_sums *seeds;
        int seed_count;
        uint64_t records;
    } split[SPLIT_COUNT];
};

struct scores {
    bool all;
    struct group *groups;
    int group_count;
    struct truths truths[SPLIT_COUNT][TARGET_COUNT];
};

struct scores *scores_new(bool all) {
    struct scores *s = memory_calloc(1, sizeof *s);
    s->all = all;
    return s;
}

void scores_free(struct scores *s) {
    if (!s)
        return;
    for (int g = 0; g < s->group_count; g++)
        for (int k = 0; k < SPLIT_COUNT; k++)
            free(s->groups[g].split[k].seeds);
    free(s->groups);
    for (int k = 0; k < SPLIT_COUNT; k++)
        for (int t = 0; t < TARGET_COUNT; t++)
            free(s->truths[k][t].values);
    free(s);
}

// --- Finding the place of a record ---

static struct group *find_group(struct scores *s, const char *label) {
    for (int g = 0; g < s->group_count; g++)
        if (strcmp(s->groups[g].label, label) == 0)
            return &s->groups[g];
    size_t size = (size_t)s->group_count * sizeof *s->groups;
    s->groups = memory_realloc(s->groups, size, size + sizeof *s->groups);
    struct group *group = &s->groups[s->group_count++];
    *group = (struct group){0};
    strcpy(group->label, label);
    return group;
}

static struct seed_sums *find_seed(struct group *group, enum split split, uint64_t seed) {
    struct seed_sums *seeds = group->split[split].seeds;
    int n = group->split[split].seed_count;
    for (int i = 0; i < n; i++)
        if (seeds[i].seed == seed)
            return &seeds[i];
    size_t size = (size_t)n * sizeof *seeds;
    seeds = group->split[split].seeds = memory_realloc(seeds, size, size + sizeof *seeds);
    group->split[split].seed_count++;
    seeds[n] = (struct seed_sums){.seed = seed};
    return &seeds[n];
}

// What a record says about its row.
struct place {
    char label[TEXT_FIELD_SIZE];
    uint64_t seed;
    enum split split;
    bool seen;
};

static enum status split_read(const struct value *record, const char *of, enum split *out, struct error *error) {
    char name[TEXT_FIELD_SIZE];
    *out = SPLIT_TRAIN;
    if (!value_get(record, "split"))
        return STATUS_OK;
    if (field_text(record, "split", of, name, error) != STATUS_OK)
        return error->status;
    for (int k = 0; k < SPLIT_COUNT; k++)
        if (strcmp(name, split_names[k]) == 0) {
            *out = (enum split)k;
            return STATUS_OK;
        }
    return error_set(error, STATUS_DATA, "%s: unknown split '%s'", of, name);
}

static enum status place_read(const struct value *record, const char *of, struct place *out, struct error *error) {
    const struct value *encoder, *seen = value_get(record, "seen");
    if (field_map(record, "encoder", of, &encoder, error) != STATUS_OK ||
        field_u64(encoder, "seed", "encoder", &out->seed, error) != STATUS_OK || split_read(record, of, &out->split, error) != STATUS_OK)
        return error->status;
    enum status status = value_get(record, "label") ? field_text(record, "label", of, out->label, error)
                                                    : field_text(encoder, "type", "encoder", out->label, error);
    if (status != STATUS_OK)
        return status;
    for (const char *c = out->label; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return error_set(error, STATUS_DATA, "%s: control characters in the encoder's label", of);
    if (seen && seen->type != VALUE_BOOL)
        return error_set(error, STATUS_DATA, "%s: key 'seen' is neither true nor false", of);
    out->seen = seen && seen->boolean;
    return STATUS_OK;
}

// --- Adding records ---

static void add(struct seed_sums *sums, enum measure_id measure, double x) {
    sums->sum[measure] += x;
    sums->count[measure]++;
}

// A finite number, or NaN when it is absent, nil or NaN; false for anything else.
static bool optional_number(const struct value *v, double *out) {
    *out = NAN;
    return !v || v->type == VALUE_NIL || (value_to_double(v, out) && !isinf(*out));
}

static enum status add_emulation(struct seed_sums *sums, const struct value *record, struct error *error) {
    double loss, accuracy, clone;
    if (!value_to_double(value_get(record, "loss"), &loss) || !isfinite(loss))
        return error_set(error, STATUS_DATA, "emulation record: key 'loss' is no finite number");
    if (!optional_number(value_get(record, "accuracy"), &accuracy) || !optional_number(value_get(record, "clone_accuracy"), &clone))
        return error_set(error, STATUS_DATA, "emulation record: accuracy or clone_accuracy is no finite number");
    add(sums, MEASURE_EMULATION_LOSS, loss);
    if (!isnan(accuracy) && !isnan(clone))
        add(sums, MEASURE_CLONE_DIFFERENCE, fabs(accuracy - clone));
    return STATUS_OK;
}

// A number, or a list of them; returns how many.
static enum status answers_read(const struct value *record, const char *key, double out[PREDICTOR_MAX_ANSWERS], int *count,
                                struct error *error) {
    const struct value *v = value_get(record, key);
    bool list = v && v->type == VALUE_ARRAY;
    *count = list ? (v->count <= PREDICTOR_MAX_ANSWERS ? (int)v->count : 0) : 1;
    for (int a = 0; a < *count; a++)
        if (!value_to_double(list ? value_at(v, (uint32_t)a) : v, &out[a]) || !isfinite(out[a]))
            *count = 0;
    if (*count == 0)
        return error_set(error, STATUS_DATA, "prediction record: key '%s' is neither a finite number nor a list of 1 .. %d of them", key,
                         PREDICTOR_MAX_ANSWERS);
    return STATUS_OK;
}

static enum status add_truth(struct truths *t, const double *truth, int answers, struct error *error) {
    if (t->count && t->answers != answers)
        return error_set(error, STATUS_DATA, "prediction record: %d answers; those of others have %d", answers, t->answers);
    size_t n = (size_t)answers, used = t->count * n;
    if (t->count == t->capacity) {
        t->capacity = t->capacity ? 2 * t->capacity : 256;
        t->values = memory_realloc(t->values, used * sizeof *t->values, t->capacity * n * sizeof *t->values);
    }
    t->answers = answers;
    memcpy(t->values + used, truth, n * sizeof *truth);
    t->count++;
    return STATUS_OK;
}

static enum status target_read(const struct value *record, const struct target **out, struct error *error) {
    char name[TEXT_FIELD_SIZE];
    if (field_text(record, "target", "prediction record", name, error) != STATUS_OK)
        return error->status;
    *out = target_find(name);
    if (*out)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "prediction record: its target is none of %s", target_names);
}

static enum status add_prediction(struct truths truths[TARGET_COUNT], struct seed_sums *sums, const struct target *target,
                                  const struct value *record, struct error *error) {
    double truth[PREDICTOR_MAX_ANSWERS], predicted[PREDICTOR_MAX_ANSWERS];
    int count, predicted_count;
    if (answers_read(record, "truth", truth, &count, error) != STATUS_OK ||
        answers_read(record, "predicted", predicted, &predicted_count, error) != STATUS_OK)
        return error->status;
    if (predicted_count != count || (!target->per_letter && count != 1))
        return error_set(error, STATUS_DATA, "prediction record: %d true and %d predicted answers", count, predicted_count);
    enum target_id id = (enum target_id)(target - target_table);
    if (add_truth(&truths[id], truth, count, error) != STATUS_OK)
        return error->status;
    for (int m = 0; m < MEASURE_COUNT; m++)
        if (measures[m].of && measures[m].target == id)
            add(sums, (enum measure_id)m, measures[m].of(truth, predicted, count));
    return STATUS_OK;
}

enum status scores_add(struct scores *s, const struct value *record, struct error *error) {
    bool emulation = value_is(value_get(record, "kind"), "emulation");
    struct place place;
    const struct target *target;
    if (place_read(record, emulation ? "emulation record" : "prediction record", &place, error) != STATUS_OK ||
        (!emulation && target_read(record, &target, error) != STATUS_OK))
        return error->status;
    if (place.split == SPLIT_TRAIN ? !s->all : place.seen)
        return STATUS_OK;
    struct group *group = find_group(s, place.label);
    struct seed_sums *sums = find_seed(group, place.split, place.seed);
    group->split[place.split].records++;
    return emulation ? add_emulation(sums, record, error) : add_prediction(s->truths[place.split], sums, target, record, error);
}

// --- The table ---

static int compare_seeds(const void *a, const void *b) {
    const struct seed_sums *x = a, *y = b;
    return (x->seed > y->seed) - (x->seed < y->seed);
}

// Mean and interval over the seeds, which are in order: nothing depends on the order of the records but the last bits of a sum.
static struct score_cell cell_of(const struct seed_sums *seeds, int count, enum measure_id measure, uint64_t seed) {
    struct score_cell cell = {0};
    double *means = memory_alloc((size_t)count * sizeof *means);
    for (int i = 0; i < count; i++)
        if (seeds[i].count[measure]) {
            double mean = seeds[i].sum[measure] / (double)seeds[i].count[measure];
            means[cell.seeds++] = measures[measure].root ? sqrt(mean) : mean;
        }
    struct rng rng = rng_make(seed, 0, "bootstrap");
    cell.mean = stats_mean(means, cell.seeds);
    stats_bootstrap(&cell.low, &cell.high, means, cell.seeds, BOOTSTRAP_ROUNDS, &rng);
    free(means);
    return cell;
}

static struct score_row row_of(const struct group *group, enum split split, uint64_t seed) {
    struct score_row row = {.split = split, .records = group->split[split].records, .seeds = group->split[split].seed_count};
    strcpy(row.label, group->label);
    size_t size = (size_t)row.seeds * sizeof(struct seed_sums);
    struct seed_sums *sorted = memory_alloc(size);
    memcpy(sorted, group->split[split].seeds, size);
    qsort(sorted, (size_t)row.seeds, sizeof *sorted, compare_seeds);
    for (int c = 0; c < MEASURE_COUNT; c++)
        row.cells[c] = cell_of(sorted, row.seeds, (enum measure_id)c, seed);
    free(sorted);
    return row;
}

// The best constant answers; no records when the split has no predictions.
static struct score_row majority_row(const struct truths truths[TARGET_COUNT], enum split split) {
    struct score_row row = {.label = "majority", .split = split};
    for (int t = 0; t < TARGET_COUNT; t++)
        row.records += truths[t].count;
    for (int m = 0; m < MEASURE_COUNT; m++) {
        if (!measures[m].of || !truths[measures[m].target].count)
            continue;
        double value = measures[m].best_constant(&truths[measures[m].target]);
        row.cells[m] = (struct score_cell){.seeds = 1, .mean = value, .low = value, .high = value};
    }
    return row;
}

enum status scores_table(const struct scores *s, uint64_t seed, struct score_row **rows, int *count, struct error *error) {
    *count = 0;
    *rows = memory_calloc((size_t)(s->group_count + 1) * SPLIT_COUNT, sizeof **rows);
    for (int g = 0; g < s->group_count; g++)
        for (int k = 0; k < SPLIT_COUNT; k++)
            if (s->groups[g].split[k].records)
                (*rows)[(*count)++] = row_of(&s->groups[g], (enum split)k, seed);
    if (*count == 0) {
        free(*rows);
        *rows = NULL;
        return error_set(
            error, STATUS_DATA,
            "no record to judge: no prediction or emulation record of the splits validation and ood that was not seen in training");
    }
    for (int k = 0; k < SPLIT_COUNT; k++) {
        (*rows)[*count] = majority_row(s->truths[k], (enum split)k);
        *count += (*rows)[*count].records > 0;
    }
    return STATUS_OK;
}
