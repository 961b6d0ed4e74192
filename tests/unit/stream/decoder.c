// The decoder against msgpack-c's own unpacker as an oracle, and against input made to harm.
#include "stream/reader.h"

#include "base/rng.h"

#include "../check.h"
#include "sample.h"

#include <msgpack.h>
#include <sys/resource.h>

static struct error error;
static struct rng rng;

// --- random objects ---

static void random_text(char text[300], size_t *size) {
    *size = rng_below(&rng, 20) ? rng_below(&rng, 40) : rng_below(&rng, 300);
    for (size_t i = 0; i < *size; i++)
        text[i] = (char)('a' + rng_below(&rng, 26));
}

static void random_scalar(struct packer *p) {
    char text[300];
    size_t size;
    uint64_t number = rng_u64(&rng);
    number >>= rng_below(&rng, 64);
    random_text(text, &size);
    switch (rng_below(&rng, 7)) {
    case 0:
        pack_nil(p);
        break;
    case 1:
        pack_bool(p, number & 1);
        break;
    case 2:
        pack_u64(p, number);
        break;
    case 3:
        pack_i64(p, -(int64_t)(number >> 1));
        break;
    case 4:
        pack_double(p, (double)number / 3);
        break;
    case 5:
        pack_str_n(p, text, size);
        break;
    default:
        pack_bin(p, text, size);
    }
}

static void random_object(struct packer *p, int depth) {
    uint64_t kind = rng_below(&rng, 3), count = rng_below(&rng, 30) ? rng_below(&rng, 5) : rng_below(&rng, 40);
    if (kind == 0 || depth == 6) {
        random_scalar(p);
        return;
    }
    kind == 1 ? pack_list(p) : pack_map(p);
    for (uint64_t i = 0; i < count; i++) {
        if (kind == 2)
            pack_u64(p, i * 7);
        random_object(p, depth + 1);
    }
    pack_end(p);
}

// --- the oracle ---

static bool same(const struct value *v, const msgpack_object *o);

// The oracle has no place for an empty text.
static bool same_bytes(const struct value *v, const char *bytes, size_t size) {
    return v->size == size && (size == 0 || v->data == (const uint8_t *)bytes);
}

static bool same_items(const struct value *v, const msgpack_object *o) {
    const struct value *item = value_first(v);
    bool map = v->type == VALUE_MAP;
    if (v->count != (map ? o->via.map.size : o->via.array.size))
        return false;
    for (uint32_t i = 0; i < v->count; i++) {
        if (map && !same(item, &o->via.map.ptr[i].key))
            return false;
        item = map ? value_next(item) : item;
        if (!same(item, map ? &o->via.map.ptr[i].val : &o->via.array.ptr[i]))
            return false;
        item = value_next(item);
    }
    return item == value_next(v);
}

static bool same(const struct value *v, const msgpack_object *o) {
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        return v->type == VALUE_NIL;
    case MSGPACK_OBJECT_BOOLEAN:
        return v->type == VALUE_BOOL && v->boolean == o->via.boolean;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return v->type == VALUE_UINT && v->u == o->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return v->type == VALUE_INT && v->i == o->via.i64;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return v->type == VALUE_FLOAT && (v->f == o->via.f64 || (isnan(v->f) && isnan(o->via.f64)));
    case MSGPACK_OBJECT_STR:
        return v->type == VALUE_STR && same_bytes(v, o->via.str.ptr, o->via.str.size);
    case MSGPACK_OBJECT_BIN:
        return v->type == VALUE_BIN && same_bytes(v, o->via.bin.ptr, o->via.bin.size);
    case MSGPACK_OBJECT_EXT:
        return v->type == VALUE_EXT && same_bytes(v, o->via.ext.ptr, o->via.ext.size);
    case MSGPACK_OBJECT_ARRAY:
        return v->type == VALUE_ARRAY && same_items(v, o);
    case MSGPACK_OBJECT_MAP:
        return v->type == VALUE_MAP && same_items(v, o);
    }
    return false;
}

// Where the decoder is stricter by intention.
static bool stricter(const char *text) {
    return strstr(text, "UTF-8") || strstr(text, "a key that its map has already") || strstr(text, "more than");
}

