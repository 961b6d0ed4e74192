#include "training/predictor.h"

#include "base/memory.h"
#include "math/stats.h"
#include "nn/linear.h"
#include "nn/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct predictor_config predictor_default_config = {.z = 16, .hidden = 128, .layers = 2};
const char *const predictor_modes[] = {"frozen", "fine-tuned", "labels"};

// Outputs of the network for an answer.
static int outputs_of(const struct property *property) {
    return property->kind == PROPERTY_CLASSES ? property->class_count : property->kind == PROPERTY_ANGLE ? 2 : 1;
}

static void declare(struct params *table, const struct property *property, const struct predictor_config *config) {
    mlp_params(table, "mlp", config->z, config->hidden, config->layers, property->answers * outputs_of(property));
}

struct predictor *predictor_new(const struct property *property, const struct predictor_config *config, uint64_t seed) {
    struct predictor *p = memory_calloc(1, sizeof *p);
    *p = (struct predictor){
        .property = property_copy(property), .config = *config, .answers = property->answers, .seed = seed, .mode = MODE_UNKNOWN};
    for (int a = 0; a < p->answers; a++)
        p->deviation[a] = 1;
    declare(&p->table, property, &p->config);
    p->values = memory_calloc(p->table.size, sizeof(float));
    struct rng rng = rng_make(seed, 0, "predictor");
    params_init(&p->table, p->values, &rng);
    return p;
}

void predictor_free(struct predictor *p) {
    if (!p)
        return;
    property_free(&p->property);
    params_free(&p->table);
    free(p->values);
    free(p->encoders);
    free(p);
}

// --- Encoders ---

static bool is_known(const struct predictor *p, const struct encoder_identity *id) {
    for (int e = 0; e < p->encoder_count; e++)
        if (encoder_identity_equal(&p->encoders[e], id))
            return true;
    return false;
}

void predictor_add_encoder(struct predictor *p, const struct encoder_identity *id) {
    p->knows_encoders = true;
    if (is_known(p, id))
        return;
    size_t size = (size_t)p->encoder_count * sizeof *p->encoders;
    p->encoders = memory_realloc(p->encoders, size, size + sizeof *p->encoders);
    p->encoders[p->encoder_count++] = *id;
}

enum status predictor_knows(const struct predictor *p, const struct encoder_identity *id, struct error *error) {
    char other[IDENTITY_TEXT_SIZE], own[IDENTITY_TEXT_SIZE] = "no encoder that has a name";
    if (!p->knows_encoders || is_known(p, id))
        return STATUS_OK;
    if (p->encoder_count)
        encoder_identity_text(&p->encoders[0], own);
    return error_set(error, STATUS_DATA, "the encoder is %s, but the predictor was trained on embeddings of %s%s",
                     encoder_identity_text(id, other), own, p->encoder_count > 1 ? " and others" : "");
}

// --- Records ---

enum { CONFIG_KEYS = 4 };

// The keys of the config: the count of answers where there are several. The paper's task tells the letters of a language, of which the
// first is no answer.
static void config_keys(const struct property *property, struct predictor_config *config, int *answers,
                        struct config_key keys[CONFIG_KEYS + 1]) {
    int count = 0;
    keys[count++] = (struct config_key){.name = "z", .target = &config->z, .low = 1, .high = 65536};
    keys[count++] = (struct config_key){.name = "hidden", .target = &config->hidden, .low = 1, .high = 65536};
    keys[count++] = (struct config_key){.name = "layers", .target = &config->layers, .low = 0, .high = 16};
    if (property_is_usual(property) && property->form.field.skip)
        keys[count++] = (struct config_key){.name = "tokens", .target = answers, .low = 2, .high = ANSWERS_MAX};
    else if (property->list)
        keys[count++] = (struct config_key){.name = "answers", .target = answers, .low = 1, .high = ANSWERS_MAX};
    keys[count] = (struct config_key){0};
}

// What the config's number of answers is more than theirs.
static int skipped(const struct property *property) {
    return property_is_usual(property) ? property->form.field.skip : 0;
}

