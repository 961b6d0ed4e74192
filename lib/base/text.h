// Text that grows.
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

// Zeroed = empty; free(bytes) at the end. Not terminated.
struct text {
    char *bytes;
    size_t size, capacity;
};

void text_append(struct text *t, const char *bytes, size_t size);
void text_put(struct text *t, const char *string);
void text_print(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
