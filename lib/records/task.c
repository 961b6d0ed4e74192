#include "records/task.h"

#include <string.h>

static const char language_family[] = "formal-language", smnist_family[] = "sequential-mnist";

static enum status offsets_read(const struct value *task, struct language *l, struct error *error) {
    const struct value *offsets = value_get(task, "offsets");
    if (!offsets || offsets->type != VALUE_ARRAY || offsets->count != (uint32_t)l->tokens)
        return error_set(error, STATUS_DATA, "task: key 'offsets' is no list of %d integers", l->tokens);
    for (int i = 0; i < l->tokens; i++) {
        int64_t offset;
        int low = i ? LANGUAGE_OFFSET_LOW : 0, high = i ? LANGUAGE_OFFSET_HIGH : 0; // the first letter is the measure: 0
        if (!value_to_i64(value_at(offsets, (uint32_t)i), &offset) || offset < low || offset > high)
            return error_set(error, STATUS_DATA, "task: offset %d is no integer of %d .. %d", i, low, high);
        l->offsets[i] = (int)offset;
    }
    return STATUS_OK;
}

static enum status language_read(const struct value *task, struct language *l, struct error *error) {
    enum status status = field_int(task, "tokens", "task", 2, LANGUAGE_MAX_TOKENS, &l->tokens, error);
    if (status == STATUS_OK)
        status = offsets_read(task, l, error);
    if (status == STATUS_OK)
        status = field_int(task, "length", "task", 2, LANGUAGE_MAX_LENGTH, &l->length, error);
    if (status == STATUS_OK)
        status = field_int(task, "max_n", "task", language_min_n(l) + 1, LANGUAGE_MAX_LENGTH, &l->max_n, error);
    return status;
}

static enum status number_read(const struct value *task, const char *key, double low, double high, double *out, struct error *error) {
    if (!value_to_double(value_get(task, key), out) || !(*out >= low && *out <= high))
        return error_set(error, STATUS_DATA, "task: key '%s' is no number of %g .. %g", key, low, high);
    return STATUS_OK;
}

static enum status smnist_read(const struct value *task, struct smnist *s, struct error *error) {
    enum status status = field_text(task, "data", "task", s->data, error);
    if (status == STATUS_OK && !smnist_is_data_name(s->data))
        status = error_set(error, STATUS_DATA, "task: key 'data' is no name made of letters, digits, '.', '_' and '-'");
    if (status == STATUS_OK)
        status = field_int(task, "tile", "task", 1, SMNIST_SIDE, &s->tile, error);
    if (status == STATUS_OK && SMNIST_SIDE % s->tile)
        status = error_set(error, STATUS_DATA, "task: tiles of %d pixels don't fill a side of %d", s->tile, SMNIST_SIDE);
    if (status == STATUS_OK)
        status = number_read(task, "rotation", 0, 360, &s->rotation, error);
    if (status == STATUS_OK && s->rotation == 360)
        status = error_set(error, STATUS_DATA, "task: a rotation of 360 degrees is written as 0");
    if (status == STATUS_OK)
        status = number_read(task, "weight_decay", 0, 1, &s->weight_decay, error);
    return status;
}

enum status task_read(const struct value *task, struct task *out, struct error *error) {
    if (!task || task->type != VALUE_MAP)
        return error_set(error, STATUS_DATA, "key 'task' is missing or no map");
    *out = (struct task){.value = task};
    char family[TEXT_FIELD_SIZE];
    enum status status = field_text(task, "family", "task", family, error);
    if (status == STATUS_OK && strcmp(family, language_family) == 0) {
        out->family = TASK_LANGUAGE;
        return language_read(task, &out->language, error);
    }
    if (status == STATUS_OK && strcmp(family, smnist_family) == 0) {
        out->family = TASK_SMNIST;
        return smnist_read(task, &out->smnist, error);
    }
    return status;
}

static void pack_smnist(struct packer *p, const struct smnist *s) {
    pack_map(p);
    pack_key(p, "family");
    pack_str(p, smnist_family);
    pack_key(p, "data");
    pack_str(p, s->data);
    pack_key(p, "tile");
    pack_i64(p, s->tile);
    pack_key(p, "rotation");
    pack_double(p, s->rotation);
    pack_key(p, "weight_decay");
    pack_double(p, s->weight_decay);
    pack_end(p);
}

static void pack_language(struct packer *p, const struct language *l) {
    pack_map(p);
    pack_key(p, "family");
    pack_str(p, language_family);
    pack_key(p, "tokens");
    pack_i64(p, l->tokens);
    pack_key(p, "offsets");
    pack_list(p);
    for (int i = 0; i < l->tokens; i++)
        pack_i64(p, l->offsets[i]);
    pack_end(p);
    pack_key(p, "length");
    pack_i64(p, l->length);
    pack_key(p, "max_n");
    pack_i64(p, l->max_n);
    pack_end(p);
}

void task_pack(struct packer *p, const struct task *task) {
    if (task->family == TASK_SMNIST)
        pack_smnist(p, &task->smnist);
    else
        pack_language(p, &task->language);
}

void task_record_pack(struct packer *p, uint64_t run, uint64_t seed, const struct task *task) {
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "task");
    pack_key(p, "run");
    pack_u64(p, run);
    pack_key(p, "seed");
    pack_u64(p, seed);
    pack_key(p, "task");
    task_pack(p, task);
    pack_end(p);
}

enum status task_record_read(const struct value *root, struct task_record *out, struct error *error) {
    *out = (struct task_record){.root = root};
    enum status status = field_u64(root, "run", "task record", &out->run, error);
    if (status == STATUS_OK)
        status = field_u64(root, "seed", "task record", &out->seed, error);
    if (status == STATUS_OK)
        status = task_read(value_get(root, "task"), &out->task, error);
    return status;
}
