#include "base/hash.h"
#include "base/memory.h"
#include "training/scores_internal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The targets whose columns are always there, with the kinds that they usually are.
static const struct score_target fixed[FIXED_TARGETS] = {[TARGET_EMULATION] = {"emulation", 1 << JUDGED_LOSS, 1},
                                                         [TARGET_KL_REVERSE] = {"kl_reverse", 1 << JUDGED_LOSS, 1},
                                                         [TARGET_CLONE] = {"clone", 1 << JUDGED_CLONE, 1},
                                                         {"task", 1 << JUDGED_CLASSES, 0},
                                                         {"accuracy", 1 << JUDGED_NUMBER, 0},
                                                         {"rotation", 1 << JUDGED_DEGREES, 0},
                                                         {"gap", 1 << JUDGED_NUMBER, 0},
                                                         {"step", 1 << JUDGED_CLASS, 0}};

struct scores *scores_new(bool all) {
    struct scores *s = memory_calloc(1, sizeof *s);
    s->all = all;
    s->target_count = FIXED_TARGETS;
    s->targets = memory_alloc(sizeof fixed);
    memcpy(s->targets, fixed, sizeof fixed);
    return s;
}

static void split_free(struct group_split *split) {
    for (int c = 0; c < split->cell_count; c++) {
        for (int i = 0; i < split->cells[c].seed_count; i++)
            record_list_free(&split->cells[c].seeds[i].list);
        free(split->cells[c].seeds);
    }
    free(split->cells);
    table_free(&split->tasks);
    table_free(&split->seeds);
}

void scores_free(struct scores *s) {
    if (!s)
        return;
    for (int g = 0; g < s->group_count; g++)
        for (int k = 0; k < SPLIT_COUNT; k++)
            split_free(&s->groups[g].split[k]);
    free(s->groups);
    free(s->targets);
    table_free(&s->outcomes);
    free(s);
}

uint64_t scores_repeated(const struct scores *s) {
    return s->repeated;
}

uint64_t scores_untold(const struct scores *s) {
    return s->untold;
}

// --- Lists of records ---

struct judged cell_judged(enum judged_kind kind, const struct record_list *list) {
    return (struct judged){kind, list->answers, list->count, list->truth, list->predicted};
}

static void grow(double **x, size_t used, size_t capacity) {
    *x = memory_realloc(*x, used * sizeof **x, capacity * sizeof **x);
}

void record_list_add(struct record_list *list, int answers, const double *truth, const double *predicted, uint64_t task) {
    size_t n = (size_t)answers, used = list->count * n;
    list->answers = answers;
    if (list->count == list->capacity) {
        size_t more = list->capacity ? 2 * list->capacity : 16;
        grow(&list->truth, used, more * n);
        grow(&list->predicted, used, more * n);
        list->task = memory_realloc(list->task, list->count * sizeof *list->task, more * sizeof *list->task);
        list->capacity = more;
    }
    memcpy(list->truth + used, truth, n * sizeof *truth);
    memcpy(list->predicted + used, predicted, n * sizeof *predicted);
    list->task[list->count++] = task;
}

void record_list_free(struct record_list *list) {
    free(list->truth);
    free(list->predicted);
    free(list->task);
}

// --- What a record says about its place ---

