#include "stream/value.h"

#include "base/memory.h"
#include "stream/array.h"

#include <math.h>
#include <string.h>

const struct value *value_first(const struct value *container) {
    return container + 1;
}

const struct value *value_next(const struct value *v) {
    return v + v->nodes;
}

struct value *value_clone(const struct value *v) {
    struct value *copy = memory_alloc(v->nodes * sizeof *v + v->length);
    uint8_t *bytes = memcpy(copy + v->nodes, v->bytes, v->length);
    memcpy(copy, v, v->nodes * sizeof *v);
    for (struct value *node = copy; node < copy + v->nodes; node++) {
        node->bytes = bytes + (node->bytes - v->bytes);
        if (node->type == VALUE_STR || node->type == VALUE_BIN || node->type == VALUE_EXT)
            node->data = bytes + (node->data - v->bytes);
    }
    return copy;
}

bool value_is(const struct value *v, const char *text) {
    size_t size = strlen(text);
    return v && (v->type == VALUE_STR || v->type == VALUE_BIN) && v->size == size && memcmp(v->data, text, size) == 0;
}

const struct value *value_get(const struct value *map, const char *key) {
    if (!map || map->type != VALUE_MAP)
        return NULL;
    const struct value *v = value_first(map);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct value *item = value_next(v);
        if (value_is(v, key))
            return item;
        v = value_next(item);
    }
    return NULL;
}

const struct value *value_at(const struct value *array, uint32_t index) {
    if (!array || array->type != VALUE_ARRAY || index >= array->count)
        return NULL;
    const struct value *v = value_first(array);
    while (index--)
        v = value_next(v);
    return v;
}

// The item of a NumPy scalar as a plain value, or v itself.
static const struct value *plain(const struct value *v, struct value *item) {
    struct array a;
    if (!v || v->type != VALUE_MAP || array_read(v, &a, NULL) != STATUS_OK || a.rank != 0)
        return v;
    if (a.dtype == DTYPE_F2 || a.dtype == DTYPE_F4 || a.dtype == DTYPE_F8) {
        *item = (struct value){.type = VALUE_FLOAT, .f = array_real(&a, 0)};
        return item;
    }
    int64_t i = array_integer(&a, 0);
    if (a.dtype == DTYPE_BOOL)
        *item = (struct value){.type = VALUE_BOOL, .boolean = i != 0};
    else if (a.dtype == DTYPE_U8 || i >= 0)
        *item = (struct value){.type = VALUE_UINT, .u = (uint64_t)i};
    else
        *item = (struct value){.type = VALUE_INT, .i = i};
    return item;
}

bool value_to_u64(const struct value *v, uint64_t *out) {
    struct value item;
    v = plain(v, &item);
    if (v && v->type == VALUE_FLOAT && v->f >= 0 && v->f < 0x1p64 && v->f == floor(v->f)) {
        *out = (uint64_t)v->f;
        return true;
    }
    if (!v || v->type != VALUE_UINT)
        return false;
    *out = v->u;
    return true;
}

bool value_to_i64(const struct value *v, int64_t *out) {
    struct value item;
    v = plain(v, &item);
    if (v && v->type == VALUE_FLOAT && v->f >= -0x1p63 && v->f < 0x1p63 && v->f == floor(v->f)) {
        *out = (int64_t)v->f;
        return true;
    }
    if (!v || (v->type != VALUE_INT && (v->type != VALUE_UINT || v->u > INT64_MAX)))
        return false;
    *out = v->type == VALUE_INT ? v->i : (int64_t)v->u;
    return true;
}

bool value_to_double(const struct value *v, double *out) {
    struct value item;
    v = plain(v, &item);
    if (!v || (v->type != VALUE_UINT && v->type != VALUE_INT && v->type != VALUE_FLOAT))
        return false;
    *out = v->type == VALUE_FLOAT ? v->f : v->type == VALUE_INT ? (double)v->i : (double)v->u;
    return true;
}

bool value_to_bool(const struct value *v, bool *out) {
    struct value item;
    v = plain(v, &item);
    if (!v || v->type != VALUE_BOOL)
        return false;
    *out = v->boolean;
    return true;
}

bool value_to_text(const struct value *v, char *out, size_t capacity) {
    if (!v || v->type != VALUE_STR || v->size >= capacity || memchr(v->data, 0, v->size))
        return false;
    memcpy(out, v->data, v->size);
    out[v->size] = 0;
    return true;
}
