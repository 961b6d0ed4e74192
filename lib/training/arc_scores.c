#include "training/arc_scores.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/table.h"
#include "math/intervals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARENTS = 2, ROUNDS = 400 };

// The parents of an RNN as keys of RNNs.
struct parents {
    uint64_t key[PARENTS];
    int count;
};

struct arc {
    char label[SCORE_LABEL_SIZE], made[SCORE_NAME_SIZE];
    uint64_t run, step, key; // key: of label, run and step
    struct parents found, truth;
    bool undecided;
    uint64_t family, true_family;
};

struct arc_scores {
    struct arc *arc;
    size_t count, capacity;
    struct table place; // key -> 1 + index
};

struct arc_scores *arc_scores_new(void) {
    return memory_calloc(1, sizeof(struct arc_scores));
}

void arc_scores_free(struct arc_scores *s) {
    if (!s)
        return;
    table_free(&s->place);
    free(s->arc);
    free(s);
}

uint64_t arc_scores_count(const struct arc_scores *s) {
    return s->count;
}

// --- Reading ---

static uint64_t key_of(const char *label, uint64_t run, uint64_t step) {
    const uint64_t numbers[] = {run, step};
    return hash_bytes(hash_bytes(3, numbers, sizeof numbers), label, strlen(label)) | 1;
}

static bool is_among(const struct parents *p, uint64_t key) {
    for (int k = 0; k < p->count; k++)
        if (p->key[k] == key)
            return true;
    return false;
}

// An RNN by name: {run, step}, added to the parents of an arc; nil or nothing adds none.
static enum status parent_read(const struct value *v, const char *label, struct parents *out, struct error *error) {
    uint64_t run, step;
    if (!v || v->type == VALUE_NIL)
        return STATUS_OK;
    if (field_u64(v, "run", "arc record", &run, error) != STATUS_OK || field_u64(v, "step", "arc record", &step, error) != STATUS_OK)
        return error->status;
    uint64_t key = key_of(label, run, step);
    if (!is_among(out, key))
        out->key[out->count++] = key;
    return STATUS_OK;
}

static enum status truth_read(const struct value *truth, struct arc *a, struct error *error) {
    strcpy(a->made, "root");
    if (!truth)
        return error_set(error, STATUS_DATA, "arc record: no key 'truth' to judge it by (rnn-lineage --truth writes it)");
    if (truth->type == VALUE_NIL)
        return STATUS_OK;
    if (!value_to_text(value_get(truth, "how"), a->made, sizeof a->made))
        strcpy(a->made, "made");
    if (field_line_check(a->made, "how", "arc record: truth", error) != STATUS_OK)
        return error->status;
    if (parent_read(truth, a->label, &a->truth, error) != STATUS_OK)
        return error->status;
    return parent_read(value_get(truth, "second"), a->label, &a->truth, error);
}

static enum status arc_read(const struct value *record, struct arc *a, struct error *error) {
    *a = (struct arc){.label = "lineage"};
    if (value_get(record, "label") && field_line(record, "label", "arc record", a->label, error) != STATUS_OK)
        return error->status;
    if (field_u64(record, "run", "arc record", &a->run, error) != STATUS_OK ||
        field_u64(record, "step", "arc record", &a->step, error) != STATUS_OK ||
        parent_read(value_get(record, "parent"), a->label, &a->found, error) != STATUS_OK ||
        parent_read(value_get(record, "second"), a->label, &a->found, error) != STATUS_OK ||
        field_u64(record, "family", "arc record", &a->family, error) != STATUS_OK ||
        truth_read(value_get(record, "truth"), a, error) != STATUS_OK)
        return error->status;
    a->key = key_of(a->label, a->run, a->step);
    return value_to_bool(value_get(record, "undecided"), &a->undecided)
               ? STATUS_OK
               : error_set(error, STATUS_DATA, "arc record: key 'undecided' is missing or neither true nor false");
}

enum status arc_scores_add(struct arc_scores *s, const struct value *record, struct error *error) {
    struct arc a;
    if (arc_read(record, &a, error) != STATUS_OK)
        return error->status;
    uint64_t *place = table_at(&s->place, a.key);
    if (*place)
        return error_set(error, STATUS_DATA,
                         "'%s': run %llu, step %llu has two arc records; --label, where they are made, tells lineages apart", a.label,
                         (unsigned long long)a.run, (unsigned long long)a.step);
    *place = s->count + 1;
    s->arc = memory_room(s->arc, s->count, &s->capacity, sizeof *s->arc);
    s->arc[s->count++] = a;
    return STATUS_OK;
}

