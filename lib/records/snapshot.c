#include "records/snapshot.h"

#include "base/memory.h"
#include "records/rnn.h"

#include <math.h>
#include <stdlib.h>

static bool all_finite(const struct trainee *t) {
    for (size_t i = 0; i < t->table.size; i++)
        if (!isfinite(t->weights[i]))
            return false;
    return true;
}

static void pack_head(struct packer *p, const char *kind, const struct task_record *task, uint64_t seed, int step) {
    const struct value *split = value_get(task->root, "split");
    pack_key(p, "kind");
    pack_str(p, kind);
    pack_key(p, "run");
    pack_u64(p, task->run);
    pack_key(p, "step");
    pack_i64(p, step);
    pack_key(p, "seed");
    pack_u64(p, seed);
    if (split) {
        pack_key(p, "split");
        pack_value(p, split);
    }
    pack_key(p, "task");
    pack_value(p, task->task.value);
}

static void pack_metrics(struct packer *p, double loss, const struct performance *performance) {
    pack_map(p);
    if (!isnan(loss)) {
        pack_key(p, "loss");
        pack_double(p, loss);
    }
    performance_pack(p, performance);
    pack_end(p);
}

static void pack_halves(struct packer *p, int rank, const uint64_t *shape, const float *data) {
    uint64_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= shape[i];
    uint16_t *halves = memory_alloc(count * sizeof *halves);
    array_halves(data, count, halves);
    pack_array(p, DTYPE_F2, rank, shape, halves);
    free(halves);
}

// Continuous inputs are many: they and their logits are stored in half precision, as in the published zoos.
bool snapshot_pack_rollouts(struct packer *p, const struct trainee *t, int count) {
    struct rollouts r = trainee_rollouts(t, count);
    bool finite = true;
    uint64_t R = (uint64_t)r.count, T = (uint64_t)r.steps, I = (uint64_t)t->arch.input, O = (uint64_t)t->arch.output;
    pack_map(p);
    pack_key(p, "inputs");
    if (r.tokens)
        pack_array(p, DTYPE_U1, 2, (uint64_t[]){R, (uint64_t)r.row}, r.tokens);
    else
        pack_halves(p, 3, (uint64_t[]){R, T, I}, r.inputs);
    pack_key(p, "logits");
    if (r.tokens)
        pack_array(p, DTYPE_F4, 3, (uint64_t[]){R, T, O}, r.logits);
    else
        pack_halves(p, 3, (uint64_t[]){R, T, O}, r.logits);
    pack_end(p);
    for (uint64_t i = 0; i < R * T * O; i++)
        finite &= isfinite(r.logits[i]);
    rollouts_free(&r);
    return finite;
}

// Keys of a task record that are written here, or by others.
static const char *const known[] = {"kind",    "run",      "step",   "seed",   "split",  "task",   "arch", "weights",
                                    "metrics", "rollouts", "recipe", "reason", "parent", "second", "how",  NULL};

bool snapshot_pack(struct packer *p, const struct trainee *t, const struct task_record *task, uint64_t seed, int step,
                   const struct snapshot_recipe *recipe, struct performance *performance) {
    if (!all_finite(t))
        return false;
    *performance = trainee_performance(t, recipe->samples);
    pack_map(p);
    pack_head(p, "rnn", task, seed, step);
    pack_key(p, "arch");
    arch_pack(p, &t->arch);
    if (recipe->train) {
        pack_key(p, "recipe");
        recipe_pack(p, recipe, &task->task);
        recipe_pack_parent(p, recipe);
    }
    pack_key(p, "weights");
    weights_pack(p, &t->table, t->weights);
    pack_key(p, "metrics");
    pack_metrics(p, t->loss, performance);
    pack_key(p, "rollouts");
    bool finite = snapshot_pack_rollouts(p, t, recipe->rollouts);
    pack_rest(p, task->root, known);
    pack_end(p);
    return finite;
}

void snapshot_pack_diverged(struct packer *p, const struct task_record *task, uint64_t seed, int step,
                            const struct snapshot_recipe *recipe) {
    pack_map(p);
    pack_head(p, "skipped", task, seed, step);
    pack_key(p, "recipe");
    recipe_pack(p, recipe, &task->task);
    recipe_pack_parent(p, recipe);
    pack_key(p, "reason");
    pack_str(p, "its training diverged");
    pack_rest(p, task->root, known);
    pack_end(p);
}
