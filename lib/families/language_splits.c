// The split of formal languages by task: the highest entropies are out of distribution, a hash chooses among the rest.
#include "base/arena.h"
#include "base/hash.h"
#include "base/memory.h"
#include "families/language.h"

#include <math.h>
#include <stdlib.h>

struct language_splits {
    int tokens, tasks;
    uint8_t split[]; // by task number
};

struct task_rank {
    int64_t entropy;          // in units of 1e-9: the last bits of log() are not the same everywhere
    uint64_t ood, validation; // hashes
    int task;
};

static double task_entropy(const struct language *l) {
    int lowest = -language_min_n(l);
    double sum = 0, entropy = 0;
    for (int i = 0; i < l->tokens; i++)
        sum += 1 + l->offsets[i] - lowest;
    for (int i = 0; i < l->tokens; i++) {
        double p = (1 + l->offsets[i] - lowest) / sum;
        entropy -= p * log(p);
    }
    return entropy;
}

// Over the purpose and the offsets as bytes.
static uint64_t offsets_hash(const struct language *l, uint64_t seed, char purpose) {
    uint8_t bytes[1 + LANGUAGE_MAX_TOKENS] = {(uint8_t)purpose};
    for (int i = 0; i < l->tokens; i++)
        bytes[1 + i] = (uint8_t)l->offsets[i];
    return hash_bytes(seed, bytes, 1 + (size_t)l->tokens);
}

static int order(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static int by_entropy(const void *left, const void *right) {
    const struct task_rank *a = left, *b = right;
    if (a->entropy != b->entropy)
        return a->entropy > b->entropy ? -1 : 1;
    return a->ood != b->ood ? order(a->ood, b->ood) : a->task - b->task;
}

static int by_validation(const void *left, const void *right) {
    const struct task_rank *a = left, *b = right;
    return a->validation != b->validation ? order(a->validation, b->validation) : a->task - b->task;
}

static int share_of(int tasks, double share, int most) {
    long count = lround(tasks * share);
    return count < 0 ? 0 : count > most ? most : (int)count;
}

struct language_splits *language_splits_new(int tokens, const struct split_rule *rule, struct arena *arena) {
    int tasks = language_task_count(tokens);
    struct task_rank *rank = memory_calloc((size_t)tasks, sizeof *rank);
    for (int t = 0; t < tasks; t++) {
        struct language l = language_of_number(tokens, t);
        rank[t] =
            (struct task_rank){llround(1e9 * task_entropy(&l)), offsets_hash(&l, rule->seed, 'o'), offsets_hash(&l, rule->seed, 'v'), t};
    }
    qsort(rank, (size_t)tasks, sizeof *rank, by_entropy);
    int far = share_of(tasks, rule->ood, tasks), held_out = share_of(tasks, rule->validation, tasks - far);
    qsort(rank + far, (size_t)(tasks - far), sizeof *rank, by_validation);

    struct language_splits *s = arena_alloc(arena, sizeof *s + (size_t)tasks);
    *s = (struct language_splits){.tokens = tokens, .tasks = tasks};
    for (int k = 0; k < tasks; k++)
        s->split[rank[k].task] = k < far ? SPLIT_OOD : k < far + held_out ? SPLIT_VALIDATION : SPLIT_TRAIN;
    free(rank);
    return s;
}

enum split language_splits_of(const struct language_splits *s, const struct language *l) {
    return s->split[language_task_number(l)];
}
