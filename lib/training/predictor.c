#include "training/predictor.h"

#include "base/memory.h"
#include "math/stats.h"
#include "nn/linear.h"
#include "nn/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum status own_truth(const struct target *target, const struct rnn_record *record, int answers, double *truth,
                             struct error *error) {
    const struct family *family = record->task.family;
    const struct family_target *own = family ? family_target(family, target->name) : NULL;
    if (family && !own)
        return error_set(error, STATUS_DATA, "target '%s': of a %s task '%s' is predicted", target->name, family->name,
                         family->targets->name ? family->targets->name : "nothing");
    if (!own)
        return error_set(error, STATUS_DATA, "target '%s': the record's task is of no known family", target->name);
    double own_truth[FAMILY_ANSWERS];
    int count = own->truth(record->task.body.bytes, own_truth);
    if (count != answers)
        return error_set(error, STATUS_DATA, "target '%s': a task of %d answers among those of %d", target->name, count, answers);
    memcpy(truth, own_truth, (size_t)count * sizeof *truth);
    return STATUS_OK;
}

static enum status metric_truth(const struct target *target, const struct rnn_record *record, int answers, double *truth,
                                struct error *error) {
    (void)answers;
    if (!rnn_record_metric(record, target->metric, truth) || !isfinite(*truth))
        return error_set(error, STATUS_DATA, "target '%s': metrics has no finite number '%s'", target->name, target->metric);
    return STATUS_OK;
}

static const uint64_t step_limit = UINT64_C(1) << 53; // what a double tells apart

static enum status step_truth(const struct target *target, const struct rnn_record *record, int answers, double *truth,
                              struct error *error) {
    (void)answers;
    if (!value_get(record->root, "step") || record->step > step_limit)
        return error_set(error, STATUS_DATA, "target '%s': the record has no step of 0 .. 2^53", target->name);
    *truth = (double)record->step;
    return STATUS_OK;
}

const struct target target_table[TARGET_COUNT] = {
    [TARGET_TASK] = {.name = "task", .per_letter = true, .loss = TARGET_BINARY_CROSS_ENTROPY, .classes = 6, .low = -3, .truth = own_truth},
    [TARGET_STEP] = {.name = "step", .loss = TARGET_CROSS_ENTROPY, .truth = step_truth},
    [TARGET_ACCURACY] = {.name = "accuracy", .loss = TARGET_SQUARED_ERROR, .metric = "accuracy", .truth = metric_truth},
    [TARGET_GAP] = {.name = "gap", .loss = TARGET_SQUARED_ERROR, .metric = "generalisation_gap", .truth = metric_truth},
    [TARGET_ROTATION] = {.name = "rotation", .loss = TARGET_SQUARED_ERROR, .truth = own_truth},
};
const char *const target_names = "task|step|accuracy|gap|rotation";

const struct predictor_config predictor_default_config = {.z = 16, .hidden = 128, .layers = 2, .tokens = 4};

const struct target *target_find(const char *name) {
    for (int i = 0; i < TARGET_COUNT; i++)
        if (strcmp(target_table[i].name, name) == 0)
            return &target_table[i];
    return NULL;
}

int predictor_answers(const struct target *target, const struct predictor_config *config) {
    return target->per_letter ? config->tokens - 1 : 1;
}

static bool classes_of_data(const struct target *target) {
    return target->loss != TARGET_SQUARED_ERROR && target->classes == 0;
}

// Where a class is, or would be, among those of a config.
static int class_place(const struct predictor_config *config, int64_t class) {
    int place = 0;
    while (place < config->class_count && config->classes[place] < class)
        place++;
    return place;
}

enum status predictor_add_class(struct predictor_config *config, const struct target *target, double truth, struct error *error) {
    if (!classes_of_data(target))
        return STATUS_OK;
    int64_t class = (int64_t)truth;
    int place = class_place(config, class);
    if (place < config->class_count && config->classes[place] == class)
        return STATUS_OK;
    if (config->class_count == PREDICTOR_MAX_CLASSES)
        return error_set(error, STATUS_DATA, "target '%s': more than %d different ones", target->name, PREDICTOR_MAX_CLASSES);
    memmove(config->classes + place + 1, config->classes + place, (size_t)(config->class_count - place) * sizeof class);
    config->classes[place] = class;
    config->class_count++;
    return STATUS_OK;
}

