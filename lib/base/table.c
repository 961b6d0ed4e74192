#include "base/table.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static struct table_slot *place(const struct table *t, uint64_t key) {
    size_t mask = t->capacity - 1, i = hash_mix(key) & mask;
    while (t->slot[i].key && t->slot[i].key != key)
        i = (i + 1) & mask;
    return &t->slot[i];
}

static void grow(struct table *t) {
    struct table_slot *old = t->slot;
    size_t old_capacity = t->capacity;
    t->capacity = old_capacity ? 2 * old_capacity : 16;
    t->slot = memory_calloc(t->capacity, sizeof *t->slot);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key)
            *place(t, old[i].key) = old[i];
    free(old);
}

uint64_t *table_at(struct table *t, uint64_t key) {
    if (key == 0) {
        t->count += !t->has_zero;
        t->has_zero = true;
        return &t->zero.value;
    }
    if (2 * (t->count + 1) > t->capacity)
        grow(t);
    struct table_slot *slot = place(t, key);
    t->count += slot->key == 0;
    slot->key = key;
    return &slot->value;
}

static int by_key(const void *a, const void *b) {
    uint64_t x = ((const struct table_slot *)a)->key, y = ((const struct table_slot *)b)->key;
    return (x > y) - (x < y);
}

struct table_slot *table_sorted(const struct table *t) {
    struct table_slot *sorted = memory_alloc(t->count * sizeof *sorted);
    size_t n = 0;
    if (t->has_zero)
        sorted[n++] = t->zero;
    for (size_t i = 0; i < t->capacity; i++)
        if (t->slot[i].key)
            sorted[n++] = t->slot[i];
    qsort(sorted, n, sizeof *sorted, by_key);
    return sorted;
}

void table_free(struct table *t) {
    free(t->slot);
    *t = (struct table){0};
}
