// The decoder against msgpack-c's unpacker. They have to agree on every input, but where the decoder is stricter by intention: duplicate
// keys, text that is no UTF-8, more than 2^24 values; and where the unpacker has memory for what a count merely declares.
#include "fuzz.h"

#include "stream/decoder_internal.h"

#include <math.h>
#include <msgpack.h>

// --- Do both see the same? ---

static void check_same(const struct value *v, const msgpack_object *o);

// The unpacker has no place for an empty text.
static void check_bytes(const struct value *v, enum value_type type, const char *bytes, size_t size) {
    FUZZ_CHECK(v->type == type && v->size == size && (size == 0 || v->data == (const uint8_t *)bytes));
}

// No two keys of an accepted map have the same encoding.
static void check_keys_differ(const struct value *map) {
    const struct value *a = value_first(map);
    for (uint32_t i = 0; i < map->count; i++, a = value_next(value_next(a))) {
        const struct value *b = value_next(value_next(a));
        for (uint32_t k = i + 1; k < map->count; k++, b = value_next(value_next(b)))
            FUZZ_CHECK(a->length != b->length || memcmp(a->bytes, b->bytes, a->length) != 0);
    }
}

static void check_items(const struct value *v, const msgpack_object *o) {
    const struct value *item = value_first(v);
    bool map = o->type == MSGPACK_OBJECT_MAP;
    FUZZ_CHECK(v->type == (map ? VALUE_MAP : VALUE_ARRAY) && v->count == (map ? o->via.map.size : o->via.array.size));
    for (uint32_t i = 0; i < v->count; i++, item = value_next(item)) {
        if (map) {
            check_same(item, &o->via.map.ptr[i].key);
            item = value_next(item);
        }
        check_same(item, map ? &o->via.map.ptr[i].val : &o->via.array.ptr[i]);
    }
    FUZZ_CHECK(item == value_next(v));
    if (map)
        check_keys_differ(v);
}

static void check_same(const struct value *v, const msgpack_object *o) {
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        FUZZ_CHECK(v->type == VALUE_NIL);
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        FUZZ_CHECK(v->type == VALUE_BOOL && v->boolean == o->via.boolean);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        FUZZ_CHECK(v->type == VALUE_UINT && v->u == o->via.u64);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        FUZZ_CHECK(v->type == VALUE_INT && v->i == o->via.i64);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        FUZZ_CHECK(v->type == VALUE_FLOAT && (v->f == o->via.f64 || (isnan(v->f) && isnan(o->via.f64))));
        break;
    case MSGPACK_OBJECT_STR:
        check_bytes(v, VALUE_STR, o->via.str.ptr, o->via.str.size);
        break;
    case MSGPACK_OBJECT_BIN:
        check_bytes(v, VALUE_BIN, o->via.bin.ptr, o->via.bin.size);
        break;
    case MSGPACK_OBJECT_EXT:
        check_bytes(v, VALUE_EXT, o->via.ext.ptr, o->via.ext.size);
        FUZZ_CHECK((int8_t)v->data[-1] == o->via.ext.type);
        break;
    case MSGPACK_OBJECT_ARRAY:
    case MSGPACK_OBJECT_MAP:
        check_items(v, o);
        break;
    }
}

// --- Do both come to the same verdict? ---

// The unpacker would have memory for a large count at once, and takes an ext of 2^32-1 bytes for an error: bytes that could be such.
static bool beyond_oracle(const uint8_t *data, size_t size) {
    for (size_t i = 0; i + 2 < size; i++)
        if (((data[i] == 0xdd || data[i] == 0xdf) && (data[i + 1] || data[i + 2])) || (data[i] == 0xc9 && data[i + 1] == 0xff))
            return true;
    return false;
}

