#include "records/task.h"

#include "families/split.h"

#include <string.h>

enum status field_split(const struct value *split, const char *of, char out[TEXT_FIELD_SIZE], struct error *error) {
    if (!value_to_text(split, out, TEXT_FIELD_SIZE))
        return error_set(error, STATUS_DATA, "%s: key 'split' is no short text", of);
    for (int s = 0; s < SPLIT_COUNT; s++)
        if (strcmp(out, split_names[s]) == 0)
            return STATUS_OK;
    return error_set(error, STATUS_DATA, "%s: unknown split '%s': there are train, validation and ood", of, out);
}

enum status task_read(const struct value *task, struct task *out, struct error *error) {
    if (!task || task->type != VALUE_MAP)
        return error_set(error, STATUS_DATA, "key 'task' is missing or no map");
    *out = (struct task){.value = task};
    char family[TEXT_FIELD_SIZE];
    enum status status = field_text(task, "family", "task", family, error);
    if (status != STATUS_OK)
        return status;
    out->family = family_find(family);
    return out->family ? out->family->read(task, out->body.bytes, error) : STATUS_OK;
}

void task_pack(struct packer *p, const struct task *task) {
    pack_map(p);
    pack_key(p, "family");
    pack_str(p, task->family->name);
    task->family->pack(p, task->body.bytes);
    pack_end(p);
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
    char split[TEXT_FIELD_SIZE];
    if (status == STATUS_OK && value_get(root, "split"))
        status = field_split(value_get(root, "split"), "task record", split, error);
    return status;
}