// --- True families ---

static size_t place_of(struct arc_scores *s, uint64_t key) {
    return (size_t)*table_at(&s->place, key) - 1;
}

static size_t head(size_t *up, size_t i) {
    while (up[i] != i)
        i = up[i] = up[up[i]];
    return i;
}

// Who hangs together by true arcs gets one number.
static enum status find_families(struct arc_scores *s, struct error *error) {
    size_t *up = memory_alloc(s->count * sizeof *up);
    for (size_t i = 0; i < s->count; i++)
        up[i] = i;
    for (size_t i = 0; i < s->count; i++)
        for (int k = 0; k < s->arc[i].truth.count; k++) {
            size_t parent = place_of(s, s->arc[i].truth.key[k]);
            if (parent == (size_t)-1) {
                free(up);
                return error_set(error, STATUS_DATA, "'%s': the true parent of run %llu, step %llu is not among the RNNs", s->arc[i].label,
                                 (unsigned long long)s->arc[i].run, (unsigned long long)s->arc[i].step);
            }
            up[head(up, i)] = head(up, parent);
        }
    for (size_t i = 0; i < s->count; i++)
        s->arc[i].true_family = head(up, i);
    free(up);
    return STATUS_OK;
}

static double pairs(double n) {
    return n * (n - 1) / 2;
}

// sum over the groups of a partition of the pairs within.
static double pairs_within(const uint64_t *of, size_t n) {
    struct table sizes = {0};
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        ++*table_at(&sizes, of[i]);
    struct table_slot *slot = table_sorted(&sizes);
    for (size_t k = 0; k < sizes.count; k++)
        sum += pairs((double)slot[k].value);
    free(slot);
    table_free(&sizes);
    return sum;
}

double adjusted_rand(const uint64_t *a, const uint64_t *b, size_t n) {
    uint64_t *both = memory_alloc(n * sizeof *both);
    for (size_t i = 0; i < n; i++)
        both[i] = hash_mix(hash_mix(a[i] + 1) ^ (b[i] * 0x9e3779b97f4a7c15));
    double in_both = pairs_within(both, n), in_a = pairs_within(a, n), in_b = pairs_within(b, n);
    double expected = n > 1 ? in_a * in_b / pairs((double)n) : 0, most = (in_a + in_b) / 2;
    free(both);
    return most == expected ? 1 : (in_both - expected) / (most - expected);
}

// --- Measures ---

enum { RIGHT, PRECISION, RECALL, DIRECTION, ROOT_PRECISION, ROOT_RECALL, UNDECIDED, SHARES, FAMILIES = SHARES, COLUMNS };

static const struct score_column columns[COLUMNS] = {
    [RIGHT] = {"right", "right"},
    [PRECISION] = {"precision", "precision"},
    [RECALL] = {"recall", "recall"},
    [DIRECTION] = {"direction", "direction"},
    [ROOT_PRECISION] = {"roots_precision", "roots precision"},
    [ROOT_RECALL] = {"roots_recall", "roots recall"},
    [UNDECIDED] = {"undecided", "undecided"},
    [FAMILIES] = {"families_rand", "families ARI"},
};

// How often, of how many.
struct share {
    double hits, of;
};

// Counts what one RNN adds to each share.
static void count_arc(struct arc_scores *s, const struct arc *a, bool whole, struct share *out) {
    int right = 0;
    for (int k = 0; k < a->found.count; k++) {
        size_t parent = place_of(s, a->found.key[k]);
        bool ok = is_among(&a->truth, a->found.key[k]);
        bool reversed = parent != (size_t)-1 && is_among(&s->arc[parent].truth, a->key);
        right += ok;
        out[DIRECTION].hits += ok;
        out[DIRECTION].of += ok || reversed;
    }
    bool root = a->truth.count == 0, root_found = a->found.count == 0;
    const struct share more[SHARES] = {[RIGHT] = {right == a->truth.count && right == a->found.count, 1},
                                       [PRECISION] = {right, a->found.count},
                                       [RECALL] = {right, a->truth.count},
                                       [ROOT_PRECISION] = {whole && root && root_found, whole && root_found},
                                       [ROOT_RECALL] = {whole && root && root_found, whole && root},
                                       [UNDECIDED] = {a->undecided, 1}};
    for (int k = 0; k < SHARES; k++) {
        out[k].hits += more[k].hits;
        out[k].of += more[k].of;
    }
}

// --- Rows ---

// The shares of each true family of a row: [families, SHARES].
struct row_shares {
    struct share *of_family;
    int families;
};