static void declare(struct params *table, const struct target *target, const struct predictor_config *config) {
    int outputs = predictor_answers(target, config) * (config->class_count ? config->class_count : 1);
    mlp_params(table, "mlp", config->z, config->hidden, config->layers, outputs);
}

// The classes that a target has whatever the data are.
static void fixed_classes(struct predictor_config *config, const struct target *target) {
    if (classes_of_data(target))
        return;
    config->class_count = target->classes;
    for (int c = 0; c < target->classes; c++)
        config->classes[c] = target->low + c;
}

struct predictor *predictor_new(const struct target *target, const struct predictor_config *config, uint64_t seed) {
    struct predictor *p = memory_calloc(1, sizeof *p);
    *p =
        (struct predictor){.target = target, .config = *config, .answers = predictor_answers(target, config), .seed = seed, .deviation = 1};
    fixed_classes(&p->config, target);
    declare(&p->table, target, &p->config);
    p->values = memory_calloc(p->table.size, sizeof(float));
    struct rng rng = rng_make(seed, 0, "predictor");
    params_init(&p->table, p->values, &rng);
    return p;
}

void predictor_free(struct predictor *p) {
    if (!p)
        return;
    params_free(&p->table);
    free(p->values);
    free(p);
}

// --- Records ---

enum { CONFIG_KEYS = 4 };

// The keys of a target's config; tokens only where it means something.
static void config_keys(const struct target *target, struct predictor_config *config, struct config_key keys[CONFIG_KEYS + 1]) {
    int count = 0;
    keys[count++] = (struct config_key){.name = "z", .target = &config->z, .low = 1, .high = 65536};
    keys[count++] = (struct config_key){.name = "hidden", .target = &config->hidden, .low = 1, .high = 65536};
    keys[count++] = (struct config_key){.name = "layers", .target = &config->layers, .low = 0, .high = 16};
    if (target->per_letter)
        keys[count++] = (struct config_key){.name = "tokens", .target = &config->tokens, .low = 2, .high = PREDICTOR_MAX_ANSWERS + 1};
    keys[count] = (struct config_key){0};
}

// Ascending and not negative, as steps are.
static enum status classes_read(const struct value *root, struct predictor_config *config, struct error *error) {
    const struct value *list = value_get(root, "classes");
    bool good = list && list->type == VALUE_ARRAY && list->count >= 1 && list->count <= PREDICTOR_MAX_CLASSES;
    config->class_count = good ? (int)list->count : 0;
    for (int c = 0; good && c < config->class_count; c++)
        good = value_to_i64(value_at(list, (uint32_t)c), &config->classes[c]) && config->classes[c] > (c ? config->classes[c - 1] : -1);
    if (good)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "predictor record: key 'classes' is no list of 1 .. %d ascending integers", PREDICTOR_MAX_CLASSES);
}

// Nothing is allocated by config before this much weight has really come: two bytes are the least that a number takes.
static enum status weights_size_check(const struct model_record *record, const struct target *target, const struct predictor_config *config,
                                      struct error *error) {
    struct params table = {0};
    declare(&table, target, config);
    size_t size = table.size;
    params_free(&table);
    if (record->weights->length / 2 >= size)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "predictor record: fewer weights than config tells");
}

