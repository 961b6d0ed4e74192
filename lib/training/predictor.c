#include "training/predictor.h"

#include "base/memory.h"
#include "nn/linear.h"
#include "nn/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum status task_truth(const struct rnn_record *record, int answers, double *truth, struct error *error) {
    const struct language *l = &record->task.language;
    if (record->task.family != TASK_LANGUAGE)
        return error_set(error, STATUS_DATA, "target 'task': the record's task is no formal language");
    if (l->tokens != answers + 1)
        return error_set(error, STATUS_DATA, "target 'task': a language of %d letters among those of %d", l->tokens, answers + 1);
    for (int a = 0; a < answers; a++)
        truth[a] = l->offsets[a + 1];
    return STATUS_OK;
}

static enum status accuracy_truth(const struct rnn_record *record, int answers, double *truth, struct error *error) {
    (void)answers;
    if (!rnn_record_metric(record, "accuracy", truth) || !isfinite(*truth))
        return error_set(error, STATUS_DATA, "target 'accuracy': metrics has no finite number 'accuracy'");
    return STATUS_OK;
}

static const struct target targets[] = {
    {.name = "task",
     .per_letter = true,
     .classes = LANGUAGE_OFFSETS,
     .low = LANGUAGE_OFFSET_LOW,
     .loss = TARGET_BINARY_CROSS_ENTROPY,
     .truth = task_truth},
    {.name = "accuracy", .loss = TARGET_SQUARED_ERROR, .truth = accuracy_truth},
};
const char *const target_names = "task|accuracy";

const struct predictor_config predictor_default_config = {.z = 16, .hidden = 128, .layers = 2, .tokens = 4};

const struct target *target_find(const char *name) {
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (strcmp(targets[i].name, name) == 0)
            return &targets[i];
    return NULL;
}

static int answers_of(const struct target *target, const struct predictor_config *config) {
    return target->per_letter ? config->tokens - 1 : 1;
}

static void declare(struct params *table, const struct target *target, const struct predictor_config *config) {
    int outputs = answers_of(target, config) * (target->classes ? target->classes : 1);
    mlp_params(table, "mlp", config->z, config->hidden, config->layers, outputs);
}

struct predictor *predictor_new(const struct target *target, const struct predictor_config *config, uint64_t seed) {
    struct predictor *p = memory_calloc(1, sizeof *p);
    *p = (struct predictor){.target = target, .config = *config, .answers = answers_of(target, config), .seed = seed};
    declare(&p->table, target, config);
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
        keys[count++] = (struct config_key){.name = "tokens", .target = &config->tokens, .low = 2, .high = LANGUAGE_MAX_TOKENS};
    keys[count] = (struct config_key){0};
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
        if (isnan(entries[i].loss))
            continue;
        pack_key(packer, entries[i].key);
        pack_double(packer, entries[i].loss);
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
    model_pack(packer, p->seed, p->step, keys, NULL, &p->table, p->values);
    pack_key(packer, "metrics");
    pack_losses(packer, losses);
    pack_end(packer);
}

// --- Computation ---

enum status predictor_truth(const struct predictor *p, const struct rnn_record *record, double *truth, struct error *error) {
    return p->target->truth(record, p->answers, truth, error);
}

// What the outputs should be, [B,A*C] one-hot or [B,A] numbers, on the tape's arena.
static float *target_values(struct tape *tape, const struct predictor *p, const double *truth, const struct tensor *y) {
    int classes = p->target->classes, n = y->rows * p->answers;
    float *values = arena_calloc(&tape->arena, tensor_size(y) * sizeof *values);
    for (int i = 0; i < n; i++) {
        if (classes)
            values[i * classes + (int)truth[i] - p->target->low] = 1;
        else
            values[i] = (float)truth[i];
    }
    return values;
}

struct tensor *predictor_loss(struct tape *tape, const struct predictor *p, const struct weights *w, struct tensor *z,
                              const double *truth) {
    struct tensor *y = mlp(tape, w, 0, p->config.layers, z);
    const float *values = target_values(tape, p, truth, y);
    if (p->target->loss == TARGET_BINARY_CROSS_ENTROPY)
        return binary_cross_entropy(tape, y, values);
    return squared_error(tape, y, values);
}

// 0 for n = 0.
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
    int classes = p->target->classes;
    for (int i = 0; i < z->rows * p->answers; i++) {
        const float *logits = y->value + i * (classes ? classes : 1);
        int best = arg_max(logits, classes);
        predicted[i] =
            !classes || !isfinite(logits[best]) ? logits[best] : p->target->low + best; // what is not finite must not pass for an answer
    }
}
