#include "records/task.h"

#include "../check.h"
#include "decoded.h"

#include <string.h>

static const struct task example = {.family = TASK_LANGUAGE,
                                    .language = {.tokens = 4, .offsets = {0, 1, -2, 2}, .length = 42, .max_n = 10}};

static const struct task turned = {.family = TASK_SMNIST,
                                   .smnist = {.data = "fashion-mnist", .tile = 7, .rotation = 0.1 + 0.2, .weight_decay = 0.01}};

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
    task_pack(d.packer, &turned);
    const struct value *root = decoded_root(&d);
    CHECK(task_read(root, &task, &error) == STATUS_OK, "%s", error.text);
    CHECK(task.family == TASK_SMNIST && task.value == root && strcmp(task.smnist.data, turned.smnist.data) == 0);
    CHECK(task.smnist.tile == 7 && task.smnist.rotation == turned.smnist.rotation && task.smnist.weight_decay == 0.01);
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
    CHECK(task_read(decoded_with_int(&variant, root, "rotation", 90), &task, &error) == STATUS_OK && task.smnist.rotation == 90);
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
    task_pack(d.packer, &example);
    const struct value *root = decoded_root(&d);
    CHECK(task_read(root, &task, &error) == STATUS_OK, "%s", error.text);
    CHECK(task.family == TASK_LANGUAGE && task.value == root);
    CHECK(memcmp(&task.language, &example.language, sizeof task.language) == 0);
    decoded_free(&d);
}

static void test_refusals(void) {
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    struct task task;
    task_pack(d.packer, &example);
    const struct value *root = decoded_root(&d);
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
        struct task task = example;
        task.language.offsets[wrong[k][0]] = wrong[k][1];
        task_pack(d.packer, &task);
        CHECK(task_read(decoded_root(&d), &task, &error) == STATUS_DATA && strstr(error.text, "offset"));
        decoded_free(&d);
    }
}

static void test_other_family(void) {
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    struct task task;
    task_pack(d.packer, &example);
    const struct value *root = decoded_with_text(&variant, decoded_root(&d), "family", "sorting");
    CHECK(task_read(root, &task, &error) == STATUS_OK && task.family == TASK_OTHER && task.value == root);
    decoded_free(&d);
    decoded_free(&variant);
}

static void test_record(void) {
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    struct task_record record;
    task_record_pack(d.packer, 17, 3, &example);
    const struct value *root = decoded_root(&d);
    CHECK(value_is(value_get(root, "kind"), "task"));
    CHECK(task_record_read(root, &record, &error) == STATUS_OK, "%s", error.text);
    CHECK(record.run == 17 && record.seed == 3 && record.root == root && record.task.language.length == 42);
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
