#include "../check.h"
#include "decoded.h"
#include "records/path.h"

static void pack(struct packer *p) {
    pack_map(p);
    pack_key(p, "kind"), pack_str(p, "rnn");
    pack_key(p, "run"), pack_u64(p, 7);
    pack_key(p, "flag"), pack_bool(p, true);
    pack_key(p, "task"), pack_map(p);
    pack_key(p, "rotation"), pack_double(p, 0.25);
    pack_key(p, "offsets"), pack_list(p), pack_i64(p, 0), pack_i64(p, -3), pack_end(p);
    pack_end(p);
    pack_key(p, "w"), pack_map(p);
    pack_key(p, "linear.weight"), pack_array(p, DTYPE_F4, 2, (uint64_t[]){2, 3}, (float[]){0, 1, 2, 3, 4, 5.5f});
    pack_key(p, "linear"), pack_map(p), pack_key(p, "bias"), pack_array(p, DTYPE_F8, 1, (uint64_t[]){1}, (double[]){0.1}), pack_end(p);
    pack_end(p);
    pack_end(p);
}

int main(void) {
    struct decoded d = decoded_new();
    pack(d.packer);
    const struct value *root = decoded_root(&d);
    const struct {
        const char *path;
        double number;
    } numbers[] = {
        {"run", 7}, {"flag", 1}, {"task.rotation", 0.25}, {"task.offsets.1", -3}, {"w.linear.weight.1.2", 5.5}, {"w.linear.bias.0", 0.1}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double number = NAN;
        CHECK(path_number(root, numbers[i].path, &number) && number == numbers[i].number, "%s: %g", numbers[i].path, number);
    }
    const char *const none[] = {"kind",
                                "task",
                                "task.offsets",
                                "task.offsets.2",
                                "w.linear.weight.1",
                                "w.linear.weight.2.0",
                                "w.linear.bias.1",
                                "run.0",
                                "absent",
                                "task.",
                                "",
                                "w.linear.weight.-1"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        double number = 42;
        CHECK(!path_number(root, none[i], &number) && number == 42, "%s: %g", none[i], number);
    }

    struct found f;
    CHECK(path_find(root, "kind", &f) && !f.in_array && value_is(f.value, "rnn"));
    CHECK(path_find(root, "w.linear.weight.1", &f) && f.in_array && f.used == 1 && f.first == 3 && f.count == 3);
    CHECK(path_find(root, "w.linear.weight", &f) && f.used == 0 && f.count == 6);
    decoded_free(&d);
    return check_report("records/path");
}
