#include "records/recipe.h"

#include "records/rnn.h"
#include "stream/compare.h"
#include "stream/reader.h"

#include <inttypes.h>
#include <stdlib.h>

void recipe_pack(struct packer *p, const struct snapshot_recipe *recipe, const struct task *task) {
    const struct train_recipe *r = recipe->train;
    double decay = r->weight_decay;
    value_to_double(value_get(task->value, "weight_decay"), &decay);
    pack_map(p);
    pack_key(p, "steps");
    pack_i64(p, r->steps);
    pack_key(p, "batch");
    pack_i64(p, r->batch);
    pack_key(p, "rate");
    pack_list(p);
    for (int i = 0; i < 3; i++)
        pack_double(p, r->rate[i]);
    pack_end(p);
    pack_key(p, "weight_decay");
    pack_double(p, decay);
    if (r->shared_start) {
        pack_key(p, "init_seed");
        pack_u64(p, r->init_seed);
    }
    if (recipe->parent) {
        pack_key(p, "start");
        pack_u64(p, recipe->parent->crc32);
    }
    if (recipe->images) {
        pack_key(p, "images");
        pack_u64(p, image_set_crc32(recipe->images));
    }
    pack_key(p, "rollouts");
    pack_i64(p, recipe->rollouts);
    pack_key(p, "samples");
    pack_i64(p, recipe->samples ? recipe->samples : task->family->judged);
    pack_end(p);
}

void recipe_pack_parent(struct packer *p, const struct snapshot_recipe *recipe) {
    if (!recipe->parent)
        return;
    pack_key(p, "parent");
    pack_map(p);
    rnn_name_pack(p, recipe->parent->name);
    pack_end(p);
    pack_key(p, "how");
    pack_str(p, "trained on");
}

// What an rnn record of the task has beside its numbers: the task record's own pairs, arch, and recipe.
static void pack_wanted(struct packer *p, const struct task_record *task, const struct snapshot_recipe *recipe) {
    const struct train_recipe *r = recipe->train;
    struct rnn_arch arch = {.cell = r->cell, .hidden = r->hidden, .layers = r->layers};
    task->task.family->shape(task->task.body.bytes, &arch);
    pack_map(p);
    pack_rest(p, task->root,
              (const char *const[]){"kind", "run", "seed", "step", "arch", "recipe", "weights", "metrics", "rollouts", "parent", "second",
                                    "how", NULL});
    pack_key(p, "arch");
    arch_pack(p, &arch);
    pack_key(p, "recipe");
    recipe_pack(p, recipe, &task->task);
    recipe_pack_parent(p, recipe);
    pack_end(p);
}

static enum status differs(const struct value *old, const struct value *wanted, const char *key, struct error *error) {
    struct comparison c;
    value_compare(old, wanted, (struct tolerance){0}, &c);
    if (!c.differences)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "was trained otherwise: %s%s%s: %s", key, *c.path ? "." : "", c.path, c.what);
}

static enum status compare_parts(const struct value *record, const struct value *wanted, struct error *error) {
    const struct value *key = value_first(wanted);
    for (uint32_t i = 0; i < wanted->count; i++) {
        const struct value *v = value_next(key), *old;
        char name[TEXT_FIELD_SIZE];
        if (value_to_text(key, name, sizeof name)) {
            old = value_get(record, name);
            if (old && differs(old, v, name, error) != STATUS_OK)
                return STATUS_DATA;
            if (!old && !value_is(key, "arch") && !value_is(key, "recipe")) // older, or skipped
                return error_set(error, STATUS_DATA, "was trained otherwise: it has no %s", name);
        }
        key = value_next(v);
    }
    return STATUS_OK;
}

enum status recipe_matches(const struct value *record, const struct task_record *task, const struct snapshot_recipe *recipe,
                           struct error *error) {
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct array logits;
    size_t size;
    pack_wanted(p, task, recipe);
    const uint8_t *bytes = packer_bytes(p, &size);
    enum status status = value_decode(bytes, size, 0, &nodes, error);
    if (status == STATUS_OK)
        status = compare_parts(record, nodes.node, error);
    const struct value *v = value_get(value_get(record, "rollouts"), "logits");
    if (status == STATUS_OK && !value_get(record, "recipe") && v && array_read(v, &logits, NULL) == STATUS_OK && logits.rank == 3 &&
        logits.shape[0] != (uint64_t)recipe->rollouts)
        status =
            error_set(error, STATUS_DATA, "was trained otherwise: it has %" PRIu64 " rollouts, not %d", logits.shape[0], recipe->rollouts);
    free(nodes.node);
    packer_free(p);
    return status;
}
