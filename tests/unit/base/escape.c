// Escapes: no control character is left, and two texts never become one.
#include "base/escape.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static void check(const char *text, size_t size, const char *wanted, const char *wanted_message) {
    char *one = escaped(text, size), *message = escaped_message(text);
    CHECK(strcmp(one, wanted) == 0, "%s", one);
    CHECK(strcmp(message, wanted_message) == 0, "%s", message);
    free(one);
    free(message);
}

int main(void) {
    check("", 0, "", "");
    check("plain", 5, "plain", "plain");
    check("plain", 2, "pl", "plain");
    check("a\tb\nc\\d", 7, "a\\tb\\nc\\\\d", "a\\tb\\nc\\d");
    check("\x1b[31mred\x7f\r", 10, "\\x1b[31mred\\x7f\\x0d", "\\x1b[31mred\\x7f\\x0d");
    check("a\0b", 3, "a\\x00b", "a");
    check("h\xc3\xb6he \xc2\xb0 \xe2\x82\xac", 12, "h\xc3\xb6he \xc2\xb0 \xe2\x82\xac", "h\xc3\xb6he \xc2\xb0 \xe2\x82\xac");
    check("\xc2\x9b"
          "1m\xc2\x80\xc2\x9f\xc2\xa0",
          10, "\\xc2\\x9b1m\\xc2\\x80\\xc2\\x9f\xc2\xa0", "\\xc2\\x9b1m\\xc2\\x80\\xc2\\x9f\xc2\xa0");
    check("\xc2", 1, "\xc2", "\xc2");
    check("\xe8\x9b", 2, "\xe8\x9b", "\xe8\x9b"); // a part of a character, or no UTF-8
    return check_report("base/escape");
}
