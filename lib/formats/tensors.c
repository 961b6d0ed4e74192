#include "formats/tensors.h"

#include "base/memory.h"
#include "formats/readers_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
    bool is_float;
} types[] = {
    [DTYPE_F2] = {"float16", 2, true},     [DTYPE_F4] = {"float32", 4, true},    [DTYPE_F8] = {"float64", 8, true},
    [DTYPE_U1] = {"uint8", 1, false},      [DTYPE_I1] = {"int8", 1, false},      [DTYPE_U2] = {"uint16", 2, false},
    [DTYPE_I2] = {"int16", 2, false},      [DTYPE_U4] = {"uint32", 4, false},    [DTYPE_I4] = {"int32", 4, false},
    [DTYPE_U8] = {"uint64", 8, false},     [DTYPE_I8] = {"int64", 8, false},     [DTYPE_BOOL] = {"bool", 1, false},
    [TENSOR_BF16] = {"bfloat16", 2, true}, [TENSOR_OTHER] = {"other", 0, false},
};

size_t tensor_type_size(int type) {
    return types[type].size;
}

const char *tensor_type_name(int type) {
    return types[type].name;
}

bool tensor_type_is_float(int type) {
    return types[type].is_float;
}

char *tensors_text(struct tensors *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(&t->arena, (size_t)size + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    return text;
}

enum { SHAPE_TEXT_SIZE = ARRAY_MAX_RANK * 21 + 3 };

static void shape_text(const struct stored *s, char text[SHAPE_TEXT_SIZE]) {
    size_t n = (size_t)snprintf(text, SHAPE_TEXT_SIZE, "[");
    for (int i = 0; i < s->rank; i++)
        n += (size_t)snprintf(text + n, SHAPE_TEXT_SIZE - n, "%s%llu", i ? "," : "", (unsigned long long)s->shape[i]);
    snprintf(text + n, SHAPE_TEXT_SIZE - n, "]");
}

const char *tensors_shape_text(struct tensors *t, const struct stored *s) {
    char text[SHAPE_TEXT_SIZE];
    shape_text(s, text);
    return tensors_text(t, "%s", text);
}

static struct storage *storage_new(struct tensors *t, struct storage values) {
    struct storage *s = arena_calloc(&t->arena, sizeof *s);
    *s = values;
    t->storages = memory_room(t->storages, (size_t)t->storage_count, &t->storage_capacity, sizeof *t->storages);
    return t->storages[t->storage_count++] = s;
}

struct storage *tensors_storage(struct tensors *t, const void *bytes, uint64_t size) {
    return storage_new(t, (struct storage){.bytes = bytes ? bytes : memory_calloc(size, 1), .size = size, .owned = !bytes});
}

struct storage *tensors_storage_in_zip(struct tensors *t, uint64_t entry, uint64_t size) {
    return storage_new(t, (struct storage){.size = size, .zip = t->zip, .member = entry});
}

static void set_c_order(struct stored *s) {
    uint64_t step = 1;
    for (int i = s->rank - 1; i >= 0; i--) {
        s->step[i] = (int64_t)step;
        step *= s->shape[i];
    }
}

// The place of the last item is the first's and, along each dimension, all its steps; with no negative step no other lies further. There
// are no more items than places, so that what a tensor takes in memory is bounded by the file. False also when something overflows.
static bool inside(const struct stored *s) {
    uint64_t last = s->first, places = s->storage->size / tensor_type_size(s->type);
    for (int i = 0; i < s->rank && s->count; i++) {
        uint64_t way;
        if (s->step[i] < 0 || __builtin_mul_overflow(s->shape[i] - 1, (uint64_t)s->step[i], &way) ||
            __builtin_add_overflow(last, way, &last))
            return false;
    }
    return s->count == 0 || (last < places && s->count <= places);
}

static enum status set_shape(struct stored *s, const struct stored_place *place, struct error *error) {
    s->rank = place->rank;
    s->count = 1;
    for (int i = 0; i < s->rank; i++) {
        s->shape[i] = place->shape[i];
        if (__builtin_mul_overflow(s->count, s->shape[i], &s->count) || s->count > INT64_MAX)
            return error_set(error, STATUS_DATA, "%.200s: its dimensions are too large", s->name);
    }
    set_c_order(s);
    if (place->step)
        memcpy(s->step, place->step, (size_t)s->rank * sizeof *s->step);
    return STATUS_OK;
}

enum status tensors_place(struct stored *out, const char *name, size_t scope, const struct stored_place *place, struct error *error) {
    bool is_number = place->type != TENSOR_OTHER && place->rank <= ARRAY_MAX_RANK;
    const char *type_name = place->type_name ? place->type_name : tensor_type_name(place->type);
    *out = (struct stored){.name = name, .scope = scope, .type = TENSOR_OTHER, .type_name = type_name};
    if (!is_number) {
        out->type_name = place->type == TENSOR_OTHER ? type_name : "of more dimensions than are read";
        return STATUS_OK;
    }
    out->type = place->type;
    out->storage = place->storage;
    out->first = place->first;
    enum status status = set_shape(out, place, error);
    if (status == STATUS_OK && !inside(out)) {
        char shape[SHAPE_TEXT_SIZE];
        shape_text(out, shape);
        status = error_set(error, STATUS_DATA, "%.200s: shape %s of %s does not lie in the %llu bytes that it is said to be in", name,
                           shape, type_name, (unsigned long long)out->storage->size);
    }
    return status;
}

enum status tensors_add(struct tensors *t, const char *name, size_t scope, const struct stored_place *place, struct error *error) {
    t->list = memory_room(t->list, (size_t)t->count, &t->capacity, sizeof *t->list);
    return tensors_place(&t->list[t->count++], name, scope, place, error);
}

void tensors_add_other(struct tensors *t, const char *name, size_t scope, const char *type_name) {
    struct stored_place place = {.type = TENSOR_OTHER, .type_name = type_name};
    t->list = memory_room(t->list, (size_t)t->count, &t->capacity, sizeof *t->list);
    enum status status = tensors_place(&t->list[t->count++], name, scope, &place, NULL);
    (void)status; // always well
}

bool tensor_is_dense(const struct stored *s) {
    struct stored dense = *s;
    set_c_order(&dense);
    return memcmp(dense.step, s->step, (size_t)s->rank * sizeof *s->step) == 0;
}

struct stored *tensors_find(const struct tensors *t, const char *name) {
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->list[i].name, name) == 0)
            return &t->list[i];
    return NULL;
}

enum status storage_load(struct storage *s, struct error *error) {
    if (s->bytes)
        return STATUS_OK;
    uint8_t *bytes = memory_alloc(s->size);
    enum status status = zip_read(s->zip, s->member, bytes, s->size, error);
    if (status != STATUS_OK) {
        free(bytes);
        return status;
    }
    s->bytes = bytes;
    s->owned = true;
    return STATUS_OK;
}

void tensors_close(struct tensors *t) {
    if (t->graph_free)
        t->graph_free(t->graph);
    for (int i = 0; i < t->storage_count; i++)
        if (t->storages[i]->owned)
            free((void *)t->storages[i]->bytes);
    zip_close_reader(t->zip);
    free(t->storages);
    free(t->list);
    arena_free(&t->arena);
    if (t->path)
        mapping_close(&t->mapping);
    *t = (struct tensors){0};
}
