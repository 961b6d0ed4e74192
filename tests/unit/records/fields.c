#include "records/fields.h"

#include "../check.h"
#include "decoded.h"

#include <string.h>

static void test_single_fields(void) {
    struct decoded d = decoded_new();
    struct error error;
    pack_map(d.packer);
    pack_key(d.packer, "run");
    pack_u64(d.packer, UINT64_MAX);
    pack_key(d.packer, "low");
    pack_i64(d.packer, -7);
    pack_key(d.packer, "name");
    pack_str(d.packer, "interactive");
    pack_key(d.packer, "map");
    pack_map(d.packer);
    pack_end(d.packer);
    pack_end(d.packer);
    const struct value *map = decoded_root(&d), *inner;
    uint64_t u;
    int i;
    char text[TEXT_FIELD_SIZE];
    CHECK(field_u64(map, "run", "rnn record", &u, &error) == STATUS_OK && u == UINT64_MAX);
    CHECK(field_int(map, "low", "x", -7, 3, &i, &error) == STATUS_OK && i == -7);
    CHECK(field_text(map, "name", "x", text, &error) == STATUS_OK && strcmp(text, "interactive") == 0);
    CHECK(field_map(map, "map", "x", &inner, &error) == STATUS_OK && inner->count == 0);

    CHECK(field_u64(map, "none", "rnn record", &u, &error) == STATUS_DATA);
    CHECK(strcmp(error.text, "rnn record: key 'none' is missing") == 0, "%s", error.text);
    CHECK(field_u64(map, "low", "rnn record", &u, &error) == STATUS_DATA);
    CHECK(strcmp(error.text, "rnn record: key 'low' is no unsigned integer") == 0, "%s", error.text);
    CHECK(field_int(map, "low", "x", -6, 3, &i, &error) == STATUS_DATA);
    CHECK(strcmp(error.text, "x: key 'low' is -7, outside -6 .. 3") == 0, "%s", error.text);
    CHECK(field_int(map, "run", "x", -6, 3, &i, &error) == STATUS_DATA);
    CHECK(field_text(map, "map", "x", text, &error) == STATUS_DATA);
    CHECK(field_map(map, "name", "x", &inner, &error) == STATUS_DATA);
    CHECK(field_map(NULL, "name", "x", &inner, NULL) == STATUS_DATA);
    decoded_free(&d);
}

// Keys of every kind survive, in their order.
static void test_rest(void) {
    struct decoded d = decoded_new(), copy = decoded_new(), expected = decoded_new();
    struct packer *const packers[] = {d.packer, expected.packer};
    for (int k = 0; k < 2; k++) {
        struct packer *p = packers[k];
        pack_map(p);
        pack_key(p, "kind");
        pack_str(p, "rnn");
        if (k == 0) {
            pack_key(p, "split");
            pack_str(p, "train");
        }
        pack_bin(p, "bytes", 5);
        pack_double(p, 0.1);
        pack_i64(p, -3);
        pack_list(p);
        pack_nil(p);
        pack_bool(p, true);
        pack_end(p);
        pack_end(p);
    }
    decoded_without(&copy, decoded_root(&d), "split");
    size_t size, wanted;
    const uint8_t *bytes = packer_bytes(copy.packer, &size), *expectation = packer_bytes(expected.packer, &wanted);
    CHECK(size == wanted && memcmp(bytes, expectation, size) == 0, "%zu, %zu bytes", size, wanted);
    decoded_free(&d);
    decoded_free(&copy);
    decoded_free(&expected);
}

static void test_weights(void) {
    struct params table = {0};
    params_add(&table, INIT_CONSTANT, 0, 2, (int[]){2, 3}, "a");
    params_add(&table, INIT_CONSTANT, 0, 1, (int[]){4}, "h0");
    params_add(&table, INIT_CONSTANT, 0, 1, (int[]){1}, "b");
    float values[11], read[11] = {0};
    for (int k = 0; k < 11; k++)
        values[k] = (float)k + 0.125f;
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    weights_pack(d.packer, &table, values);
    const struct value *weights = decoded_root(&d);
    CHECK(weights_read(weights, &table, read, &error) == STATUS_OK, "%s", error.text);
    CHECK(memcmp(values, read, sizeof values) == 0);

    CHECK(weights_read(decoded_with_int(&variant, weights, "more", 1), &table, read, &error) == STATUS_OK, "%s", error.text);
    CHECK(weights_read(decoded_without(&variant, weights, "h0"), &table, read, &error) == STATUS_DATA);
    CHECK(strcmp(error.text, "weights: 'h0' is missing") == 0, "%s", error.text);
    table.list[1].unused = true;
    read[7] = -1;
    CHECK(weights_read(variant.nodes.node, &table, read, &error) == STATUS_OK, "%s", error.text);
    CHECK(read[7] == -1);
    CHECK(weights_read(decoded_with_text(&variant, weights, "b", "x"), &table, read, &error) == STATUS_DATA);
    CHECK(strncmp(error.text, "weights: 'b': ", 14) == 0, "%s", error.text);
    CHECK(weights_read(decoded_with(&variant, weights, "b", value_get(weights, "h0")), &table, read, &error) == STATUS_DATA);
    CHECK(strcmp(error.text, "weights: 'b' has not the shape [1]") == 0, "%s", error.text);
    CHECK(weights_read(NULL, &table, read, &error) == STATUS_DATA);
    decoded_free(&d);
    decoded_free(&variant);
    params_free(&table);
}

// Every float type is read, integers are not.
static void test_weight_types(void) {
    struct params table = {0};
    params_add(&table, INIT_CONSTANT, 0, 1, (int[]){2}, "w");
    const double doubles[] = {1.5, -2};
    const uint16_t halves[] = {0x3e00, 0xc000};
    const int64_t integers[] = {1, 2};
    const void *const data[] = {doubles, halves, integers};
    const enum dtype types[] = {DTYPE_F8, DTYPE_F2, DTYPE_I8};
    for (int k = 0; k < 3; k++) {
        struct decoded d = decoded_new();
        struct error error;
        float read[2];
        pack_map(d.packer);
        pack_key(d.packer, "w");
        pack_array(d.packer, types[k], 1, (uint64_t[]){2}, data[k]);
        pack_end(d.packer);
        enum status status = weights_read(decoded_root(&d), &table, read, &error);
        if (k < 2)
            CHECK(status == STATUS_OK && read[0] == 1.5f && read[1] == -2, "%d", k);
        else
            CHECK(status == STATUS_DATA && strstr(error.text, "<i8"), "%s", error.text);
        decoded_free(&d);
    }
    params_free(&table);
}

int main(void) {
    test_single_fields();
    test_rest();
    test_weights();
    test_weight_types();
    return check_report("records/fields");
}
