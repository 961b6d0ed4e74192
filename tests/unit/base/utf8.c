// UTF-8, by the examples of the Unicode Standard, and by decoding every code point.
#include "base/utf8.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static size_t encode(unsigned c, char *out) {
    if (c < 0x80)
        return out[0] = (char)c, 1;
    if (c < 0x800)
        return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 0x3f)), 2;
    size_t n = c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((n == 3 ? 0xe0 : 0xf0) | c);
    return n;
}

static void check_repair(const char *text, const char *wanted) {
    char *repaired = utf8_repaired(text);
    CHECK(strcmp(repaired, wanted) == 0, "%s", repaired);
    CHECK(utf8_valid(repaired, strlen(repaired)) && utf8_valid(text, strlen(text)) == (strcmp(text, wanted) == 0));
    free(repaired);
}

int main(void) {
    int wrong = 0;
    for (unsigned c = 0; c < 0x120000; c++) {
        char text[4];
        size_t n = encode(c, text);
        bool scalar = c < 0x110000 && (c < 0xd800 || c > 0xdfff);
        wrong += utf8_valid(text, n) != scalar || (utf8_sequence(text, n) == n) != scalar || utf8_valid(text, n - 1) != (n == 1);
    }
    CHECK(wrong == 0, "%d", wrong);
    check_repair("", "");
    check_repair("plain, and more than eight bytes", "plain, and more than eight bytes");
    check_repair("h\xc3\xb6he", "h\xc3\xb6he");
    check_repair("mod\xe8le.mp", "mod\xef\xbf\xbdle.mp");
    check_repair("\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd");
    check_repair("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                 // overlong
    check_repair("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); // a surrogate
    check_repair("a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd");               // cut
    return check_report("base/utf8");
}
