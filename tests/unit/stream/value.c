#include "stream/value.h"
#include "stream/packer.h"
#include "stream/reader.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

// Numbers and flags as NumPy scalars, and integers as floats that are one.
static void test_scalars(void) {
    static const struct {
        const char *dtype;
        uint8_t data[8];
        size_t size;
        bool is_unsigned, is_integer, is_number, is_bool;
        double value;
    } scalars[] = {
        {"<i8", {5}, 8, true, true, true, false, 5},
        {"|u1", {255}, 1, true, true, true, false, 255},
        {"<i2", {0xfe, 0xff}, 2, false, true, true, false, -2},
        {"<u8", {255, 255, 255, 255, 255, 255, 255, 255}, 8, true, false, true, false, 0x1p64},
        {"<f8", {0, 0, 0, 0, 0, 0, 8, 0x40}, 8, true, true, true, false, 3},
        {"<f4", {0, 0, 0x20, 0x40}, 4, false, false, true, false, 2.5},
        {"|b1", {1}, 1, false, false, false, true, 1},
        {">i8", {5}, 8, false, false, false, false, 0},
        {"<i8", {5}, 7, false, false, false, false, 0},
    };
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        struct packer *p = packer_new();
        struct value_nodes nodes = {0};
        struct error error;
        uint64_t u;
        int64_t s;
        double f;
        bool b;
        size_t size;
        pack_map(p);
        pack_bin(p, "nd", 2), pack_bool(p, false);
        pack_bin(p, "type", 4), pack_str(p, scalars[i].dtype);
        pack_bin(p, "data", 4), pack_bin(p, scalars[i].data, scalars[i].size);
        pack_end(p);
        const uint8_t *bytes = packer_bytes(p, &size);
        CHECK(value_decode(bytes, size, 0, &nodes, &error) == STATUS_OK, "%s", error.text);
        CHECK(value_to_u64(nodes.node, &u) == scalars[i].is_unsigned && (!scalars[i].is_unsigned || (double)u == scalars[i].value), "%zu",
              i);
        CHECK(value_to_i64(nodes.node, &s) == scalars[i].is_integer && (!scalars[i].is_integer || (double)s == scalars[i].value), "%zu", i);
        CHECK(value_to_double(nodes.node, &f) == scalars[i].is_number && (!scalars[i].is_number || f == scalars[i].value), "%zu", i);
        CHECK(value_to_bool(nodes.node, &b) == scalars[i].is_bool && (!scalars[i].is_bool || b), "%zu", i);
        free(nodes.node);
        packer_free(p);
    }
    uint64_t u;
    int64_t s;
    const double floats[] = {3, 3.5, -1, 0x1p64, NAN, INFINITY};
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        struct value v = {.type = VALUE_FLOAT, .f = floats[i]};
        CHECK(value_to_u64(&v, &u) == (i == 0) && value_to_i64(&v, &s) == (i == 0 || i == 2), "%g", floats[i]);
    }
}

int main(void) {
    test_scalars();
    struct packer *p = packer_new();
    pack_map(p);
    pack_key(p, "text"), pack_str(p, "hello");
    pack_bin(p, "bin key", 7), pack_i64(p, -3);
    pack_key(p, "nested"), pack_list(p), pack_u64(p, UINT64_MAX), pack_list(p), pack_nil(p), pack_end(p), pack_bool(p, true), pack_end(p);
    pack_key(p, "float"), pack_double(p, 0.25);
    pack_key(p, "nul"), pack_str_n(p, "a\0b", 3);
    pack_end(p);
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    struct value_nodes nodes = {0};
    struct error error;
    CHECK(value_decode(bytes, size, 0, &nodes, &error) == STATUS_OK, "%s", error.text);
    const struct value *map = nodes.node, *nested = value_get(map, "nested");
    CHECK(map->type == VALUE_MAP && map->count == 5 && map->length == size && map->nodes == 15, "is false");

    char text[6];
    CHECK(value_is(value_get(map, "text"), "hello") && !value_is(value_get(map, "text"), "hell") && !value_is(NULL, "x"), "is false");
    CHECK(value_to_text(value_get(map, "text"), text, 6) && strcmp(text, "hello") == 0, "is false");
    CHECK(!value_to_text(value_get(map, "text"), text, 5) && !value_to_text(value_get(map, "nul"), text, 6) &&
              !value_to_text(nested, text, 6),
          "is false");
    CHECK(!value_get(map, "absent") && !value_get(NULL, "x") && !value_get(nested, "x"), "is false");

    uint64_t u;
    int64_t i;
    double f;
    CHECK(value_to_i64(value_get(map, "bin key"), &i) && i == -3 && !value_to_u64(value_get(map, "bin key"), &u), "is false");
    CHECK(value_to_double(value_get(map, "bin key"), &f) && f == -3, "is false");
    CHECK(value_to_double(value_get(map, "float"), &f) && f == 0.25 && !value_to_i64(value_get(map, "float"), &i), "is false");
    CHECK(value_to_u64(value_at(nested, 0), &u) && u == UINT64_MAX && !value_to_i64(value_at(nested, 0), &i), "is false");
    CHECK(value_at(nested, 1)->type == VALUE_ARRAY && value_at(value_at(nested, 1), 0)->type == VALUE_NIL, "is false");
    CHECK(value_at(nested, 2)->type == VALUE_BOOL && value_at(nested, 2)->boolean && !value_at(nested, 3) && !value_at(map, 0) &&
              !value_at(NULL, 0),
          "is false");
    CHECK(!value_to_u64(NULL, &u) && !value_to_i64(NULL, &i) && !value_to_double(NULL, &f) && !value_to_text(NULL, text, 6), "is false");

    struct value *copy = value_clone(map), *part = value_clone(nested);
    packer_free(p);
    free(nodes.node); // the copies live on
    CHECK(copy->length == size && value_is(value_get(copy, "text"), "hello") && value_at(value_get(copy, "nested"), 2)->boolean);
    CHECK(part->type == VALUE_ARRAY && value_to_u64(value_at(part, 0), &u) && u == UINT64_MAX && !value_at(part, 3));
    free(copy);
    free(part);
    return check_report("value");
}
