#include "stream/decoder_internal.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_KEYS = 64, FIRST_NODES = 256, VALUE_BAD = VALUE_EXT + 1 };

// What the first byte of a value says: its type, how many bytes of a big-endian argument follow (a number, a length, a count), or the
// argument itself.
struct head {
    uint8_t type, argument_bytes;
    uint8_t argument;
};

static const struct head heads[0x20] = {
    // 0xc0 ..
    {VALUE_NIL, 0, 0},  {VALUE_BAD, 0, 0},  {VALUE_BOOL, 0, 0}, {VALUE_BOOL, 0, 1}, {VALUE_BIN, 1, 0},   {VALUE_BIN, 2, 0},
    {VALUE_BIN, 4, 0},  {VALUE_EXT, 1, 0},  {VALUE_EXT, 2, 0},  {VALUE_EXT, 4, 0},  {VALUE_FLOAT, 4, 0}, {VALUE_FLOAT, 8, 0},
    {VALUE_UINT, 1, 0}, {VALUE_UINT, 2, 0}, {VALUE_UINT, 4, 0}, {VALUE_UINT, 8, 0}, {VALUE_INT, 1, 0},   {VALUE_INT, 2, 0},
    {VALUE_INT, 4, 0},  {VALUE_INT, 8, 0},  {VALUE_EXT, 0, 1},  {VALUE_EXT, 0, 2},  {VALUE_EXT, 0, 4},   {VALUE_EXT, 0, 8},
    {VALUE_EXT, 0, 16}, {VALUE_STR, 1, 0},  {VALUE_STR, 2, 0},  {VALUE_STR, 4, 0},  {VALUE_ARRAY, 2, 0}, {VALUE_ARRAY, 4, 0},
    {VALUE_MAP, 2, 0},  {VALUE_MAP, 4, 0},
};

static struct head head_of(uint8_t first) {
    if (first < 0x80)
        return (struct head){VALUE_UINT, 0, first};
    if (first < 0x90)
        return (struct head){VALUE_MAP, 0, first & 0x0f};
    if (first < 0xa0)
        return (struct head){VALUE_ARRAY, 0, first & 0x0f};
    if (first < 0xc0)
        return (struct head){VALUE_STR, 0, first & 0x1f};
    if (first < 0xe0)
        return heads[first - 0xc0];
    return (struct head){VALUE_INT, 0, first};
}

__attribute__((format(printf, 4, 5))) static enum status fail(const struct decoder *d, struct error *error, size_t position,
                                                              const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(error, STATUS_DATA, "%s at byte %" PRIu64, text, d->offset + position);
}

// The window has moved by delta: so do the pointers into it.
static void relocate(struct decoder *d, uintptr_t delta) {
    for (size_t i = 0; i < d->used; i++) {
        struct value *v = &d->nodes->node[i];
        v->bytes = (const uint8_t *)((uintptr_t)v->bytes + delta);
        if (v->type == VALUE_STR || v->type == VALUE_BIN || v->type == VALUE_EXT)
            v->data = (const uint8_t *)((uintptr_t)v->data + delta);
    }
}

// Makes the next size bytes available, unless they and what is owed exceed the limit.
static enum status want(struct decoder *d, size_t size, struct error *error) {
    if (d->position + size + d->owed > d->max_bytes)
        return fail(d, error, d->position, "the record is longer than the limit of %" PRIu64 " bytes", d->max_bytes);
    size_t total = d->position + size;
    if (source_size(d->source) >= total)
        return STATUS_OK;
    uintptr_t before = (uintptr_t)source_window(d->source);
    enum status status = source_want(d->source, total, error);
    uintptr_t delta = (uintptr_t)source_window(d->source) - before;
    if (delta)
        relocate(d, delta);
    if (status == STATUS_END && source_size(d->source) > 0)
        return fail(d, error, source_size(d->source), "the input ends inside a record");
    return status;
}

static struct value *append_node(struct decoder *d) {
    struct value_nodes *nodes = d->nodes;
    if (d->used == nodes->capacity) {
        size_t capacity = nodes->capacity ? nodes->capacity * 2 : FIRST_NODES;
        nodes->node = memory_realloc(nodes->node, nodes->capacity * sizeof *nodes->node, capacity * sizeof *nodes->node);
        nodes->capacity = capacity;
    }
    return memset(&nodes->node[d->used++], 0, sizeof *nodes->node);
}

static enum status decode_bytes(struct decoder *d, struct value *v, uint64_t size, struct error *error) {
    size_t node = (size_t)(v - d->nodes->node), skip = v->type == VALUE_EXT; // an ext's type comes before its data
    enum status status = want(d, skip + size, error);
    if (status)
        return status;
    v = &d->nodes->node[node];
    v->data = source_window(d->source) + d->position + skip;
    v->size = size;
    if (v->type == VALUE_STR && !utf8_valid(v->data, v->size))
        return fail(d, error, d->position, "a str that is no valid UTF-8");
    d->position += skip + size;
    return STATUS_OK;
}

static enum status open_container(struct decoder *d, struct value *v, uint32_t count, struct error *error) {
    uint64_t owed = v->type == VALUE_MAP ? 2 * (uint64_t)count : count;
    if (d->depth == d->max_depth)
        return fail(d, error, d->position, "values nested deeper than %" PRIu32, d->max_depth);
    if (d->used + d->owed + owed > DECODER_MAX_NODES)
        return fail(d, error, d->position, "a record of more than %d values", DECODER_MAX_NODES);
    v->count = count;
    d->owed += owed;
    d->open[d->depth].node = (size_t)(v - d->nodes->node);
    d->open[d->depth++].owed = owed;
    return want(d, 0, error);
}

