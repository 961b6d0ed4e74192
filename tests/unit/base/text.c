// Text and lists that grow.
#include "base/text.h"
#include "base/memory.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static bool is(const struct text *t, const char *string) {
    return t->size == strlen(string) && memcmp(t->bytes, string, t->size) == 0;
}

static void test_text(void) {
    struct text t = {0};
    char longer[300];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    text_append(&t, "a\0b", 3);
    CHECK(t.size == 3 && memcmp(t.bytes, "a\0b", 3) == 0, "text");
    t.size = 0;
    text_put(&t, "one ");
    text_print(&t, "%d %s", 2, "three");
    CHECK(is(&t, "one 2 three"), "text");
    t.size = 0;
    for (int size = 0; size < (int)sizeof longer; size++) { // at and about every size of room
        struct text one = {0};
        text_print(&one, "%.*s", size, longer);
        CHECK(one.size == (size_t)size && memcmp(one.bytes, longer, one.size) == 0, "text");
        text_put(&t, "x");
        free(one.bytes);
    }
    CHECK(t.size == sizeof longer, "text");
    free(t.bytes);
}

static void test_room(void) {
    int *list = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        list = memory_room(list, (size_t)i, &capacity, sizeof *list);
        CHECK(capacity > (size_t)i, "text");
        list[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        CHECK(list[i] == i, "text");
    free(list);
}

int main(void) {
    test_text();
    test_room();
    return check_report("base/text");
}
