#include "training/sampled.h"

#include "base/hash.h"
#include "base/memory.h"
#include "training/prediction_internal.h"

#include <stdlib.h>
#include <string.h>

// The tokens of one row after BOS, up to EOS; returns how many. BOS within makes it no word.
static int letters_of(const int32_t *row, int length, const struct vocabulary *v, int *out) {
    int count = 0;
    for (int t = row[0] == v->bos; t < length && (v->eos < 0 || row[t] != v->eos); t++)
        out[count++] = row[t];
    return count;
}

// What the family makes of the first strings, into the body, which holds the task's sizes.
static enum status listen(const struct rnn_record *record, int strings, void *body, struct error *error) {
    const struct family *family = record->task.family;
    const struct vocabulary v = family->vocabulary(body);
    int length = (int)record->inputs.shape[1], used = 0;
    size_t size = (size_t)strings * (size_t)length;
    int32_t *rows = memory_alloc(size * sizeof *rows);
    int *tokens = memory_alloc(size * sizeof *tokens), *lengths = memory_alloc((size_t)strings * sizeof *lengths);
    double *weights = memory_alloc((size_t)strings * sizeof *weights);
    enum status status = array_to_ints(&record->inputs, 0, size, rows, error);
    for (int i = 0; i < strings && status == STATUS_OK; i++) {
        lengths[i] = letters_of(rows + (size_t)i * (size_t)length, length, &v, tokens + used);
        used += lengths[i];
        weights[i] = 1;
    }
    if (status == STATUS_OK)
        family->of_words(body, tokens, lengths, weights, strings);
    free(rows);
    free(tokens);
    free(lengths);
    free(weights);
    return status;
}

// Strings tell what is different from task to task: the family's targets, whole or in parts. Sizes, which all have, are given.
static bool is_told(const struct family *family, const char *path) {
    for (const struct family_target *t = family->targets; t < family->targets + FAMILY_TARGETS && t->name; t++) {
        size_t n = strlen(t->path);
        if (strncmp(path, t->path, n) == 0 && (path[n] == '.' || !path[n]))
            return true;
    }
    return false;
}

static enum status check(const struct rnn_record *record, const struct property *property, int strings, struct error *error) {
    const struct family *family = record->task.family;
    if (!family || !family->of_words)
        return error_set(error, STATUS_DATA, "nothing is known of the strings of the task's family");
    if (strncmp(property_path(property), "task.", 5) != 0)
        return error_set(error, STATUS_DATA, "target '%s': the field '%s' is none of the task", property->name, property_path(property));
    if (!is_told(family, property_path(property)))
        return error_set(error, STATUS_DATA, "target '%s': the field '%s' is none that strings tell of a task of the family %s",
                         property->name, property_path(property), family->name);
    unsigned long long rollouts = record->has_rollouts && record->inputs.rank == 2 ? record->inputs.shape[0] : 0;
    if (rollouts >= (unsigned long long)strings)
        return STATUS_OK;
    error_set(error, STATUS_DATA, "%llu rollouts of tokens, but %d strings are asked for", rollouts, strings);
    return rnn_record_prefix(record, error);
}

// The property of a task that was guessed, by way of a record of it.
static enum status property_of(const struct task *task, const struct property *property, struct answers *out, struct packer *packer,
                               struct value_nodes *nodes, struct error *error) {
    size_t size;
    pack_map(packer);
    pack_key(packer, "task");
    task_pack(packer, task);
    pack_end(packer);
    const uint8_t *bytes = packer_bytes(packer, &size);
    if (value_decode(bytes, size, 0, nodes, error) != STATUS_OK || property_truth(property, nodes->node, out, error) != STATUS_OK)
        return error->status;
    return out->count ? STATUS_OK : error_set(error, STATUS_DATA, "the task has no field '%s'", property_path(property));
}

enum status sampled_pack(struct packer *packer, const struct rnn_record *record, const struct property *property, int strings,
                         const char *label, struct error *error) {
    static const struct encoder_identity sampled = {.type = "sampled"};
    struct answers truth, guess;
    if (check(record, property, strings, error) != STATUS_OK || property_truth(property, record->root, &truth, error) != STATUS_OK)
        return error->status;
    struct task task = record->task;
    struct rng rng = rng_make(record->seed, hash_mix(record->run) ^ record->step, "sampled");
    task.family->draw(task.body.bytes, &rng); // its sizes stay, the task itself is forgotten
    if (listen(record, strings, task.body.bytes, error) != STATUS_OK)
        return error->status;
    struct packer *own = packer_new();
    struct value_nodes nodes = {0};
    enum status status = property_of(&task, property, &guess, own, &nodes, error);
    if (status == STATUS_OK) {
        prediction_pack_head(packer, record, &sampled, label ? label : sampled.type);
        prediction_pack_target(packer, record, property, &truth);
        pack_key(packer, "predicted");
        answers_pack(packer, &guess);
        pack_end(packer);
    }
    packer_free(own);
    free(nodes.node);
    return status;
}