static bool classes_are_fixed(const struct property *property) {
    return property->form.field.classes > 0;
}

static enum status classes_read(const struct value *root, struct property *property, struct error *error) {
    const struct value *list = value_get(root, "classes");
    bool good = list && list->type == VALUE_ARRAY && list->count >= 1 && list->count <= PROPERTY_MAX_CLASSES;
    for (uint32_t c = 0; good && c < list->count; c++) {
        struct answers one;
        good = answers_read(value_at(list, c), "", &one, error) == STATUS_OK && one.count == 1 && !one.list && labels_finite(&one);
        const struct label *last = c ? &property->classes[c - 1] : NULL;
        good =
            good && (!last || (label_compare(last, &one.label[0]) < 0 && (last->type == LABEL_TEXT) == (one.label[0].type == LABEL_TEXT)));
        good = good && property_add_class(property, &one.label[0]);
    }
    if (good)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "predictor record: key 'classes' is no list of 1 .. %d ascending texts or numbers",
                     PROPERTY_MAX_CLASSES);
}

// The index of a word in a list of n, n when it is none of them.
static int word_index(const struct value *v, const char *const *words, int n) {
    int i = 0;
    while (i < n && !value_is(v, words[i]))
        i++;
    return i;
}

static enum status property_read(const struct value *root, struct property *out, struct error *error) {
    char name[PROPERTY_NAME_SIZE];
    const struct value *as = value_get(root, "as");
    if (!value_to_text(value_get(root, "target"), name, sizeof name))
        return error_set(error, STATUS_DATA, "predictor record: key 'target' is missing or no short text");
    int kind = as ? word_index(as, property_kinds, PROPERTY_UNDECIDED) : PROPERTY_UNDECIDED;
    if (as && kind == PROPERTY_UNDECIDED)
        return error_set(error, STATUS_DATA, "predictor record: key 'as' is none of number, classes, angle");
    if (property_named(out, name, (enum property_kind)kind, error) != STATUS_OK)
        return error_prefix(error, "predictor record");
    if (out->kind == PROPERTY_UNDECIDED)
        return error_set(error, STATUS_DATA, "predictor record: target '%s': key 'as' is missing", name);
    return out->kind == PROPERTY_CLASSES && !classes_are_fixed(out) ? classes_read(root, out, error) : STATUS_OK;
}

static enum status encoders_read(const struct value *root, struct predictor *p, struct error *error) {
    const struct value *list = value_get(root, "encoders");
    p->knows_encoders = list != NULL;
    if (list && list->type != VALUE_ARRAY)
        return error_set(error, STATUS_DATA, "predictor record: key 'encoders' is no list");
    for (uint32_t e = 0; list && e < list->count; e++) {
        struct encoder_identity id;
        if (encoder_identity_read(value_at(list, e), &id, error) != STATUS_OK)
            return error_prefix(error, "predictor record");
        predictor_add_encoder(p, &id);
    }
    return STATUS_OK;
}

static bool numbers_read(const struct value *root, const char *key, int count, double *out, struct error *error) {
    struct answers numbers;
    if (answers_read(root, key, &numbers, error) != STATUS_OK || numbers.count != count || numbers.label[0].type == LABEL_TEXT ||
        !labels_finite(&numbers))
        return false;
    for (int a = 0; a < count; a++)
        out[a] = numbers.label[a].number;
    return true;
}

// Older records have neither mean nor deviation: their weights give the number itself.
static enum status scale_read(const struct value *root, struct predictor *p, struct error *error) {
    if (p->property.kind != PROPERTY_NUMBER || (!value_get(root, "mean") && !value_get(root, "deviation")))
        return STATUS_OK;
    bool good = numbers_read(root, "mean", p->answers, p->mean, error) && numbers_read(root, "deviation", p->answers, p->deviation, error);
    for (int a = 0; good && a < p->answers; a++)
        good = p->deviation[a] > 0;
    if (good)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "predictor record: keys 'mean' and 'deviation' are no %d finite numbers each, these above 0",
                     p->answers);
}