static void check_against_oracle(const uint8_t *bytes, size_t size, int *accepted, int *refused) {
    static struct value_nodes nodes;
    msgpack_unpacked unpacked;
    size_t used = 0;
    msgpack_unpacked_init(&unpacked);
    msgpack_unpack_return theirs = msgpack_unpack_next(&unpacked, (const char *)bytes, size, &used);
    enum status ours = value_decode(bytes, size, 32, &nodes, &error);
    bool good = theirs == MSGPACK_UNPACK_SUCCESS || theirs == MSGPACK_UNPACK_EXTRA_BYTES;
    if (ours == STATUS_OK)
        CHECK(good && nodes.node->length == used && same(nodes.node, &unpacked.data), "accepted, theirs %d", theirs);
    else
        CHECK(!good || stricter(error.text), "refused: %s", error.text);
    *accepted += ours == STATUS_OK;
    *refused += ours != STATUS_OK;
    msgpack_unpacked_destroy(&unpacked);
}

// No large count may result from a mutation: the oracle would have memory for it at once.
static bool large_count(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i + 1 < size; i++)
        if ((bytes[i] == 0xdd || bytes[i] == 0xdf) && bytes[i + 1])
            return true;
    return false;
}

static void check_random(void) {
    struct packer *p = packer_new();
    int accepted = 0, refused = 0, mutants_accepted = 0, mutants_refused = 0;
    for (int round = 0; round < 3000; round++) {
        size_t size;
        packer_clear(p);
        random_object(p, 0);
        const uint8_t *bytes = packer_bytes(p, &size);
        check_against_oracle(bytes, size, &accepted, &refused);
        for (int k = 0; k < 8; k++) {
            uint8_t *mutant = memcpy(malloc(size), bytes, size);
            size_t cut = rng_below(&rng, 4) ? size : 1 + rng_below(&rng, size);
            for (uint64_t flips = rng_below(&rng, 4); flips-- > 0;) {
                uint8_t byte = (uint8_t)rng_u64(&rng);
                mutant[rng_below(&rng, size)] = byte;
            }
            mutant = realloc(mutant, cut);
            if (!large_count(mutant, cut))
                check_against_oracle(mutant, cut, &mutants_accepted, &mutants_refused);
            free(mutant);
        }
    }
    CHECK(accepted == 3000 && !refused, "%d of 3000 objects refused", refused);
    CHECK(mutants_accepted > 1000 && mutants_refused > 1000, "%d, %d mutants", mutants_accepted, mutants_refused);
    packer_free(p);
}

// --- strictness ---

static void check_refused(const char *bytes, size_t size, const char *text) {
    struct value_nodes nodes = {0};
    enum status status = value_decode((const uint8_t *)bytes, size, 0, &nodes, &error);
    CHECK(text ? status == STATUS_DATA && strstr(error.text, text) : status == STATUS_OK, "%s: %s", text ? text : "accepted", error.text);
    free(nodes.node);
}

static void check_strict(void) {
    check_refused("", 0, "no bytes");
    check_refused("\xc1", 1, "0xc1 at byte 0");
    check_refused("\x92\x01\xc1", 3, "0xc1 at byte 2");
    check_refused("\x92\x01", 2, "the input ends inside a record at byte 2");
    check_refused("\xa2\xc3\xa9", 3, NULL);
    static const char *const bad[] = {
        "\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "abcdefgh\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char bytes[16] = {(char)(0xa0 | strlen(bad[i]))};
        strcpy(bytes + 1, bad[i]);
        check_refused(bytes, 1 + strlen(bad[i]), "UTF-8 at byte 1");
    }
    check_refused("\xa4\xf0\x9f\x90\xa7", 5, NULL);
    check_refused("\x82\xa1"
                  "a\x01\xa1"
                  "a\x02",
                  7, "a key that its map has already at byte 4");
    check_refused("\x82\xa1"
                  "a\x01\xc4\x01"
                  "a\x02",
                  8, "a key that its map has already");
    check_refused("\x82\x05\x01\xcc\x05\x02", 6, "a key that its map has already");
    check_refused("\x82\x05\x01\xff\x02", 5, NULL);
    check_refused("\x82\x91\x05\x01\x91\x06\x02", 7, NULL);
    check_refused("\x82\x91\x05\x01\x91\x05\x02", 7, "a key that its map has already");
    struct packer *p = packer_new();
    for (int twice = 0; twice < 2; twice++) { // many keys
        size_t size;
        packer_clear(p), pack_map(p);
        for (uint64_t i = 0; i < 100000; i++) {
            char key[32];
            snprintf(key, sizeof key, "%d", (int)(twice && i == 77777 ? 5 : i));
            pack_key(p, key), pack_nil(p);
        }
        pack_end(p);
        const char *bytes = (const char *)packer_bytes(p, &size);
        check_refused(bytes, size, twice ? "a key that its map has already" : NULL);
    }
    packer_free(p);
}