static void set_number(struct value *v, uint64_t argument, size_t bytes) {
    unsigned unused = (unsigned)(64 - 8 * (bytes ? bytes : 1));
    if (v->type == VALUE_FLOAT && bytes == 4) {
        float f;
        uint32_t bits = (uint32_t)argument;
        memcpy(&f, &bits, sizeof f);
        v->f = f;
    } else if (v->type == VALUE_INT) {
        v->i = (int64_t)(argument << unused) >> unused; // extends the sign
        if (v->i >= 0)
            v->type = VALUE_UINT;
    } else if (v->type == VALUE_BOOL) {
        v->boolean = argument;
    } else {
        v->u = argument; // also the bits of a double
    }
}

static enum status decode_value(struct decoder *d, struct error *error) {
    d->owed--;
    if (d->depth)
        d->open[d->depth - 1].owed--;
    enum status status = want(d, 1, error);
    if (status)
        return status;
    struct head head = head_of(source_window(d->source)[d->position]);
    if (head.type == VALUE_BAD)
        return fail(d, error, d->position, "no MessagePack: 0xc1");
    if ((status = want(d, 1 + head.argument_bytes, error)))
        return status;
    const uint8_t *bytes = source_window(d->source) + d->position;
    uint64_t argument = head.argument;
    for (size_t i = 1; i <= head.argument_bytes; i++)
        argument = argument << 8 | bytes[i];
    struct value *v = append_node(d);
    size_t node = d->used - 1, begin = d->position;
    v->type = head.type;
    v->bytes = bytes;
    v->nodes = 1;
    d->position += 1 + head.argument_bytes;
    if (v->type == VALUE_MAP || v->type == VALUE_ARRAY)
        return open_container(d, v, (uint32_t)argument, error);
    if (v->type == VALUE_STR || v->type == VALUE_BIN || v->type == VALUE_EXT) {
        if ((status = decode_bytes(d, v, argument, error)))
            return status;
    } else {
        set_number(v, argument, head.argument_bytes);
    }
    d->nodes->node[node].length = d->position - begin;
    return STATUS_OK;
}

static int compare_bytes(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size) {
    return a_size != b_size ? (a_size < b_size ? -1 : 1) : memcmp(a, b, a_size);
}

// An order in which equal keys are neighbours: str and bin are both text, numbers go by value, all else by its encoding.
static int compare_keys(const struct value *a, const struct value *b) {
    int a_type = a->type == VALUE_BIN ? VALUE_STR : (int)a->type, b_type = b->type == VALUE_BIN ? VALUE_STR : (int)b->type;
    if (a_type != b_type)
        return a_type < b_type ? -1 : 1;
    if (a_type == VALUE_STR)
        return compare_bytes(a->data, a->size, b->data, b->size);
    if (a_type == VALUE_UINT || a_type == VALUE_INT || a_type == VALUE_FLOAT)
        return (a->u > b->u) - (a->u < b->u);
    return compare_bytes(a->bytes, a->length, b->bytes, b->length);
}

static int compare_key_pointers(const void *a, const void *b) {
    return compare_keys(*(const struct value *const *)a, *(const struct value *const *)b);
}

// A key that occurs twice, or NULL.
static const struct value *duplicate_key(const struct value *map) {
    const struct value *few[FEW_KEYS], *found = NULL;
    const struct value **keys = map->count > FEW_KEYS ? memory_alloc(map->count * sizeof *keys) : few;
    const struct value *v = value_first(map);
    for (uint32_t i = 0; i < map->count; i++) {
        keys[i] = v;
        v = value_next(value_next(v));
    }
    if (map->count > FEW_KEYS)
        qsort(keys, map->count, sizeof *keys, compare_key_pointers);
    uint32_t reach = map->count > FEW_KEYS ? 1 : map->count; // after sorting only neighbours can be equal
    for (uint32_t i = 0; i < map->count && !found; i++)
        for (uint32_t j = i + 1; j < map->count && j - i <= reach && !found; j++)
            if (compare_keys(keys[i], keys[j]) == 0)
                found = keys[j];
    if (keys != few)
        free(keys);
    return found;
}

static enum status close_containers(struct decoder *d, struct error *error) {
    while (d->depth && d->open[d->depth - 1].owed == 0) {
        struct value *v = &d->nodes->node[d->open[--d->depth].node];
        v->nodes = (uint32_t)(&d->nodes->node[d->used] - v);
        v->length = (size_t)(source_window(d->source) + d->position - v->bytes);
        const struct value *key = v->type == VALUE_MAP ? duplicate_key(v) : NULL;
        if (key)
            return fail(d, error, (size_t)(key->bytes - source_window(d->source)), "a key that its map has already");
    }
    return STATUS_OK;
}

enum status decoder_run(struct decoder *d, struct error *error) {
    d->used = d->position = d->depth = 0;
    d->owed = 1;
    do {
        enum status status = decode_value(d, error);
        if (status == STATUS_OK)
            status = close_containers(d, error);
        if (status != STATUS_OK)
            return status;
    } while (d->depth);
    return STATUS_OK;
}

void decoder_set_depth(struct decoder *d, uint32_t depth) {
    d->max_depth = depth == 0 ? DECODER_DEFAULT_DEPTH : depth < DECODER_MAX_DEPTH ? depth : DECODER_MAX_DEPTH;
}

enum status value_decode(const uint8_t *bytes, size_t size, uint32_t max_depth, struct value_nodes *nodes, struct error *error) {
    struct source source;
    source_of_memory(&source, bytes, size);
    struct decoder d = {.source = &source, .nodes = nodes, .max_bytes = INT64_MAX};
    decoder_set_depth(&d, max_depth);
    enum status status = decoder_run(&d, error);
    return status == STATUS_END ? error_set(error, STATUS_DATA, "no bytes") : status;
}
