// Equality of values: tolerances, NaN and infinities, arrays, order of keys, and where the first difference is.
#include "stream/compare.h"

#include "../check.h"
#include "stream/json.h"
#include "stream/reader.h"

#include <stdlib.h>
#include <string.h>

// Values from JSON; arrays as {"dtype": "<f4", "shape": [2], "data": [1, 2]}.
static struct comparison compare(const char *a, const char *b, double absolute, double relative) {
    struct comparison c;
    struct error error;
    struct packer *p[2];
    struct value_nodes nodes[2] = {0};
    for (int i = 0; i < 2; i++) {
        size_t size;
        const char *text = i ? b : a;
        p[i] = packer_new();
        CHECK(json_read(p[i], text, strlen(text), &error) == STATUS_OK, "%s: %s", text, error.text);
        const uint8_t *bytes = packer_bytes(p[i], &size);
        CHECK(value_decode(bytes, size, 0, &nodes[i], &error) == STATUS_OK, "%s: %s", text, error.text);
    }
    value_compare(nodes[0].node, nodes[1].node, (struct tolerance){absolute, relative}, &c);
    for (int i = 0; i < 2; i++) {
        packer_free(p[i]);
        free(nodes[i].node);
    }
    return c;
}

static void check_equal(const char *a, const char *b, double absolute, double relative) {
    struct comparison c = compare(a, b, absolute, relative), d = compare(b, a, absolute, relative);
    CHECK(!c.differences && !d.differences, "%s and %s: %s: %s", a, b, c.path, c.what);
}

static void check_differ(const char *a, const char *b, double absolute, double relative, uint64_t count, const char *path,
                         const char *what) {
    struct comparison c = compare(a, b, absolute, relative), d = compare(b, a, absolute, relative);
    CHECK(c.differences == count && d.differences == count, "%s and %s: %d and %d differences", a, b, (int)c.differences,
          (int)d.differences);
    CHECK(strcmp(c.path, path) == 0 && strcmp(c.what, what) == 0, "%s: %s", c.path, c.what);
}

#define F4(shape, data) "{\"dtype\": \"<f4\", \"shape\": " shape ", \"data\": " data "}"
#define U8(data) "{\"dtype\": \"<u8\", \"shape\": [1], \"data\": [" data "]}"

static void numbers(void) {
    check_equal("1", "1.0", 0, 0);
    check_equal("0.0", "-0.0", 0, 0);
    check_differ("1", "1.5", 0, 0, 1, "", "1 against 1.5");
    check_equal("1", "1.5", 0.5, 0);
    check_differ("1", "1.5", 0.49, 0, 1, "", "1 against 1.5");
    check_equal("-3", "-4", 0, 0.25);
    check_differ("-3", "-4", 0, 0.24, 1, "", "-3 against -4");
    check_differ("-1", "1", 1.9, 1.9, 1, "", "-1 against 1");
    check_equal("0", "1e-300", 0, 1);
    check_differ("9007199254740992", "9007199254740993", 0, 0, 1, "", "9007199254740992 against 9007199254740993");
    check_differ("true", "1", 9, 9, 1, "", "true against 1");
    check_differ("null", "0", 9, 9, 1, "", "null against 0");
    check_equal("null", "null", 0, 0);
    struct comparison c = compare("[1, 4.0, -8]", "[1.5, 4, -6]", 9, 0);
    CHECK(c.absolute == 2, "%g", c.absolute);
    CHECK_CLOSE(c.relative, 1 / 3.0, 1e-15);
}