enum status predictor_read(const struct model_record *record, struct predictor **out, struct error *error) {
    char name[TEXT_FIELD_SIZE];
    if (field_text(record->root, "target", "predictor record", name, error) != STATUS_OK)
        return error->status;
    const struct target *target = target_find(name);
    if (!target)
        return error_set(error, STATUS_DATA, "predictor record: target '%s' is none of %s", name, target_names);
    struct predictor_config config = predictor_default_config;
    struct config_key keys[CONFIG_KEYS + 1];
    config_keys(target, &config, keys);
    fixed_classes(&config, target);
    if (classes_of_data(target) && classes_read(record->root, &config, error) != STATUS_OK)
        return error->status;
    if (config_read(record->config, keys, error) != STATUS_OK || weights_size_check(record, target, &config, error) != STATUS_OK)
        return error->status;
    struct predictor *p = predictor_new(target, &config, record->seed);
    p->step = record->step;
    if (weights_read(record->weights, &p->table, p->values, error) != STATUS_OK) {
        predictor_free(p);
        return error->status;
    }
    *out = p;
    return STATUS_OK;
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

void predictor_pack(struct packer *packer, const struct predictor *p, const struct predictor_losses *losses) {
    struct predictor_config config = p->config;
    struct config_key keys[CONFIG_KEYS + 1];
    config_keys(p->target, &config, keys);
    pack_map(packer);
    pack_key(packer, "kind");
    pack_str(packer, "predictor");
    pack_key(packer, "target");
    pack_str(packer, p->target->name);
    if (classes_of_data(p->target)) {
        pack_key(packer, "classes");
        pack_list(packer);
        for (int c = 0; c < config.class_count; c++)
            pack_i64(packer, config.classes[c]);
        pack_end(packer);
    }
    model_pack(packer, p->seed, p->step, keys, NULL, &p->table, p->values);
    pack_key(packer, "metrics");
    pack_losses(packer, losses);
    pack_end(packer);
}

// --- Computation ---

enum status predictor_truth(const struct predictor *p, const struct rnn_record *record, double *truth, struct error *error) {
    return p->target->truth(p->target, record, p->answers, truth, error);
}

void predictor_standardise(struct predictor *p, const double *truth, int n) {
    if (p->config.class_count)
        return;
    double deviation = stats_deviation(truth, n);
    p->mean = stats_mean(truth, n);
    p->deviation = deviation > 1e-6 * fabs(p->mean) ? deviation : 1; // all equal, but for rounding: nothing to scale
}

// Outputs are W x + b: deviation into W and b, mean into b.
void predictor_unstandardise(struct predictor *p) {
    const struct param *w = &p->table.list[p->table.count - 2], *b = &p->table.list[p->table.count - 1];
    for (size_t i = w->offset; i < p->table.size; i++)
        p->values[i] *= (float)p->deviation;
    for (size_t i = b->offset; i < p->table.size; i++)
        p->values[i] += (float)p->mean;
    p->mean = 0;
    p->deviation = 1;
}

// What the outputs should be, [B,A*C] one-hot or [B,A] numbers, on the tape's arena.
static float *target_values(struct tape *tape, const struct predictor *p, const double *truth, const struct tensor *y) {
    int classes = p->config.class_count, n = y->rows * p->answers;
    float *values = arena_calloc(&tape->arena, tensor_size(y) * sizeof *values);
    for (int i = 0; i < n; i++) {
        if (classes)
            values[i * classes + class_place(&p->config, (int64_t)truth[i])] = 1;
        else
            values[i] = (float)((truth[i] - p->mean) / p->deviation);
    }
    return values;
}

// The places of the classes, [B].
static uint8_t *target_labels(struct tape *tape, const struct predictor *p, const double *truth, int n) {
    uint8_t *labels = arena_alloc(&tape->arena, (size_t)n);
    for (int i = 0; i < n; i++)
        labels[i] = (uint8_t)class_place(&p->config, (int64_t)truth[i]);
    return labels;
}

struct tensor *predictor_loss(struct tape *tape, const struct predictor *p, const struct weights *w, struct tensor *z,
                              const double *truth) {
    struct tensor *y = mlp(tape, w, 0, p->config.layers, z);
    switch (p->target->loss) {
    case TARGET_BINARY_CROSS_ENTROPY:
        return binary_cross_entropy(tape, y, target_values(tape, p, truth, y));
    case TARGET_CROSS_ENTROPY:
        return cross_entropy(tape, y, target_labels(tape, p, truth, y->rows));
    case TARGET_SQUARED_ERROR:
        break;
    }
    return squared_error(tape, y, target_values(tape, p, truth, y));
}

static int arg_max(const float *x, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

void predictor_predict(struct tape *tape, const struct predictor *p, struct tensor *z, double *predicted) {
    struct weights w = {&p->table, p->values, NULL};
    struct tensor *y = mlp(tape, &w, 0, p->config.layers, z);
    int classes = p->config.class_count;
    for (int i = 0; i < z->rows * p->answers; i++) {
        if (!classes) {
            predicted[i] = p->mean + p->deviation * y->value[i];
            continue;
        }
        const float *logits = y->value + i * classes;
        int best = arg_max(logits, classes);
        predicted[i] = isfinite(logits[best]) ? (double)p->config.classes[best] : NAN; // what is not finite must not pass for an answer
    }
}
