#include "families/split.h"

#include "base/memory.h"
#include "families/family.h"

#include <math.h>
#include <stdlib.h>

const char *const split_names[SPLIT_COUNT] = {"train", "validation", "ood"};

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
    return task->family->split(task->body.bytes, &rule, &s->arena, &s->memory[family_index(task->family)]);
}
