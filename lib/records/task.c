#include "records/task.h"

#include <string.h>

static const char language_family[] = "formal-language";

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

enum status task_read(const struct value *task, struct task *out, struct error *error) {
    if (!task || task->type != VALUE_MAP)
        return error_set(error, STATUS_DATA, "key 'task' is missing or no map");
    *out = (struct task){.value = task};
    char family[TEXT_FIELD_SIZE];
    enum status status = field_text(task, "family", "task", family, error);
    if (status != STATUS_OK || strcmp(family, language_family) != 0)
        return status;
    out->family = TASK_LANGUAGE;
    return language_read(task, &out->language, error);
}

void task_pack(struct packer *p, const struct task *task) {
    const struct language *l = &task->language;
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

enum status task_record_read(const struct value *root, struct task_record *out, struct error *error) {
    *out = (struct task_record){.root = root};
    enum status status = field_u64(root, "run", "task record", &out->run, error);
    if (status == STATUS_OK)
        status = field_u64(root, "seed", "task record", &out->seed, error);
    if (status == STATUS_OK)
        status = task_read(value_get(root, "task"), &out->task, error);
    return status;
}
