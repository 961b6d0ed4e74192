#include "stream/field.h"

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

int main(void) {
    test_single_fields();
    test_rest();
    return check_report("records/fields");
}
