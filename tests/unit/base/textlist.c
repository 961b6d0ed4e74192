// Lists with commas.
#include "base/textlist.h"

#include "../check.h"

#include <stdio.h>
#include <string.h>

// The items of a list, each in brackets.
static void join(char *out, const char *list, size_t capacity) {
    char item[64];
    *out = '\0';
    while (textlist_copy(&list, item, capacity)) {
        strcat(out, "[");
        strcat(out, item);
        strcat(out, "]");
    }
}

int main(void) {
    const struct {
        const char *list, *items;
    } cases[] = {{"a", "[a]"}, {"a,bc,d", "[a][bc][d]"}, {"", "[]"}, {",", "[][]"}, {"a,", "[a][]"}, {"123,1234,5", "[123][][5]"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char joined[64];
        join(joined, cases[i].list, 4);
        CHECK(strcmp(joined, cases[i].items) == 0, "%s: %s", cases[i].list, joined);
    }
    const char *list = "ab,c", *item;
    size_t size;
    CHECK(textlist_next(&list, &item, &size) && size == 2 && item[0] == 'a');
    CHECK(textlist_next(&list, &item, &size) && size == 1 && item[0] == 'c');
    CHECK(!list && !textlist_next(&list, &item, &size));
    return check_report("base/textlist");
}
