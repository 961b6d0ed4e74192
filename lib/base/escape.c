#include "base/escape.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 4 }; // bytes that stand for one

// Is this byte, or the two that begin here, a control character? How many bytes it has.
static size_t control(const uint8_t *text, size_t size) {
    if (text[0] < 0x20 || text[0] == 0x7f)
        return 1;
    return text[0] == 0xc2 && size > 1 && text[1] >= 0x80 && text[1] < 0xa0 ? 2 : 0;
}

static char *escape(const uint8_t *text, size_t size, bool backslashes) {
    char *copy = memory_alloc(LONGEST * size + 1), *at = copy;
    for (size_t i = 0; i < size;) {
        size_t bytes = control(text + i, size - i);
        if (text[i] == '\t' || text[i] == '\n' || (backslashes && text[i] == '\\')) {
            *at++ = '\\';
            *at++ = text[i] == '\t' ? 't' : text[i] == '\n' ? 'n' : '\\';
            i++;
        } else if (!bytes) {
            *at++ = (char)text[i++];
        } else
            for (; bytes; bytes--)
                at += sprintf(at, "\\x%02x", text[i++]);
    }
    *at = '\0';
    return copy;
}

char *escaped(const void *text, size_t size) {
    return escape(text, size, true);
}

char *escaped_message(const char *text) {
    return escape((const uint8_t *)text, strlen(text), false);
}