// Nothing is allocated by config before this much weight has really come: two bytes are the least that a number takes.
static enum status weights_size_check(const struct model_record *record, const struct property *property,
                                      const struct predictor_config *config, struct error *error) {
    struct params table = {0};
    declare(&table, property, config);
    size_t size = table.size;
    params_free(&table);
    if (record->weights->length / 2 >= size)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "predictor record: fewer weights than config tells");
}

static enum status read_settled(const struct model_record *record, struct property *property, struct predictor **out, struct error *error) {
    struct predictor_config config = predictor_default_config;
    struct config_key keys[CONFIG_KEYS + 1];
    int answers = skipped(property) ? 4 : 1; // the paper's languages have four letters
    property->list |= value_get(record->config, "answers") != NULL;
    config_keys(property, &config, &answers, keys);
    if (config_read(record->config, keys, error) != STATUS_OK)
        return error->status;
    property->answers = answers - skipped(property);
    if (weights_size_check(record, property, &config, error) != STATUS_OK)
        return error->status;
    *out = predictor_new(property, &config, record->seed);
    (*out)->step = record->step;
    (*out)->mode = (enum predictor_mode)word_index(value_get(record->root, "mode"), predictor_modes, MODE_UNKNOWN);
    enum status status = weights_read(record->weights, &(*out)->table, (*out)->values, error);
    if (status == STATUS_OK)
        status = scale_read(record->root, *out, error);
    return status == STATUS_OK ? encoders_read(record->root, *out, error) : status;
}

enum status predictor_read(const struct model_record *record, struct predictor **out, struct error *error) {
    struct property property = {0};
    struct predictor *p = NULL;
    enum status status = property_read(record->root, &property, error);
    if (status == STATUS_OK)
        status = read_settled(record, &property, &p, error);
    property_free(&property);
    if (status == STATUS_OK)
        *out = p;
    else
        predictor_free(p);
    return status;
}

static void pack_losses(struct packer *packer, const struct predictor_losses *losses) {
    const struct {
        const char *key;
        double loss;
    } entries[] = {{"train_loss", losses->train}, {"validation_loss", losses->validation}, {"ood_loss", losses->ood}};
    pack_map(packer);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (!isfinite(entries[i].loss))
            continue;
        pack_key(packer, entries[i].key);
        pack_double(packer, entries[i].loss);
    }
    if (losses->diverged_at) {
        pack_key(packer, "diverged_at");
        pack_u64(packer, losses->diverged_at);
    }
    pack_end(packer);
}

static void pack_property(struct packer *packer, const struct property *property) {
    pack_key(packer, "target");
    pack_str(packer, property->name);
    if (!property_is_usual(property)) {
        pack_key(packer, "as");
        pack_str(packer, property_kinds[property->kind]);
    }
    if (property->kind != PROPERTY_CLASSES || classes_are_fixed(property))
        return;
    pack_key(packer, "classes");
    pack_list(packer);
    for (int c = 0; c < property->class_count; c++)
        label_pack(packer, &property->classes[c]);
    pack_end(packer);
}

static void pack_numbers(struct packer *packer, const char *key, const double *numbers, int count) {
    pack_key(packer, key);
    pack_list(packer);
    for (int a = 0; a < count; a++)
        pack_double(packer, numbers[a]);
    pack_end(packer);
}

static void pack_scale(struct packer *packer, const struct predictor *p) {
    if (p->property.kind != PROPERTY_NUMBER)
        return;
    pack_numbers(packer, "mean", p->mean, p->answers);
    pack_numbers(packer, "deviation", p->deviation, p->answers);
}

static void pack_encoders(struct packer *packer, const struct predictor *p) {
    if (p->mode != MODE_UNKNOWN) {
        pack_key(packer, "mode");
        pack_str(packer, predictor_modes[p->mode]);
    }
    if (!p->knows_encoders)
        return;
    pack_key(packer, "encoders");
    pack_list(packer);
    for (int e = 0; e < p->encoder_count; e++)
        encoder_identity_pack(packer, &p->encoders[e]);
    pack_end(packer);
}

