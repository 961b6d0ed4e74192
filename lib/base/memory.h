// Memory that is 64-byte aligned (vector loads; copies from malloc's offset 16 are up to four times slower) and never NULL.
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

// Called when memory can't be had, with the size asked for; must not return. The library's own default is abort(); a program
// installs one that prints and exits.
void memory_on_failure(void (*handler)(size_t size));

// The same for memory that somebody else's allocator did not get: calls the handler. Size 0 stands for an unknown one.
void memory_failed(size_t size) __attribute__((noreturn));

// size bytes, aligned to 64, contents undefined; release with free(). Size 0 gives a valid pointer.
void *memory_alloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));

// The same for count * size bytes, zeroed; an overflowing product counts as memory that can't be had.
void *memory_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

// Grows (or shrinks) a block from memory_alloc, keeping the first min(old_size, size) bytes; still aligned to 64. block may be NULL.
void *memory_realloc(void *block, size_t old_size, size_t size) __attribute__((returns_nonnull));

// The list [count] of items of such a size, from memory_alloc or NULL, with room for one more behind its last: where count is *capacity,
// that is doubled, and the list may move.
void *memory_room(void *list, size_t count, size_t *capacity, size_t item) __attribute__((returns_nonnull));

// The same for bytes [size], with room for `more` behind them.
void *memory_reserve(void *bytes, size_t size, size_t *capacity, size_t more);

char *memory_strdup(const char *text) __attribute__((malloc, returns_nonnull));

#endif
