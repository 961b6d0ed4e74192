#include "families/family.h"

#include "base/hash.h"
#include "stream/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const struct family_target *family_target(const char *name) {
    for (int i = 0; i < family_count(); i++)
        for (const struct family_target *t = family_at(i)->targets; t < family_at(i)->targets + FAMILY_TARGETS && t->name; t++)
            if (strcmp(t->name, name) == 0)
                return t;
    return NULL;
}

struct task task_make(const struct family *family, const void *body) {
    assert(family->size <= TASK_SIZE);
    struct task task = {.family = family};
    memcpy(task.body.bytes, body, family->size);
    return task;
}

void task_notation(const struct task *task, char text[FAMILY_KEY_SIZE]) {
    const struct family *f = task->family;
    text[(f->text ? f->text : f->key)(task->body.bytes, text)] = 0;
}

uint64_t task_hash(const struct task *task, uint64_t seed) {
    char text[FAMILY_KEY_SIZE];
    if (task->family)
        return hash_bytes(seed, text, (size_t)task->family->key(task->body.bytes, text));
    struct text json = {0};
    json_write(&json, task->value, JSON_CANONICAL);
    uint64_t hash = hash_bytes(seed, json.bytes, json.size);
    free(json.bytes);
    return hash;
}

int answers_right(const float *logits, int steps, int count, int classes, const uint8_t *labels) {
    const float *last = logits + (size_t)(steps - 1) * (size_t)count * (size_t)classes;
    int right = 0;
    for (int i = 0; i < count; i++, last += classes) {
        int best = 0;
        for (int c = 1; c < classes; c++)
            best = last[c] > last[best] ? c : best;
        right += best == labels[i];
    }
    return right;
}