static void sum_drawn(void *context, const int *drawn, double *out) {
    const struct row_shares *r = context;
    for (int k = 0; k < SHARES; k++) {
        struct share sum = {0};
        for (int i = 0; i < r->families; i++) {
            sum.hits += r->of_family[drawn[i] * SHARES + k].hits;
            sum.of += r->of_family[drawn[i] * SHARES + k].of;
        }
        out[k] = sum.hits / sum.of;
    }
}

static double clip(double x) {
    return x < 0 ? 0 : x > 1 ? 1 : x; // NaN stays
}

static void fill_cells(struct score_row *row, struct row_shares *r, struct rng *rng) {
    double estimate[SHARES];
    struct interval interval[SHARES];
    int *each = memory_alloc((size_t)r->families * sizeof *each);
    for (int i = 0; i < r->families; i++)
        each[i] = i;
    sum_drawn(r, each, estimate);
    interval_of_clusters(&(struct clusters){r->families, SHARES, sum_drawn, r}, estimate, ROUNDS, rng, interval);
    for (int k = 0; k < SHARES; k++)
        row->cells[k] = (struct score_cell){!isnan(estimate[k]), estimate[k], NAN, NAN, clip(interval[k].low), clip(interval[k].high)};
    free(each);
}

// The RNNs of a label that were made so; made "all": all of them.
static bool in_row(const struct arc *a, const char *label, const char *made, bool whole) {
    return strcmp(a->label, label) == 0 && (whole || strcmp(a->made, made) == 0);
}

static double families_rand(const struct arc_scores *s, const char *label, size_t records) {
    uint64_t *found = memory_alloc(records * sizeof *found), *truth = memory_alloc(records * sizeof *truth);
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        if (in_row(&s->arc[i], label, "", true)) {
            found[n] = s->arc[i].family;
            truth[n++] = s->arc[i].true_family;
        }
    double rand = adjusted_rand(found, truth, n);
    free(found);
    free(truth);
    return rand;
}

static void add_row(struct arc_scores *s, const char *label, const char *made, bool whole, uint64_t seed, struct score_table *out) {
    struct table number = {0};
    struct row_shares shares = {memory_calloc(s->count * SHARES, sizeof(struct share)), 0};
    struct score_row *row = &out->rows[out->row_count++];
    *row = (struct score_row){.cells = memory_calloc(COLUMNS, sizeof(struct score_cell))};
    snprintf(row->label, sizeof row->label, "%s", label);
    snprintf(row->part, sizeof row->part, "%s", made);
    for (size_t i = 0; i < s->count; i++) {
        const struct arc *a = &s->arc[i];
        if (!in_row(a, label, made, whole))
            continue;
        uint64_t *family = table_at(&number, a->true_family);
        if (!*family)
            *family = (uint64_t)++shares.families;
        row->records++;
        count_arc(s, a, whole, &shares.of_family[(*family - 1) * SHARES]);
    }
    row->tasks = (uint64_t)shares.families;
    struct rng rng = rng_make(seed, (uint64_t)out->row_count, "families");
    fill_cells(row, &shares, &rng);
    if (whole)
        row->cells[FAMILIES] = (struct score_cell){1, families_rand(s, label, row->records), NAN, NAN, NAN, NAN};
    table_free(&number);
    free(shares.of_family);
}

// Is this the first arc of its kind? Rows stand in the order of these.
static bool first_of(const struct arc_scores *s, size_t i, bool whole) {
    for (size_t k = 0; k < i; k++)
        if (in_row(&s->arc[k], s->arc[i].label, s->arc[i].made, whole))
            return false;
    return true;
}

enum status arc_scores_table(struct arc_scores *s, uint64_t seed, struct score_table *out, struct error *error) {
    *out = (struct score_table){.heads = {"lineage", "made", NULL, "rnns", "families"}, .column_count = COLUMNS};
    if (find_families(s, error) != STATUS_OK)
        return error->status;
    out->columns = memory_alloc(sizeof columns);
    memcpy(out->columns, columns, sizeof columns);
    out->rows = memory_calloc(2 * s->count, sizeof *out->rows);
    for (size_t i = 0; i < s->count; i++) {
        if (!first_of(s, i, true))
            continue;
        for (size_t k = i; k < s->count; k++)
            if (strcmp(s->arc[k].label, s->arc[i].label) == 0 && first_of(s, k, false))
                add_row(s, s->arc[k].label, s->arc[k].made, false, seed, out);
        add_row(s, s->arc[i].label, "all", true, seed, out);
    }
    return STATUS_OK;
}