void predictor_pack(struct packer *packer, const struct predictor *p, const struct predictor_losses *losses) {
    struct predictor_config config = p->config;
    struct config_key keys[CONFIG_KEYS + 1];
    int answers = p->answers + skipped(&p->property);
    config_keys(&p->property, &config, &answers, keys);
    pack_map(packer);
    pack_key(packer, "kind");
    pack_str(packer, "predictor");
    pack_property(packer, &p->property);
    pack_scale(packer, p);
    pack_encoders(packer, p);
    model_pack(packer, p->seed, p->step, keys, NULL, &p->table, p->values);
    pack_key(packer, "metrics");
    pack_losses(packer, losses);
    pack_end(packer);
}

// --- Computation ---

void predictor_standardise(struct predictor *p, const double *truth, int n) {
    if (p->property.kind != PROPERTY_NUMBER)
        return;
    double *column = memory_alloc((size_t)n * sizeof *column);
    for (int a = 0; a < p->answers; a++) {
        for (int i = 0; i < n; i++)
            column[i] = truth[i * p->answers + a];
        double deviation = stats_deviation(column, n);
        p->mean[a] = stats_mean(column, n);
        p->deviation[a] = deviation > 0 ? deviation : 1; // all equal: nothing to scale
    }
    free(column);
}

static const double radians = M_PI / 180;

// What the outputs should be for sample and answer i: one-hot, a standardised number, or cosine and sine.
static void output_of(const struct predictor *p, double truth, int a, float *out) {
    switch (p->property.kind) {
    case PROPERTY_CLASSES:
        out[(int)truth] = 1;
        break;
    case PROPERTY_ANGLE:
        out[0] = (float)cos(truth * radians);
        out[1] = (float)sin(truth * radians);
        break;
    default:
        out[0] = (float)((truth - p->mean[a]) / p->deviation[a]);
    }
}

// [B, A * outputs], on the tape's arena.
static float *target_values(struct tape *tape, const struct predictor *p, const double *truth, const struct tensor *y) {
    int outputs = outputs_of(&p->property), n = y->rows * p->answers;
    float *values = arena_calloc(&tape->arena, tensor_size(y) * sizeof *values);
    for (int i = 0; i < n; i++)
        output_of(p, truth[i], i % p->answers, values + i * outputs);
    return values;
}

// The places of the classes, [B].
static uint8_t *target_labels(struct tape *tape, const double *truth, int n) {
    uint8_t *labels = arena_alloc(&tape->arena, (size_t)n);
    for (int i = 0; i < n; i++)
        labels[i] = (uint8_t)truth[i];
    return labels;
}

struct tensor *predictor_loss(struct tape *tape, const struct predictor *p, const struct weights *w, struct tensor *z,
                              const double *truth) {
    struct tensor *y = mlp(tape, w, 0, p->config.layers, z);
    if (p->property.kind != PROPERTY_CLASSES)
        return squared_error(tape, y, target_values(tape, p, truth, y));
    if (p->property.list)
        return binary_cross_entropy(tape, y, target_values(tape, p, truth, y));
    return cross_entropy(tape, y, target_labels(tape, truth, y->rows));
}

static double arg_max(const float *x, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return isfinite(x[best]) ? best : NAN; // what is not finite must not pass for an answer
}

static double direction(const float *x) {
    double degrees = atan2(x[1], x[0]) / radians;
    return degrees < 0 ? degrees + 360 : degrees;
}

void predictor_predict(struct tape *tape, const struct predictor *p, struct tensor *z, double *predicted) {
    struct weights w = {&p->table, p->values, NULL};
    struct tensor *y = mlp(tape, &w, 0, p->config.layers, z);
    int outputs = outputs_of(&p->property);
    for (int i = 0; i < z->rows * p->answers; i++) {
        const float *x = y->value + i * outputs;
        int a = i % p->answers;
        predicted[i] = p->property.kind == PROPERTY_CLASSES ? arg_max(x, outputs)
                       : p->property.kind == PROPERTY_ANGLE ? direction(x)
                                                            : p->mean[a] + p->deviation[a] * (double)x[0];
    }
}
