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

static void pack_head(struct packer *p, const struct task_record *task, uint64_t seed, int step) {
    const struct value *split = value_get(task->root, "split");
    pack_key(p, "kind");
    pack_str(p, "rnn");
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

static void pack_metrics(struct packer *p, double loss, struct performance performance) {
    pack_map(p);
    pack_key(p, "loss");
    pack_double(p, loss);
    pack_key(p, "accuracy");
    pack_double(p, performance.accuracy);
    pack_key(p, "accuracy_counts");
    pack_double(p, performance.accuracy_counts);
    pack_end(p);
}

static void pack_rollouts(struct packer *p, const struct trainee *t, const struct language *l, int rollouts) {
    uint64_t R = (uint64_t)rollouts, length = (uint64_t)l->length, symbols = (uint64_t)language_symbols(l);
    uint8_t *rows = memory_alloc(R * length);
    float *log_p = memory_alloc(R * (length - 1) * symbols * sizeof *log_p);
    trainee_rollouts(t, rollouts, rows, log_p);
    pack_map(p);
    pack_key(p, "inputs");
    pack_array(p, DTYPE_U1, 2, (uint64_t[]){R, length}, rows);
    pack_key(p, "logits");
    pack_array(p, DTYPE_F4, 3, (uint64_t[]){R, length - 1, symbols}, log_p);
    pack_end(p);
    free(rows);
    free(log_p);
}

bool snapshot_pack(struct packer *p, const struct trainee *t, const struct task_record *task, uint64_t seed, int step,
                   struct snapshot_sizes sizes, struct performance *performance) {
    static const char *const known[] = {"kind", "run", "step", "seed", "split", "task", "arch", "weights", "metrics", "rollouts", NULL};
    if (!all_finite(t))
        return false;
    *performance = trainee_performance(t, sizes.samples);
    pack_map(p);
    pack_head(p, task, seed, step);
    pack_key(p, "arch");
    arch_pack(p, &t->arch);
    pack_key(p, "weights");
    weights_pack(p, &t->table, t->weights);
    pack_key(p, "metrics");
    pack_metrics(p, t->loss, *performance);
    pack_key(p, "rollouts");
    pack_rollouts(p, t, &task->task.language, sizes.rollouts);
    pack_rest(p, task->root, known);
    pack_end(p);
    return true;
}
