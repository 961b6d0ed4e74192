#include "base/text.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_append(struct text *t, const char *bytes, size_t size) {
    t->bytes = memory_reserve(t->bytes, t->size, &t->capacity, size);
    if (size)
        memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
}

void text_put(struct text *t, const char *string) {
    text_append(t, string, strlen(string));
}

void text_print(struct text *t, const char *format, ...) {
    for (size_t room = 64;;) { // mostly enough
        va_list args;
        t->bytes = memory_reserve(t->bytes, t->size, &t->capacity, room);
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
