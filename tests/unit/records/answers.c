#include "records/answers.h"

#include "../check.h"
#include "decoded.h"

#include <math.h>
#include <string.h>

// {"n": 3, "x": -0.5, "b": true, "t": "blue", "none": nil, "l": [1, 2.5], "names": ["b", "a"], "mixed": [1, "a"], "map": {}, "empty": [],
// "a": f4 [2,3], "gap": [nil, 2], "unnamed": ["b", nil], "big": 2^60, "nested": {"d.e": [7]}}
static const struct value *record(struct decoded *d) {
    struct packer *p = d->packer;
    const float a[] = {0, 1, 2, 3, 4, INFINITY};
    pack_map(p);
    pack_key(p, "n");
    pack_i64(p, 3);
    pack_key(p, "x");
    pack_double(p, -0.5);
    pack_key(p, "b");
    pack_bool(p, true);
    pack_key(p, "t");
    pack_str(p, "blue");
    pack_key(p, "none");
    pack_nil(p);
    pack_key(p, "l");
    pack_list(p);
    pack_i64(p, 1);
    pack_double(p, 2.5);
    pack_end(p);
    pack_key(p, "names");
    pack_list(p);
    pack_str(p, "b");
    pack_str(p, "a");
    pack_end(p);
    pack_key(p, "mixed");
    pack_list(p);
    pack_i64(p, 1);
    pack_str(p, "a");
    pack_end(p);
    pack_key(p, "map");
    pack_map(p);
    pack_end(p);
    pack_key(p, "empty");
    pack_list(p);
    pack_end(p);
    pack_key(p, "a");
    pack_array(p, DTYPE_F4, 2, (uint64_t[]){2, 3}, a);
    pack_key(p, "gap");
    pack_list(p);
    pack_nil(p);
    pack_i64(p, 2);
    pack_end(p);
    pack_key(p, "unnamed");
    pack_list(p);
    pack_str(p, "b");
    pack_nil(p);
    pack_end(p);
    pack_key(p, "big");
    pack_u64(p, UINT64_C(1) << 60);
    pack_key(p, "nested");
    pack_map(p);
    pack_key(p, "d.e");
    pack_list(p);
    pack_i64(p, 7);
    pack_end(p);
    pack_end(p);
    pack_end(p);
    return decoded_root(d);
}

static void test_read(const struct value *root) {
    const struct {
        const char *path;
        int count;
        bool list;
        enum label_type type;
        double last;
    } good[] = {{"n", 1, false, LABEL_INTEGER, 3},
                {"x", 1, false, LABEL_REAL, -0.5},
                {"b", 1, false, LABEL_BOOLEAN, 1},
                {"t", 1, false, LABEL_TEXT, 0},
                {"none", 0, false, 0, 0},
                {"absent", 0, false, 0, 0},
                {"l", 2, true, LABEL_REAL, 2.5},
                {"l.0", 1, false, LABEL_INTEGER, 1},
                {"names", 2, true, LABEL_TEXT, 0},
                {"a.0", 3, true, LABEL_REAL, 2},
                {"a.1.1", 1, false, LABEL_REAL, 4},
                {"nested.d.e", 1, true, LABEL_INTEGER, 7},
                {"a.7", 0, false, 0, 0}};
    struct answers a;
    struct error error = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK(answers_read(root, good[i].path, &a, &error) == STATUS_OK, "%s: %s", good[i].path, error.text);
        CHECK(a.count == good[i].count && a.list == good[i].list, "%s: %d", good[i].path, a.count);
        const struct label *last = &a.label[a.count ? a.count - 1 : 0];
        CHECK(!a.count || (last->type == good[i].type && (last->type == LABEL_TEXT || last->number == good[i].last)), "%s", good[i].path);
    }
    const char *const bad[] = {"mixed", "map", "empty", "a", "big", "nested"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(answers_read(root, bad[i], &a, &error) == STATUS_DATA && strstr(error.text, bad[i]), "%s: %s", bad[i], error.text);
    CHECK(answers_read(root, "a.1", &a, &error) == STATUS_OK && !labels_finite(&a));
    CHECK(answers_read(root, "a.0", &a, &error) == STATUS_OK && labels_finite(&a));
    CHECK(answers_read(root, "gap", &a, &error) == STATUS_OK && a.count == 2 && !labels_finite(&a) && a.label[1].number == 2);
    CHECK(answers_read(root, "unnamed", &a, &error) == STATUS_OK && a.count == 2 && !labels_finite(&a) && a.label[0].type == LABEL_TEXT);
    CHECK(answers_read(root, "gap.0", &a, &error) == STATUS_OK && a.count == 0);
}

static void test_pack(const struct value *root) {
    const char *const paths[] = {"n", "x", "b", "t", "l", "names"};
    struct decoded d = decoded_new();
    struct answers a, again;
    struct error error = {0};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        packer_clear(d.packer);
        CHECK(answers_read(root, paths[i], &a, &error) == STATUS_OK);
        answers_pack(d.packer, &a);
        const struct value *v = decoded_root(&d), *was = value_get(root, paths[i]);
        CHECK(v->length == was->length && memcmp(v->bytes, was->bytes, v->length) == 0, "%s", paths[i]);
        CHECK(answers_read(v, "", &again, &error) == STATUS_OK && again.count == a.count);
    }
    decoded_free(&d);
}

static struct label text(const char *t) {
    return (struct label){.type = LABEL_TEXT, .text = (const uint8_t *)t, .size = strlen(t)};
}

static void test_compare(void) {
    struct label one = {.type = LABEL_INTEGER, .number = 1}, real = {.type = LABEL_REAL, .number = 1}, half = {LABEL_REAL, 0.5, NULL, 0};
    struct label a = text("a"), ab = text("ab"), b = text("b");
    CHECK(label_compare(&one, &real) == 0 && label_compare(&half, &one) < 0 && label_compare(&one, &half) > 0);
    CHECK(label_compare(&one, &a) < 0 && label_compare(&a, &one) > 0);
    CHECK(label_compare(&a, &ab) < 0 && label_compare(&ab, &a) > 0 && label_compare(&ab, &b) < 0 && label_compare(&b, &b) == 0);
}

int main(void) {
    struct decoded d = decoded_new();
    const struct value *root = record(&d);
    test_read(root);
    test_pack(root);
    test_compare();
    decoded_free(&d);
    return check_report("records/answers");
}
