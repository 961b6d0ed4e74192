// Is a text UTF-8? What has to be a MessagePack str has to be.
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

// The length in bytes of the well-formed sequence at text (Unicode Standard 3.9, table 3-7), or 0 when there is none. size is at least 1.
size_t utf8_sequence(const void *text, size_t size);
bool utf8_valid(const void *text, size_t size);

// A copy in which U+FFFD stands for each byte that belongs to no well-formed sequence; to be freed.
char *utf8_repaired(const char *text) __attribute__((malloc, returns_nonnull));

#endif
