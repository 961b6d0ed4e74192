#include "base/arena.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 1 << 20, ALIGNMENT = 64 };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    char data[] __attribute__((aligned(ALIGNMENT)));
};

static struct arena_block *block_new(size_t size) {
    struct arena_block *block = memory_alloc(sizeof *block + size);
    *block = (struct arena_block){.size = size};
    return block;
}

void *arena_alloc(struct arena *arena, size_t size) {
    size_t room = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    while (arena->current && arena->current->size - arena->current->used < room && arena->current->next) {
        arena->current = arena->current->next;
        arena->current->used = 0;
    }
    if (!arena->current || arena->current->size - arena->current->used < room) {
        struct arena_block *block = block_new(room > BLOCK_SIZE ? room : BLOCK_SIZE);
        if (arena->current)
            arena->current->next = block;
        else
            arena->first = block;
        arena->current = block;
    }
    void *result = arena->current->data + arena->current->used;
    arena->current->used += room;
    return result;
}

void *arena_calloc(struct arena *arena, size_t size) {
    return memset(arena_alloc(arena, size), 0, size);
}

float *arena_floats(struct arena *arena, size_t count) {
    return arena_alloc(arena, count * sizeof(float));
}

void arena_reset(struct arena *arena) {
    arena->current = arena->first;
    if (arena->first)
        arena->first->used = 0;
}

void arena_clear(struct arena *arena) {
    for (struct arena_block *block = arena->first; block; block = block->next)
        memset(block->data, 0, block->size);
}

void arena_free(struct arena *arena) {
    for (struct arena_block *block = arena->first, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    *arena = (struct arena){0};
}
