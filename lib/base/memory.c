#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

static void default_handler(size_t size) {
    (void)size;
    abort();
}

static void (*failure_handler)(size_t size) = default_handler;

void memory_on_failure(void (*handler)(size_t size)) {
    failure_handler = handler ? handler : default_handler;
}

void memory_failed(size_t size) {
    failure_handler(size);
    abort();
}

void *memory_alloc(size_t size) {
    void *block = NULL;
    if (size > PTRDIFF_MAX || posix_memalign(&block, ALIGNMENT, size ? size : 1) != 0)
        memory_failed(size);
    return block;
}

void *memory_calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        bytes = SIZE_MAX;
    void *block = memory_alloc(bytes);
    memset(block, 0, bytes);
    return block;
}

void *memory_realloc(void *block, size_t old_size, size_t size) {
    void *bigger = memory_alloc(size);
    if (block)
        memcpy(bigger, block, old_size < size ? old_size : size);
    free(block);
    return bigger;
}

void *memory_room(void *list, size_t count, size_t *capacity, size_t item) {
    if (count < *capacity)
        return list;
    size_t old = *capacity;
    *capacity = old ? 2 * old : 16;
    return memory_realloc(list, old * item, *capacity * item);
}

void *memory_reserve(void *bytes, size_t size, size_t *capacity, size_t more) {
    if (*capacity - size >= more)
        return bytes;
    size_t old = *capacity;
    *capacity = 2 * old > size + more ? 2 * old : size + more;
    return memory_realloc(bytes, size, *capacity);
}

char *memory_strdup(const char *text) {
    size_t n = strlen(text) + 1;
    return memcpy(memory_alloc(n), text, n);
}
