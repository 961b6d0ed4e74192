#include "records/grouping.h"

#include "../check.h"
#include "decoded.h"

#include <string.h>

static const char record[] =
    "{\"run\": 3, \"task\": {\"name\": \"x\", \"of\": [1.0, 2]}, \"z\": {\"dtype\": \"<f4\", \"shape\": [2, 2], \"data\": [1, 2, 3, 4.5]}}";

static void check(const struct value *root, const char *fields, const char *expected) {
    struct grouping g;
    struct error error = {0};
    struct text key = {0};
    CHECK(grouping_read(fields, &g, &error) == STATUS_OK, "%s", error.text);
    for (int twice = 0; twice < 2; twice++) {
        CHECK(grouping_key(&g, root, &key, &error) == STATUS_OK, "%s", error.text);
        CHECK(key.size == strlen(expected) && memcmp(key.bytes, expected, key.size) == 0, "%s: %.*s", fields, (int)key.size, key.bytes);
    }
    free(key.bytes);
    grouping_free(&g);
}

int main(void) {
    struct decoded d = decoded_new();
    struct error error;
    struct grouping g;
    struct text key = {0};
    CHECK(json_read(d.packer, record, strlen(record), &error) == STATUS_OK);
    const struct value *root = decoded_root(&d);
    check(root, "run", "3");
    check(root, "task.name, task.of", "\"x\"[1,2]");
    check(root, "task.of.1,z.1,z.1.1", "2[3,4.5]4.5");
    check(root, "task", "{\"name\":\"x\",\"of\":[1,2]}");
    CHECK(grouping_read("run,step", &g, &error) == STATUS_OK && grouping_key(&g, root, &key, &error) == STATUS_DATA);
    CHECK(strstr(error.text, "'step'"), "%s", error.text);
    grouping_free(&g);
    const char *const wrong[] = {"", "run,", ",run", "run,,step"};
    for (int i = 0; i < 4; i++) {
        CHECK(grouping_read(wrong[i], &g, &error) == STATUS_USAGE, "'%s'", wrong[i]);
        grouping_free(&g);
    }
    free(key.bytes);
    decoded_free(&d);
    return check_report("records/grouping");
}
