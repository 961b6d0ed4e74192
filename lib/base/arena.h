// An arena: allocations that live and die together. Reset keeps the memory, so that a loop in its steady state allocates nothing.
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *first, *current;
};

// A zeroed struct arena is a valid empty one.
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));    // aligned to 64, contents undefined
void *arena_calloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));   // the same, zeroed
float *arena_floats(struct arena *arena, size_t count) __attribute__((returns_nonnull)); // count floats, contents undefined

void arena_reset(struct arena *arena); // forgets all allocations, keeps the memory
void arena_clear(struct arena *arena); // zeroes all its memory, allocated or not
void arena_free(struct arena *arena);  // gives the memory back; the arena is valid and empty afterwards

#endif
