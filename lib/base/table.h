// A hash table from 64-bit keys to 64-bit numbers, for sets and counts: 16 bytes a slot, at most half of which are in use.
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
    uint64_t key, value; // a free slot has key 0; the key 0 itself lives outside
};

// A zeroed struct table is a valid empty one; table_free at the end.
struct table {
    struct table_slot *slot; // [capacity], a power of two
    size_t capacity, count;  // count: keys, 0 among them
    struct table_slot zero;
    bool has_zero;
};

// The value of the key, which is added with value 0 when it is not there; valid until the next call.
uint64_t *table_at(struct table *t, uint64_t key);

// All keys in ascending order, with their values: [count], to be freed.
struct table_slot *table_sorted(const struct table *t);

void table_free(struct table *t);

#endif
