#include "families/split.h"

#include "base/hash.h"
#include "base/memory.h"
#include "families/family.h"

#include <math.h>
#include <stdlib.h>

const char *const split_names[SPLIT_COUNT] = {"train", "validation", "ood"};

// [0, 1), by purpose, key and seed.
static double rank(uint64_t seed, char purpose, const char *key, size_t size) {
    return (double)(hash_mix(hash_bytes(seed, key, size) ^ (uint64_t)purpose) >> 11) * 0x1p-53;
}

enum split split_of_key(const struct split_rule *rule, const char *key, size_t size) {
    if (rank(rule->seed, 'o', key, size) < rule->ood)
        return SPLIT_OOD;
    return rank(rule->seed, 'v', key, size) * (1 - rule->ood) < rule->validation ? SPLIT_VALIDATION : SPLIT_TRAIN;
}

struct splits {
    struct split_rule rule;
    struct arena arena;
    void *memory[]; // of each family
};

struct splits *splits_new(const struct split_rule *rule) {
    struct splits *s = memory_calloc(1, sizeof *s + (size_t)family_count() * sizeof *s->memory);
    s->rule = *rule;
    return s;
}

void splits_free(struct splits *s) {
    if (!s)
        return;
    arena_free(&s->arena);
    free(s);
}

enum split splits_of(struct splits *s, const struct task *task) {
    struct split_rule rule = s->rule;
    if (isnan(rule.ood))
        rule.ood = task->family->ood_share;
    const struct family *family = task->family;
    const void *body = task->body.bytes;
    if (family->split)
        return family->split(body, &rule, &s->arena, &s->memory[family_index(family)]);
    if (family->ood && family->ood(body, rule.ood))
        return SPLIT_OOD;
    if (family->ood)
        rule = (struct split_rule){.validation = rule.ood < 1 ? rule.validation / (1 - rule.ood) : 0, .seed = rule.seed};
    char key[FAMILY_KEY_SIZE];
    return split_of_key(&rule, key, (size_t)family->key(body, key));
}
