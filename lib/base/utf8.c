#include "base/utf8.h"

#include "base/memory.h"

#include <stdint.h>
#include <string.h>

size_t utf8_sequence(const void *bytes, size_t size) {
    const uint8_t *text = bytes;
    uint8_t first = text[0], low = 0x80, high = 0xbf;
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length > size)
        return 0;
    if (first == 0xe0)
        low = 0xa0; // no overlong forms
    else if (first == 0xed)
        high = 0x9f; // no surrogates
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f; // nothing beyond U+10FFFF
    for (size_t i = 1; i < length; i++, low = 0x80, high = 0xbf)
        if (text[i] < low || text[i] > high)
            return 0;
    return length;
}

bool utf8_valid(const void *bytes, size_t size) {
    const uint8_t *text = bytes;
    for (size_t i = 0; i < size;) {
        uint64_t eight;
        if (size - i >= sizeof eight && (memcpy(&eight, text + i, sizeof eight), (eight & 0x8080808080808080u) == 0)) {
            i += sizeof eight;
            continue;
        }
        size_t length = utf8_sequence(text + i, size - i);
        if (!length)
            return false;
        i += length;
    }
    return true;
}

char *utf8_repaired(const char *text) {
    static const char replacement[] = "\xef\xbf\xbd"; // U+FFFD
    size_t size = strlen(text), used = 0;
    char *out = memory_alloc(3 * size + 1);
    for (size_t i = 0; i < size;) {
        size_t length = utf8_sequence(text + i, size - i);
        memcpy(out + used, length ? text + i : replacement, length ? length : 3);
        used += length ? length : 3;
        i += length ? length : 1;
    }
    out[used] = '\0';
    return out;
}