// --- headers that promise much ---

static long peak_kilobytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void check_hostile_pipe(const char *bytes, size_t size, uint64_t limit, const char *text) {
    int ends[2];
    char path[32];
    if (pipe(ends) != 0 || write(ends[1], bytes, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct reader *r;
    if (reader_open(&r, path, (struct reader_limits){.record_bytes = limit}, &error) != STATUS_OK)
        abort();
    if (!strstr(text, "ends")) // the writing end is still open: the reader must not wait for more
        CHECK(reader_next(r, &error) == STATUS_DATA && strstr(error.text, text), "%s: %s", text, error.text);
    close(ends[1]);
    CHECK(reader_next(r, &error) == STATUS_DATA && strstr(error.text, text), "%s: %s", text, error.text);
    reader_close(r);
    close(ends[0]);
}

static void check_hostile(void) {
    static const char lengths[] = "\xc6\xdb\xc9", counts[] = "\xdd\xdf";
    long before = peak_kilobytes();
    for (int i = 0; i < 3; i++)
        check_hostile_pipe((char[]){lengths[i], -1, -1, -1, -1, 5}, 6, 0, "longer than the limit of 1073741824 bytes");
    for (int i = 0; i < 3; i++)
        check_hostile_pipe((char[]){lengths[i], 0x3f, 0, 0, 0, 5}, 6, 0, "the input ends inside a record at byte 6");
    for (int i = 0; i < 2; i++) {
        check_hostile_pipe((char[]){counts[i], -1, -1, -1, -1}, 5, 0, "more than 16777216 values at byte 5");
        check_hostile_pipe((char[]){counts[i], 0, 0x40, 0, 0}, 5, 1 << 20, "longer than the limit of 1048576 bytes at byte 5");
        check_hostile_pipe((char[]){counts[i], 0, 0x40, 0, 0}, 5, 0, "the input ends inside a record at byte 5");
    }
    char nested[60] = "";
    for (int i = 0; i < 60; i += 5) // each is within the limits, all together are not
        memcpy(nested + i, "\xdd\x00\x80\x00\x00", 5);
    check_hostile_pipe(nested, sizeof nested, 0, "more than 16777216 values at byte 10");
    char *deep = memset(malloc(100000), 0x91, 100000);
    check_refused(deep, 100000, "nested deeper than 32 at byte 33");
    struct value_nodes nodes = {0};
    deep[32] = (char)0xc0;
    CHECK(value_decode((uint8_t *)deep, 33, 32, &nodes, &error) == STATUS_OK, "%s", error.text);
    CHECK(value_decode((uint8_t *)deep, 33, 31, &nodes, &error) == STATUS_DATA, "%s", error.text);
    deep[32] = (char)0x91;
    CHECK(value_decode((uint8_t *)deep, 100000, 100000, &nodes, &error) == STATUS_DATA && strstr(error.text, "deeper than 512"), "%s",
          error.text);
    free(nodes.node);
    free(deep);
    CHECK(peak_kilobytes() - before < 8192, "%ld KiB", peak_kilobytes() - before);
}

int main(void) {
    rng = rng_make(1, 0, "decoder test");
    check_hostile();
    check_random();
    check_strict();
    return check_report("decoder");
}