static void arrays(void) {
    check_equal(F4("[2]", "[1, \"Infinity\"]"), F4("[2]", "[1, \"Infinity\"]"), 0, 0);
    check_differ(F4("[2]", "[1, \"NaN\"]"), F4("[2]", "[1, \"NaN\"]"), 1e9, 1e9, 1, "1", "\"NaN\" against \"NaN\"");
    check_differ(F4("[1]", "[\"Infinity\"]"), F4("[1]", "[3]"), 1e300, 1e300, 1, "0", "\"Infinity\" against 3");
    check_differ(F4("[1]", "[\"Infinity\"]"), F4("[1]", "[\"-Infinity\"]"), 1e300, 1e300, 1, "0", "\"Infinity\" against \"-Infinity\"");
    CHECK(isinf(compare(F4("[1]", "[\"NaN\"]"), F4("[1]", "[1]"), 0, 0).absolute), "no number is infinitely far");
    check_differ("{\"w\": " F4("[2, 3]", "[1, 2, 3, 4, 5, 6]") "}", "{\"w\": " F4("[2, 3]", "[1, 2, 3, 4, 0.5, 7]") "}", 0, 0, 2, "w.1.1",
                 "5 against 0.5");
    check_differ(F4("[2]", "[1, 2]"), F4("[2, 1]", "[1, 2]"), 9, 9, 1, "", "other shape");
    check_differ(F4("[1]", "[1]"), U8("1"), 9, 9, 1, "", "type <f4 against <u8");
    check_equal(F4("[0, 2]", "[]"), F4("[0, 2]", "[]"), 0, 0);
    check_differ(F4("[0, 2]", "[]"), F4("[2, 0]", "[]"), 0, 0, 1, "", "other shape");
    check_differ(U8("18446744073709551615"), U8("18446744073709551614"), 0, 0, 1, "0", "18446744073709551615 against 18446744073709551614");
    check_equal(U8("18446744073709551615"), U8("18446744073709551614"), 1, 0);
    check_equal("{\"dtype\": \"<f4\", \"scalar\": 0.5}", "{\"dtype\": \"<f4\", \"scalar\": 0.75}", 0.25, 0);
}

static void containers(void) {
    check_equal("{\"a\": 1, \"b\": {\"c\": [1, \"x\"], \"d\": null}}", "{\"b\": {\"d\": null, \"c\": [1, \"x\"]}, \"a\": 1}", 0, 0);
    check_differ("{\"a\": 1, \"b\": 2}", "{\"b\": 2}", 0, 0, 1, "a", "only in the first");
    check_differ("{\"b\": 2}", "{\"c\": 1, \"b\": 2, \"d\": 1}", 0, 0, 2, "c", "only in the second");
    check_differ("{\"a\": 1}", "{\"b\": 1}", 0, 0, 2, "a", "only in the first");
    check_differ("{}", "[]", 0, 0, 1, "", "{} against []");
    check_differ("[1, [2, 3]]", "[1, [2, 3, 4]]", 0, 0, 1, "1", "2 items against 3");
    check_differ("[1, {\"w.x\": [5, \"a\"]}]", "[1, {\"w.x\": [5, \"b\"]}]", 0, 0, 1, "1.w.x.1", "\"a\" against \"b\"");
    check_differ("\"a\"", "{\"base64\": \"YQ==\"}", 0, 0, 1, "", "\"a\" against {\"base64\":\"YQ==\"}");
    check_equal("{\"base64\": \"YQ==\"}", "{\"base64\": \"YQ==\"}", 0, 0);
}

// Descriptions and paths have their limits.
static void long_texts(void) {
    char a[2000], b[2000], key[600];
    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    snprintf(a, sizeof a, "{\"%s\": {\"%s\": \"%s1\"}}", key, key, key);
    snprintf(b, sizeof b, "{\"%s\": {\"%s\": \"%s2\"}}", key, key, key);
    struct comparison c = compare(a, b, 0, 0);
    CHECK(c.differences == 1 && strlen(c.path) == sizeof c.path - 1 && strstr(c.what, "k... against \"k"), "%s: %s", c.path, c.what);
    check_differ("{\"\\n\\u0000\": 1}", "{\"\\n\\u0000\": 2}", 0, 0, 1, "??", "1 against 2");
}

int main(void) {
    numbers();
    arrays();
    containers();
    long_texts();
    return check_report("stream/compare");
}