static void check_verdict(enum status ours, const struct error *error, msgpack_unpack_return theirs) {
    if (ours == STATUS_OK) {
        FUZZ_CHECK(theirs == MSGPACK_UNPACK_SUCCESS || theirs == MSGPACK_UNPACK_EXTRA_BYTES);
        return;
    }
    FUZZ_CHECK(ours == STATUS_DATA);
    if (strstr(error->text, "no bytes") || strstr(error->text, "the input ends inside a record"))
        FUZZ_CHECK(theirs == MSGPACK_UNPACK_CONTINUE);
    else if (strstr(error->text, "no MessagePack: 0xc1"))
        FUZZ_CHECK(theirs == MSGPACK_UNPACK_PARSE_ERROR);
    else if (strstr(error->text, "values nested deeper than 32"))
        FUZZ_CHECK(theirs == MSGPACK_UNPACK_NOMEM_ERROR);
    else
        FUZZ_CHECK(strstr(error->text, "UTF-8") || strstr(error->text, "a key that its map has already") ||
                   strstr(error->text, "a record of more than"));
}

static void check_against_oracle(const uint8_t *data, size_t size, enum status ours, const struct value *v, const struct error *error) {
    if (ours != STATUS_OK && beyond_oracle(data, size))
        return; // an accepted object has all that its counts declare
    msgpack_unpacked unpacked;
    size_t used = 0;
    msgpack_unpacked_init(&unpacked);
    check_verdict(ours, error, msgpack_unpack_next(&unpacked, (const char *)data, size, &used));
    if (ours == STATUS_OK) {
        FUZZ_CHECK(v->length == used);
        check_same(v, &unpacked.data);
    }
    msgpack_unpacked_destroy(&unpacked);
}

// --- And the decoder with itself? ---

// From a descriptor through a buffer that begins with one byte, so that it grows, and the object moves, all the time: the same tree, or
// the same refusal.
static void check_moving(const uint8_t *data, size_t size, enum status expected, const struct value *v, const struct error *refusal) {
    struct fuzz_file f = fuzz_file(data, size);
    uint8_t *one = malloc(1);
    struct source source = {.bytes = one, .buffer = one, .capacity = 1, .fd = f.fd};
    struct value_nodes nodes = {0};
    struct decoder d = {.source = &source, .nodes = &nodes, .max_bytes = INT64_MAX};
    struct error error;
    decoder_set_depth(&d, 0);
    enum status status = decoder_run(&d, &error);
    FUZZ_CHECK(status == expected || (status == STATUS_END && size == 0));
    FUZZ_CHECK(status == STATUS_OK || status == STATUS_END || strcmp(error.text, refusal->text) == 0);
    for (uint32_t i = 0; status == STATUS_OK && i < v->nodes; i++) {
        const struct value *a = &v[i], *b = &nodes.node[i];
        bool bytes = a->type == VALUE_STR || a->type == VALUE_BIN || a->type == VALUE_EXT,
             container = a->type == VALUE_ARRAY || a->type == VALUE_MAP;
        FUZZ_CHECK(a->type == b->type && a->count == b->count && a->nodes == b->nodes && a->size == b->size && a->length == b->length);
        FUZZ_CHECK(b->bytes - source_window(&source) == a->bytes - data);
        FUZZ_CHECK(bytes ? b->data - b->bytes == a->data - a->bytes : container || a->u == b->u);
    }
    free(nodes.node);
    source_close(&source);
}

// It is accepted within a limit of its own size, and refused within any smaller one.
static void check_limit(const uint8_t *data, const struct value *v) {
    for (int less = 0; less < 2; less++) {
        struct source source;
        struct value_nodes nodes = {0};
        struct decoder d = {.source = &source, .nodes = &nodes, .max_bytes = v->length - (size_t)less};
        struct error error;
        source_of_memory(&source, data, v->length);
        decoder_set_depth(&d, 0);
        FUZZ_CHECK(decoder_run(&d, &error) == (less ? STATUS_DATA : STATUS_OK));
        FUZZ_CHECK(!less || strstr(error.text, "longer than the limit"));
        free(nodes.node);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct value_nodes nodes = {0};
    struct error error;
    enum status status = value_decode(data, size, 32, &nodes, &error);
    check_against_oracle(data, size, status, nodes.node, &error);
    check_moving(data, size, status, nodes.node, &error);
    if (status == STATUS_OK)
        check_limit(data, nodes.node);
    free(nodes.node);
    return 0;
}
