// Texts of records and names of files, as tables, messages and terminals take them: on one line, and without control characters.
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stddef.h>

// A copy with \t, \n and \xNN for control characters (for those of Unicode, U+0080 .. U+009F, too: byte by byte) and \\ for a backslash, so
// that two texts never look alike; to be freed.
char *escaped(const void *text, size_t size) __attribute__((malloc, returns_nonnull));
// The same for a whole message: backslashes stay, as texts in it may be escaped already.
char *escaped_message(const char *text) __attribute__((malloc, returns_nonnull));

#endif
