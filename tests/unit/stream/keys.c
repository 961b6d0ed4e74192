// Keys as str and as bin, there and back, and typed arrays as msgpack-lite of JavaScript writes them.
#include "stream/keys.h"
#include "stream/compare.h"
#include "stream/json.h"
#include "stream/reader.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static struct packer *p, *other;
static struct value_nodes nodes, other_nodes;
static struct error error;

static const struct value *decoded(struct packer *packer, struct value_nodes *into) {
    size_t size;
    const uint8_t *bytes = packer_bytes(packer, &size);
    enum status status = value_decode(bytes, size, 0, into, &error);
    CHECK(status == STATUS_OK, "%s", error.text);
    return into->node;
}

static const struct value *with_keys(const struct value *v, enum keys keys) {
    packer_clear(other);
    CHECK(pack_with_keys(other, v, keys, &error) == STATUS_OK, "%s", error.text);
    return decoded(other, &other_nodes);
}

static bool same_bytes(const struct value *a, const struct value *b) {
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static int count_keys(const struct value *v, enum value_type type) {
    int count = 0;
    const struct value *item = value_first(v);
    for (uint32_t i = 0; (v->type == VALUE_MAP || v->type == VALUE_ARRAY) && i < v->count; i++) {
        if (v->type == VALUE_MAP) {
            count += item->type == type;
            item = value_next(item);
        }
        count += count_keys(item, type);
        item = value_next(item);
    }
    return count;
}

// Arrays at several depths, a NumPy scalar, a map of somebody's own with a bin key and one with a number, a map like an array's that is
// none.
static void pack_sample(void) {
    static const float floats[6] = {1, -2, 0.5f, 1e-30f, 3, 4};
    packer_clear(p);
    pack_map(p);
    pack_key(p, "kind"), pack_str(p, "rnn");
    pack_key(p, "weights"), pack_map(p);
    pack_key(p, "w"), pack_array(p, DTYPE_F4, 2, (uint64_t[]){2, 3}, floats);
    pack_end(p);
    pack_key(p, "list"), pack_list(p);
    pack_array(p, DTYPE_I8, 0, NULL, &(int64_t){-7});
    pack_scalar(p, DTYPE_F8, &(double){0.25});
    pack_end(p);
    pack_key(p, "own"), pack_map(p);
    pack_bin(p, "caf\xc3\xa9", 5), pack_u64(p, 1);
    pack_u64(p, 7), pack_str(p, "seven");
    pack_end(p);
    pack_key(p, "false friend"), pack_map(p);
    pack_bin(p, "nd", 2), pack_bool(p, true);
    pack_end(p);
    pack_end(p);
}

static void check_there_and_back(void) {
    pack_sample();
    const struct value *v = decoded(p, &nodes);
    const int arrays = 5 + 5 + 3, bins = count_keys(v, VALUE_BIN);
    CHECK(bins == arrays + 2, "%d keys", bins);
    CHECK(same_bytes(v, with_keys(v, KEYS_BIN)), "what has bin keys has others");

    const struct value *text = with_keys(v, KEYS_STR);
    CHECK(count_keys(text, VALUE_BIN) == 0 && count_keys(text, VALUE_STR) == count_keys(v, VALUE_STR) + bins, "%d keys are bin",
          count_keys(text, VALUE_BIN));
    struct comparison c = {0};
    value_compare(v, text, (struct tolerance){0}, &c);
    CHECK(c.differences == 0, "%s: %s", c.path, c.what);

    struct packer *strs = p; // text points into the other
    p = other, other = strs;
    struct value_nodes held = nodes;
    nodes = other_nodes, other_nodes = held;
    const struct value *back = with_keys(nodes.node, KEYS_BIN);
    CHECK(count_keys(back, VALUE_BIN) == arrays, "%d of %d keys of arrays are bin again", count_keys(back, VALUE_BIN), arrays);
    pack_sample();
    value_compare(decoded(p, &nodes), back, (struct tolerance){0}, &c);
    CHECK(c.differences == 0, "%s: %s", c.path, c.what);
}

static void check_no_text(void) {
    packer_clear(p);
    pack_map(p);
    pack_bin(p, "\xff", 1), pack_nil(p);
    pack_end(p);
    const struct value *v = decoded(p, &nodes);
    CHECK(same_bytes(v, with_keys(v, KEYS_BIN)), "is false");
    struct packer *broken = packer_new();
    CHECK(pack_with_keys(broken, v, KEYS_STR, &error) == STATUS_DATA && strstr(error.text, "no UTF-8"), "%s", error.text);
    packer_free(broken);
}

// {nd, type, kind, shape: [2], data}, the kind an empty extension, the data one of `code` with this many zero bytes; str keys.
static enum status read_typed(const char *type, int code, int size, struct array *a) {
    uint8_t bytes[64] = {0x85, 0xa2, 'n', 'd', 0xc3, 0xa4, 't', 'y', 'p', 'e', 0xa3};
    size_t n = 11;
    memcpy(bytes + n, type, 3), n += 3;
    memcpy(bytes + n,
           "\xa4kind\xc7\x00\x12\xa5shape\x91\x02\xa4"
           "data\xc7",
           22),
        n += 22;
    bytes[n++] = (uint8_t)size;
    bytes[n++] = (uint8_t)code;
    n += (size_t)size;
    static struct value_nodes typed;
    enum status status = value_decode(bytes, n, 0, &typed, &error);
    CHECK(status == STATUS_OK, "%s", error.text);
    status = array_read(typed.node, a, &error);
    free(typed.node);
    typed = (struct value_nodes){0};
    return status;
}

static void check_typed_arrays(void) {
    static const struct {
        const char *type;
        int code, size;
    } own[] = {{"|i1", 0x11, 2}, {"|u1", 0x12, 2}, {"<i2", 0x13, 4}, {"<u2", 0x14, 4},
               {"<i4", 0x15, 8}, {"<u4", 0x16, 8}, {"<f4", 0x17, 8}, {"<f8", 0x18, 16}};
    struct array a;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        for (int code = 0; code <= 0x1f; code++) {
            bool fits = code == own[i].code || code == 0x12 || code == 0x1a;
            enum status status = read_typed(own[i].type, code, own[i].size, &a);
            CHECK(status == (fits ? STATUS_OK : STATUS_DATA), "%s in an extension of type %d", own[i].type, code);
            CHECK(!fits || (a.rank == 1 && a.count == 2), "%s", own[i].type);
        }
    CHECK(read_typed("<f4", 0x17, 7, &a) == STATUS_DATA && strstr(error.text, "not as long"), "%s", error.text);
    CHECK(read_typed("|b1", 0x11, 2, &a) == STATUS_DATA, "Int8Array is no array of bools");
}

int main(void) {
    p = packer_new();
    other = packer_new();
    check_there_and_back();
    check_no_text();
    check_typed_arrays();
    packer_free(p);
    packer_free(other);
    free(nodes.node);
    free(other_nodes.node);
    return check_report("stream/keys");
}
