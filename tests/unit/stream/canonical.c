// Canonical JSON: equal just when two values mean the same.
#include "stream/json.h"

#include "../check.h"
#include "../records/decoded.h"

#include <stdlib.h>
#include <string.h>

static void check(const char *json, const char *expected) {
    struct decoded d = decoded_new();
    struct error error = {0};
    struct text text = {0};
    CHECK(json_read(d.packer, json, strlen(json), &error) == STATUS_OK, "%s: %s", json, error.text);
    json_write(&text, decoded_root(&d), JSON_CANONICAL);
    CHECK(text.size == strlen(expected) && memcmp(text.bytes, expected, text.size) == 0, "%s: %.*s", json, (int)text.size, text.bytes);
    free(text.bytes);
    decoded_free(&d);
}

int main(void) {
    check("{\"b\": 1, \"a\": {\"d\": [1.0, 2.5], \"c\": null}, \"aa\": true}", "{\"a\":{\"c\":null,\"d\":[1,2.5]},\"aa\":true,\"b\":1}");
    check("[1, 1.0, -3.0, 0.1, 1e15, 1000000000000000, -0.0, 1e300]", "[1,1,-3,0.1,1000000000000000,1000000000000000,0,1e+300]");
    check("{\"dtype\": \"<f4\", \"shape\": [3], \"data\": [0.1, 2, -0.0]}", "[0.1,2,0]");
    check("{\"dtype\": \"<i2\", \"shape\": [2], \"data\": [7, -7]}", "[7,-7]");
    check("{\"dtype\": \"<f8\", \"scalar\": 5}", "5");
    check("{\"dtype\": \"<f4\", \"shape\": [2, 1], \"data\": [1, 2]}", "{\"dtype\":\"<f4\",\"shape\":[2,1],\"data\":[1,2]}");
    check("{}", "{}");
    return check_report("stream/canonical");
}
