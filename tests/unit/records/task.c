#include "records/task.h"

#include "../check.h"
#include "decoded.h"
#include "families/language.h"
#include "families/smnist.h"

#include <string.h>

static const struct language example = {.tokens = 4, .offsets = {0, 1, -2, 2}, .length = 42, .max_n = 10};
static const struct smnist turned = {.data = "fashion-mnist", .tile = 7, .rotation = 0.1 + 0.2, .weight_decay = 0.01};

static const struct value *packed(struct decoded *d, const struct family *family, const void *body) {
    const struct task task = task_make(family, body);
    task_pack(d->packer, &task);
    return decoded_root(d);
}

static const struct value *with_number(struct decoded *d, const struct value *map, const char *key, double x) {
    struct decoded v = decoded_new();
    pack_double(v.packer, x);
    const struct value *root = decoded_with(d, map, key, decoded_root(&v));
    decoded_free(&v);
    return root;
}

static void test_smnist(void) {
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    struct task task;
    const struct value *root = packed(&d, &smnist_family, &turned);
    CHECK(task_read(root, &task, &error) == STATUS_OK, "%s", error.text);
    const struct smnist *read = TASK_BODY(struct smnist, &task);
    CHECK(task.family == &smnist_family && task.value == root && strcmp(read->data, turned.data) == 0);
    CHECK(read->tile == 7 && read->rotation == turned.rotation && read->weight_decay == 0.01);
    CHECK(!read->transposed && !value_get(root, "transposed"), "is not said of what is upright");
    CHECK(task_read(decoded_with_int(&variant, root, "transposed", 1), &task, &error) == STATUS_DATA && strstr(error.text, "transposed"),
          "%s", error.text);
    const char *const keys[] = {"family", "data", "tile", "rotation", "weight_decay"};
    for (int k = 0; k < 5; k++) {
        CHECK(task_read(decoded_without(&variant, root, keys[k]), &task, &error) == STATUS_DATA && strstr(error.text, keys[k]), "%s",
              keys[k]);
        CHECK(task_read(decoded_with_int(&variant, root, keys[k], 1000), &task, &error) == STATUS_DATA, "%s", keys[k]);
        CHECK(task_read(decoded_with_int(&variant, root, keys[k], -1), &task, &error) == STATUS_DATA, "%s", keys[k]);
        CHECK(task_read(decoded_with_text(&variant, root, keys[k], "a/b"), &task, &error) == (k ? STATUS_DATA : STATUS_OK), "%s", keys[k]);
    }
    CHECK(task_read(decoded_with_int(&variant, root, "tile", 3), &task, &error) == STATUS_DATA && strstr(error.text, "fill"));
    CHECK(task_read(decoded_with_int(&variant, root, "tile", 0), &task, &error) == STATUS_DATA);
    CHECK(task_read(decoded_with_int(&variant, root, "rotation", 90), &task, &error) == STATUS_OK && read->rotation == 90);
    CHECK(task_read(decoded_with_int(&variant, root, "rotation", 360), &task, &error) == STATUS_DATA && strstr(error.text, "360"));
    CHECK(task_read(with_number(&variant, root, "rotation", 359.999), &task, &error) == STATUS_OK);
    CHECK(task_read(with_number(&variant, root, "rotation", NAN), &task, &error) == STATUS_DATA);
    CHECK(task_read(with_number(&variant, root, "weight_decay", 1.001), &task, &error) == STATUS_DATA);
    decoded_free(&d);
    decoded_free(&variant);
}

static void test_round_trip(void) {
    struct decoded d = decoded_new();
    struct error error;
    struct task task;
    const struct value *root = packed(&d, &language_family, &example);
    CHECK(task_read(root, &task, &error) == STATUS_OK, "%s", error.text);
    CHECK(task.family == &language_family && task.value == root);
    CHECK(memcmp(task.body.bytes, &example, sizeof example) == 0);
    decoded_free(&d);
}

static void test_refusals(void) {
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    struct task task;
    const struct value *root = packed(&d, &language_family, &example);
    const char *const keys[] = {"family", "tokens", "offsets", "length", "max_n"};
    for (int k = 0; k < 5; k++) {
        CHECK(task_read(decoded_without(&variant, root, keys[k]), &task, &error) == STATUS_DATA && strstr(error.text, keys[k]), "%s",
              keys[k]);
        CHECK(task_read(decoded_with_int(&variant, root, keys[k], 100000), &task, &error) == STATUS_DATA, "%s", keys[k]);
        CHECK(task_read(decoded_with_int(&variant, root, keys[k], -1), &task, &error) == STATUS_DATA, "%s", keys[k]);
    }
    CHECK(task_read(decoded_with_int(&variant, root, "tokens", 3), &task, &error) == STATUS_DATA);
    CHECK(task_read(decoded_with_int(&variant, root, "max_n", 2), &task, &error) == STATUS_DATA); // the least n is 2
    CHECK(task_read(decoded_with_int(&variant, root, "max_n", 3), &task, &error) == STATUS_OK);
    CHECK(task_read(NULL, &task, &error) == STATUS_DATA);
    decoded_free(&d);
    decoded_free(&variant);
}

static void test_offset_bounds(void) {
    const int wrong[][2] = {{1, 3}, {1, -4}, {0, 1}};
    for (int k = 0; k < 3; k++) {
        struct decoded d = decoded_new();
        struct error error;
        struct language language = example;
        struct task task;
        language.offsets[wrong[k][0]] = wrong[k][1];
        CHECK(task_read(packed(&d, &language_family, &language), &task, &error) == STATUS_DATA && strstr(error.text, "offset"));
        decoded_free(&d);
    }
}

static void test_other_family(void) {
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    struct task task;
    const struct value *root = decoded_with_text(&variant, packed(&d, &language_family, &example), "family", "sorting");
    CHECK(task_read(root, &task, &error) == STATUS_OK && !task.family && task.value == root);
    decoded_free(&d);
    decoded_free(&variant);
}

static void test_record(void) {
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    struct task_record record;
    const struct task task = task_make(&language_family, &example);
    task_record_pack(d.packer, 17, 3, &task);
    const struct value *root = decoded_root(&d);
    CHECK(value_is(value_get(root, "kind"), "task"));
    CHECK(task_record_read(root, &record, &error) == STATUS_OK, "%s", error.text);
    CHECK(record.run == 17 && record.seed == 3 && record.root == root && TASK_BODY(struct language, &record.task)->length == 42);
    CHECK(task_record_read(decoded_with_text(&variant, root, "extra", "kept"), &record, &error) == STATUS_OK);
    CHECK(value_is(value_get(record.root, "extra"), "kept"));
    const char *const keys[] = {"run", "seed", "task"};
    for (int k = 0; k < 3; k++) {
        CHECK(task_record_read(decoded_without(&variant, root, keys[k]), &record, &error) == STATUS_DATA, "%s", keys[k]);
        CHECK(task_record_read(decoded_with_int(&variant, root, keys[k], -1), &record, &error) == STATUS_DATA, "%s", keys[k]);
    }
    decoded_free(&d);
    decoded_free(&variant);
}

int main(void) {
    test_smnist();
    test_round_trip();
    test_refusals();
    test_offset_bounds();
    test_other_family();
    test_record();
    return check_report("records/task");
}