struct place {
    char label[SCORE_LABEL_SIZE], criterion[TEXT_FIELD_SIZE];
    struct encoder_identity encoder;
    enum predictor_mode mode;
    enum split split;
    bool seen;
    bool has_run, alone;      // alone: neither run nor task, a task of its own for all we know
    uint64_t run, step, task; // task: its hash
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

// Encoders that were trained along with a predictor are others than those that were not.
static enum status label_read(const struct value *record, const char *of, struct place *out, struct error *error) {
    static const char *const suffixes[] = {[MODE_TUNED] = ", fine-tuned", [MODE_LABELS] = ", labels only"};
    if (value_get(record, "label"))
        return field_line(record, "label", of, out->label, error);
    bool plain = out->mode == MODE_FROZEN || out->mode == MODE_UNKNOWN;
    snprintf(out->label, sizeof out->label, "%s%s", out->encoder.type, plain ? "" : suffixes[out->mode]);
    return STATUS_OK;
}

static enum status mode_read(const struct value *record, const char *of, enum predictor_mode *out, struct error *error) {
    const struct value *mode = value_get(record, "mode");
    int m = 0;
    while (m < MODE_UNKNOWN && !value_is(mode, predictor_modes[m]))
        m++;
    *out = (enum predictor_mode)m;
    if (mode && *out == MODE_UNKNOWN)
        return error_set(error, STATUS_DATA, "%s: key 'mode' is none of frozen, fine-tuned, labels", of);
    return STATUS_OK;
}

// Whose record it is: run, step and task, as far as it says.
static enum status subject_read(const struct value *record, const char *of, struct place *out, struct error *error) {
    struct task task = {0};
    out->has_run = value_get(record, "run") != NULL;
    if ((out->has_run && field_u64(record, "run", of, &out->run, error) != STATUS_OK) ||
        (value_get(record, "step") && field_u64(record, "step", of, &out->step, error) != STATUS_OK) ||
        (value_get(record, "task") && task_read(value_get(record, "task"), &task, error) != STATUS_OK))
        return error->status;
    out->alone = !out->has_run && !task.value;
    out->task = task.value ? task_hash(&task, 0) : hash_mix(out->run);
    return STATUS_OK;
}

static enum status place_read(const struct value *record, const char *of, struct place *out, struct error *error) {
    const struct value *encoder, *seen = value_get(record, "seen"), *criterion = value_get(record, "criterion");
    *out = (struct place){0};
    if (mode_read(record, of, &out->mode, error) != STATUS_OK || field_map(record, "encoder", of, &encoder, error) != STATUS_OK ||
        encoder_identity_read(encoder, &out->encoder, error) != STATUS_OK || split_read(record, of, &out->split, error) != STATUS_OK ||
        label_read(record, of, out, error) != STATUS_OK || subject_read(record, of, out, error) != STATUS_OK)
        return error->status;
    if (criterion && field_text(record, "criterion", of, out->criterion, error) != STATUS_OK)
        return error->status;
    if (seen && !value_to_bool(seen, &out->seen))
        return error_set(error, STATUS_DATA, "%s: key 'seen' is neither true nor false", of);
    return STATUS_OK;
}

// --- Finding the place ---

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

static int find_target(struct scores *s, const char *name) {
    for (int t = TARGET_CLONE + 1; t < s->target_count; t++) // fields may have any name
        if (strcmp(s->targets[t].name, name) == 0)
            return t;
    size_t size = (size_t)s->target_count * sizeof *s->targets;
    s->targets = memory_realloc(s->targets, size, size + sizeof *s->targets);
    s->targets[s->target_count] = (struct score_target){0};
    snprintf(s->targets[s->target_count].name, PROPERTY_NAME_SIZE, "%s", name);
    return s->target_count++;
}

static struct outcomes *find_cell(struct group_split *split, int target) {
    if (target >= split->cell_count) {
        size_t size = (size_t)split->cell_count * sizeof *split->cells;
        split->cells = memory_realloc(split->cells, size, (size_t)(target + 1) * sizeof *split->cells);
        for (; split->cell_count <= target; split->cell_count++)
            split->cells[split->cell_count] = (struct outcomes){.mode = MODE_UNKNOWN};
    }
    return &split->cells[target];
}

static struct seed_records *find_seed(struct outcomes *cell, const struct encoder_identity *encoder) {
    for (int i = 0; i < cell->seed_count; i++)
        if (cell->seeds[i].seed == encoder->seed)
            return &cell->seeds[i];
    size_t size = (size_t)cell->seed_count * sizeof *cell->seeds;
    cell->seeds = memory_realloc(cell->seeds, size, size + sizeof *cell->seeds);
    cell->seeds[cell->seed_count] = (struct seed_records){.seed = encoder->seed, .encoder = *encoder};
    return &cell->seeds[cell->seed_count++];
}

// --- What must not be averaged ---

static enum status mixed(const char *what, const char *label, const char *a, const char *b, struct error *error) {
    return error_set(error, STATUS_DATA, "'%s': %s %s and %s in one row; --label, where they are made, tells them apart", label, what, a,
                     b);
}

static enum status cell_fits(struct outcomes *cell, struct seed_records *seed, const struct place *place, enum judged_kind kind,
                             struct error *error) {
    char a[IDENTITY_TEXT_SIZE], b[IDENTITY_TEXT_SIZE];
    if (!encoder_identity_equal(&seed->encoder, &place->encoder))
        return mixed("encoders", place->label, encoder_identity_text(&seed->encoder, a), encoder_identity_text(&place->encoder, b), error);
    seed->encoder = place->encoder.has_crc32 ? place->encoder : seed->encoder;
    if (place->mode != MODE_UNKNOWN && cell->mode != MODE_UNKNOWN && place->mode != cell->mode)
        return mixed("the modes", place->label, predictor_modes[cell->mode], predictor_modes[place->mode], error);
    cell->mode = place->mode != MODE_UNKNOWN ? place->mode : cell->mode;
    if (*place->criterion && *cell->criterion && strcmp(place->criterion, cell->criterion) != 0)
        return mixed("losses of the criteria", place->label, cell->criterion, place->criterion, error);
    if (*place->criterion)
        strcpy(cell->criterion, place->criterion);
    bool empty = cell->seed_count == 1 && seed->list.count == 0;
    if (!empty && kind != cell->kind)
        return error_set(error, STATUS_DATA, "'%s': predictions of one target as two kinds (--as) in one row", place->label);
    cell->kind = kind;
    return STATUS_OK;
}

static uint64_t hash_text(uint64_t h, const char *text) {
    return hash_bytes(h, text, strlen(text));
}

static uint64_t hash_numbers(uint64_t h, const double *x, int n) {
    return hash_bytes(h, x, (size_t)n * sizeof *x);
}

// A number that may be absent, from a record's map.
static uint64_t number_in(const struct value *record, const char *map, const char *key) {
    uint64_t u = 0;
    return value_to_u64(value_get(value_get(record, map), key), &u) ? u + 1 : 0;
}

// What a record is about: equal for what would be counted twice.
static uint64_t subject_hash(const struct place *place, int target, const struct value *record) {
    uint64_t h = hash_mix((uint64_t)target + 1);
    const uint64_t numbers[] = {place->split,
                                place->encoder.seed,
                                place->run,
                                place->step,
                                place->task,
                                number_in(record, "predictor", "seed"),
                                number_in(record, "predictor", "step")};
    return hash_text(hash_bytes(h, numbers, sizeof numbers), place->label);
}

// One answer of a record, in numbers.
struct outcome {
    enum judged_kind kind;
    int answers;
    double truth[ANSWERS_MAX], predicted[ANSWERS_MAX];
};

// Is it there already? STATUS_DATA when it is there with another outcome.
static enum status repeated(struct scores *s, const struct place *place, int target, const struct value *record, const struct outcome *o,
                            bool *out, struct error *error) {
    *out = false;
    if (!place->has_run)
        return STATUS_OK;
    uint64_t says = hash_numbers(hash_numbers(1, o->truth, o->answers), o->predicted, o->answers) | 1;
    uint64_t *found = table_at(&s->outcomes, subject_hash(place, target, record));
    *out = *found == says;
    if (*found && !*out)
        return error_set(error, STATUS_DATA,
                         "'%s', %s: run %llu, step %llu of encoder %llu is there twice, with different outcomes: are these of two zoos?",
                         place->label, s->targets[target].name, (unsigned long long)place->run, (unsigned long long)place->step,
                         (unsigned long long)place->encoder.seed);
    *found = says;
    return STATUS_OK;
}

// --- Adding records ---

static enum status answers_fit(struct score_target *target, const struct outcome *o, struct error *error) {
    if (target->answers && target->answers != o->answers)
        return error_set(error, STATUS_DATA, "prediction record: %d answers; those of others have %d", o->answers, target->answers);
    target->answers = o->answers;
    target->kinds |= 1u << o->kind;
    return STATUS_OK;
}

static enum status add(struct scores *s, const struct place *place, int target, const struct value *record, const struct outcome *o,
                       bool *counted, struct error *error) {
    struct group_split *split = &find_group(s, place->label)->split[place->split];
    struct outcomes *cell = find_cell(split, target);
    struct seed_records *seed = find_seed(cell, &place->encoder);
    bool twice;
    if (answers_fit(&s->targets[target], o, error) != STATUS_OK || cell_fits(cell, seed, place, o->kind, error) != STATUS_OK ||
        repeated(s, place, target, record, o, &twice, error) != STATUS_OK)
        return error->status;
    *counted = !twice;
    if (twice)
        return STATUS_OK;
    record_list_add(&seed->list, o->answers, o->truth, o->predicted, place->task);
    *table_at(&split->tasks, place->task) = 1;
    *table_at(&split->seeds, place->encoder.seed) = 1;
    return STATUS_OK;
}

static void count_record(struct scores *s, const struct place *place, bool counted) {
    if (counted)
        find_group(s, place->label)->split[place->split].records++;
    else
        s->repeated++;
}

// A finite number, or NaN when it is absent, nil or NaN; false for anything else.
static bool optional_number(const struct value *v, double *out) {
    *out = NAN;
    return !v || v->type == VALUE_NIL || (value_to_double(v, out) && !isinf(*out));
}

static enum status add_emulation(struct scores *s, const struct place *place, const struct value *record, struct error *error) {
    struct outcome loss = {.kind = JUDGED_LOSS, .answers = 1}, kl_reverse = loss, clone = {.kind = JUDGED_CLONE, .answers = 1};
    bool counted, also_counted;
    if (!value_to_double(value_get(record, "loss"), &loss.predicted[0]) || !isfinite(loss.predicted[0]))
        return error_set(error, STATUS_DATA, "emulation record: key 'loss' is no finite number");
    if (!optional_number(value_get(record, "accuracy"), &clone.truth[0]) ||
        !optional_number(value_get(record, "clone_accuracy"), &clone.predicted[0]) ||
        !optional_number(value_get(record, "kl_reverse"), &kl_reverse.predicted[0]))
        return error_set(error, STATUS_DATA, "emulation record: accuracy, clone_accuracy or kl_reverse is no finite number");
    if (add(s, place, TARGET_EMULATION, record, &loss, &counted, error) != STATUS_OK)
        return error->status;
    count_record(s, place, counted);
    if (!isnan(kl_reverse.predicted[0]) && add(s, place, TARGET_KL_REVERSE, record, &kl_reverse, &also_counted, error) != STATUS_OK)
        return error->status;
    if (isnan(clone.truth[0]) || isnan(clone.predicted[0]))
        return STATUS_OK;
    return add(s, place, TARGET_CLONE, record, &clone, &also_counted, error);
}

// Texts as numbers: equal ones are equal, others are not (but for one in 2^52).
static double number_of(const struct label *label) {
    if (label->type != LABEL_TEXT)
        return label->number + 0.0; // -0 and 0 are equal
    return (double)(hash_bytes(2, label->text, label->size) >> 12) + 0.5;
}

// Only classes may be texts; numbers are such as floats hold, so that their squares can be added up.
static enum status outcome_read(const struct value *record, const char *key, bool classes, struct answers *a, double *out,
                                struct error *error) {
    if (answers_read(record, key, a, error) != STATUS_OK)
        return error_prefix(error, "prediction record");
    if (!labels_finite(a) || (a->count == 0 && strcmp(key, "predicted") == 0))
        return error_set(error, STATUS_DATA, "prediction record: key '%s' is missing or not finite", key);
    for (int i = 0; i < a->count; i++) {
        if (!classes && a->label[i].type == LABEL_TEXT)
            return error_set(error, STATUS_DATA, "prediction record: key '%s' is a text, where a number is asked for", key);
        out[i] = number_of(&a->label[i]);
        if (!classes && fabs(out[i]) > (double)FLT_MAX)
            return error_set(error, STATUS_DATA, "prediction record: key '%s' is %g, beyond single precision", key, out[i]);
    }
    return STATUS_OK;
}

static enum status property_of(const struct value *record, struct property *out, struct error *error) {
    char name[PROPERTY_NAME_SIZE];
    const struct value *as = value_get(record, "as");
    int kind = 0;
    if (!value_to_text(value_get(record, "target"), name, sizeof name))
        return error_set(error, STATUS_DATA, "prediction record: key 'target' is missing or no short text");
    while (kind < PROPERTY_UNDECIDED && !value_is(as, property_kinds[kind]))
        kind++;
    if (property_named(out, name, (enum property_kind)kind, error) != STATUS_OK)
        return error_prefix(error, "prediction record");
    if (out->kind == PROPERTY_UNDECIDED)
        return error_set(error, STATUS_DATA, "prediction record: target '%s': key 'as' is none of number, classes, angle", name);
    return STATUS_OK;
}

static enum judged_kind kind_of(const struct property *p, bool list) {
    if (p->kind == PROPERTY_NUMBER)
        return p->form.field.circle ? JUDGED_DEGREES : JUDGED_NUMBER;
    if (p->kind == PROPERTY_ANGLE)
        return JUDGED_ANGLE;
    return list ? JUDGED_CLASSES : JUDGED_CLASS;
}

static enum status add_prediction(struct scores *s, const struct place *place, const struct value *record, const struct property *property,
                                  struct error *error) {
    struct outcome o = {0};
    struct answers truth, predicted;
    bool counted, classes = property->kind == PROPERTY_CLASSES;
    if (outcome_read(record, "truth", classes, &truth, o.truth, error) != STATUS_OK ||
        outcome_read(record, "predicted", classes, &predicted, o.predicted, error) != STATUS_OK)
        return error->status;
    if (truth.count == 0) {
        s->untold++;
        return STATUS_OK;
    }
    if (predicted.count != truth.count || predicted.list != truth.list)
        return error_set(error, STATUS_DATA, "prediction record: %d true and %d predicted answers", truth.count, predicted.count);
    if ((predicted.label[0].type == LABEL_TEXT) != (truth.label[0].type == LABEL_TEXT))
        return error_set(error, STATUS_DATA, "prediction record: of truth and predicted, one is a text and one is none");
    o.answers = truth.count;
    o.kind = kind_of(property, truth.list);
    if (add(s, place, find_target(s, property->name), record, &o, &counted, error) != STATUS_OK)
        return error->status;
    count_record(s, place, counted);
    return STATUS_OK;
}

enum status scores_add(struct scores *s, const struct value *record, struct error *error) {
    bool emulation = value_is(value_get(record, "kind"), "emulation");
    struct place place;
    struct property property;
    if (place_read(record, emulation ? "emulation record" : "prediction record", &place, error) != STATUS_OK ||
        (!emulation && property_of(record, &property, error) != STATUS_OK))
        return error->status;
    if (place.split == SPLIT_TRAIN ? !s->all : place.seen)
        return STATUS_OK;
    if (place.alone)
        place.task = hash_mix(++s->alone);
    return emulation ? add_emulation(s, &place, record, error) : add_prediction(s, &place, record, &property, error);
}
