#include "base/text.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Room for so many bytes more.
static void reserve(struct text *t, size_t size) {
    if (t->capacity - t->size >= size)
        return;
    size_t capacity = 2 * t->capacity > t->size + size ? 2 * t->capacity : t->size + size;
    t->bytes = memory_realloc(t->bytes, t->size, capacity);
    t->capacity = capacity;
}

void text_append(struct text *t, const char *bytes, size_t size) {
    reserve(t, size);
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
}

void text_put(struct text *t, const char *string) {
    text_append(t, string, strlen(string));
}

void text_print(struct text *t, const char *format, ...) {
    for (size_t room = 64;;) { // mostly enough
        va_list args;
        reserve(t, room);
        va_start(args, format);
        size_t size = (size_t)vsnprintf(t->bytes + t->size, t->capacity - t->size, format, args);
        va_end(args);
        if (size < t->capacity - t->size) { // it ends with a NUL, which does not count
            t->size += size;
            return;
        }
        room = size + 1;
    }
}
