#include "stream/packer.h"

#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <msgpack/pack.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 1 << 12, MAX_DEPTH = 64, FIX_COUNT = 15 };

struct packer {
    msgpack_packer msgpack;
    uint8_t *bytes;
    size_t size, capacity;
    int depth;
    struct {
        size_t header; // where the container's first byte is
        size_t items;
        bool map;
    } open[MAX_DEPTH];
};

static void make_room(struct packer *p, size_t size) {
    p->bytes = memory_reserve(p->bytes, p->size, &p->capacity, size);
}

static int append(void *data, const char *bytes, size_t size) {
    struct packer *p = data;
    make_room(p, size);
    if (size)
        memcpy(p->bytes + p->size, bytes, size);
    p->size += size;
    return 0;
}

struct packer *packer_new(void) {
    struct packer *p = memory_calloc(1, sizeof *p);
    p->bytes = memory_alloc(FIRST_BYTES);
    p->capacity = FIRST_BYTES;
    msgpack_packer_init(&p->msgpack, p, append);
    return p;
}

void packer_free(struct packer *p) {
    if (!p)
        return;
    free(p->bytes);
    free(p);
}

void packer_clear(struct packer *p) {
    p->size = 0;
    p->depth = 0;
}

const uint8_t *packer_bytes(const struct packer *p, size_t *size) {
    assert(p->depth == 0);
    *size = p->size;
    return p->bytes;
}

// An item of the innermost open container begins.
static msgpack_packer *item(struct packer *p) {
    if (p->depth)
        p->open[p->depth - 1].items++;
    return &p->msgpack;
}

// One byte is kept for the header, as most containers are small.
static void open_container(struct packer *p, bool map) {
    item(p);
    assert(p->depth < MAX_DEPTH);
    p->open[p->depth].header = p->size;
    p->open[p->depth].items = 0;
    p->open[p->depth++].map = map;
    append(p, "", 1);
}

void pack_map(struct packer *p) {
    open_container(p, true);
}

void pack_list(struct packer *p) {
    open_container(p, false);
}

void pack_end(struct packer *p) {
    assert(p->depth > 0);
    p->depth--;
    bool map = p->open[p->depth].map;
    size_t header = p->open[p->depth].header, end = p->size, count = p->open[p->depth].items;
    assert(!map || count % 2 == 0);
    count = map ? count / 2 : count;
    size_t extra = count <= FIX_COUNT ? 0 : count <= UINT16_MAX ? 2 : 4;
    make_room(p, extra);
    if (extra)
        memmove(p->bytes + header + 1 + extra, p->bytes + header + 1, end - header - 1);
    p->size = header;
    if (map)
        msgpack_pack_map(&p->msgpack, count);
    else
        msgpack_pack_array(&p->msgpack, count);
    assert(p->size == header + 1 + extra);
    p->size = end + extra;
}

void pack_key(struct packer *p, const char *key) {
    pack_str(p, key);
}

void pack_str(struct packer *p, const char *text) {
    pack_str_n(p, text, strlen(text));
}

void pack_str_n(struct packer *p, const char *text, size_t size) {
    assert(size <= UINT32_MAX);
    msgpack_pack_str(item(p), size);
    append(p, text, size);
}

void pack_u64(struct packer *p, uint64_t u) {
    msgpack_pack_uint64(item(p), u);
}

void pack_i64(struct packer *p, int64_t i) {
    msgpack_pack_int64(item(p), i);
}

void pack_double(struct packer *p, double f) {
    msgpack_pack_double(item(p), f);
}

void pack_known(struct packer *p, const char *key, double f) {
    if (isnan(f))
        return;
    pack_key(p, key);
    pack_double(p, f);
}

void pack_bool(struct packer *p, bool b) {
    if (b)
        msgpack_pack_true(item(p));
    else
        msgpack_pack_false(item(p));
}

void pack_nil(struct packer *p) {
    msgpack_pack_nil(item(p));
}

void pack_bin(struct packer *p, const void *data, size_t size) {
    assert(size <= UINT32_MAX);
    msgpack_pack_bin(item(p), size);
    append(p, data, size);
}

static void pack_bin_key(struct packer *p, const char *key) {
    pack_bin(p, key, strlen(key));
}

void pack_array(struct packer *p, enum dtype dtype, int rank, const uint64_t *shape, const void *data) {
    uint64_t size = dtype_size(dtype);
    pack_map(p);
    pack_bin_key(p, "nd");
    pack_bool(p, true);
    pack_bin_key(p, "type");
    pack_str(p, dtype_name(dtype));
    pack_bin_key(p, "kind");
    pack_bin(p, "", 0);
    pack_bin_key(p, "shape");
    pack_list(p);
    for (int i = 0; i < rank; i++) {
        pack_u64(p, shape[i]);
        size *= shape[i];
    }
    pack_end(p);
    pack_bin_key(p, "data");
    pack_bin(p, data, size);
    pack_end(p);
}

void pack_scalar(struct packer *p, enum dtype dtype, const void *item) {
    pack_map(p);
    pack_bin_key(p, "nd");
    pack_bool(p, false);
    pack_bin_key(p, "type");
    pack_str(p, dtype_name(dtype));
    pack_bin_key(p, "data");
    pack_bin(p, item, dtype_size(dtype));
    pack_end(p);
}

void pack_value(struct packer *p, const struct value *v) {
    item(p);
    append(p, (const char *)v->bytes, v->length);
}
