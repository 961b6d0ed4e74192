// safetensors: 8 bytes, little-endian, the length n of the header; n bytes of JSON: name -> {dtype, shape, data_offsets [begin, end]},
// beside
// __metadata__; then the data, from whose beginning the offsets count.
#include "formats/readers_internal.h"
#include "stream/json.h"
#include "stream/reader.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int type;
} types[] = {
    {"F64", DTYPE_F8}, {"F32", DTYPE_F4}, {"F16", DTYPE_F2},    {"BF16", TENSOR_BF16}, {"I64", DTYPE_I8},
    {"I32", DTYPE_I4}, {"I16", DTYPE_I2}, {"I8", DTYPE_I1},     {"U64", DTYPE_U8},     {"U32", DTYPE_U4},
    {"U16", DTYPE_U2}, {"U8", DTYPE_U1},  {"BOOL", DTYPE_BOOL},
};

static int type_of(const struct value *name) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (value_is(name, types[i].name))
            return types[i].type;
    return TENSOR_OTHER;
}

static enum status read_shape(const struct value *list, uint64_t *shape, int *rank, const char *name, struct error *error) {
    if (!list || list->type != VALUE_ARRAY)
        return error_set(error, STATUS_DATA, "%.200s: its shape is no list", name);
    *rank = list->count > ARRAY_MAX_RANK ? ARRAY_MAX_RANK + 1 : (int)list->count;
    for (int i = 0; i < *rank && i < ARRAY_MAX_RANK; i++)
        if (!value_to_u64(value_at(list, (uint32_t)i), &shape[i]))
            return error_set(error, STATUS_DATA, "%.200s: its shape has something that is no size", name);
    return STATUS_OK;
}

// A tensor has exactly the bytes between its offsets.
static enum status check_length(const struct tensors *t, uint64_t length, struct error *error) {
    const struct stored *s = &t->list[t->count - 1];
    if (s->type == TENSOR_OTHER || s->count * tensor_type_size(s->type) == length)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "%.200s: its data_offsets have not the length of its shape", s->name);
}

static enum status read_tensor(struct tensors *t, const struct value *key, const struct value *entry, const uint8_t *data, uint64_t size,
                               struct error *error) {
    uint64_t shape[ARRAY_MAX_RANK], begin, end;
    const char *name = tensors_text(t, "%.*s", (int)key->size, (const char *)key->data);
    const struct value *type = value_get(entry, "dtype"), *offsets = value_get(entry, "data_offsets");
    struct stored_place place = {.type = type_of(type), .shape = shape};
    if (!type || type->type != VALUE_STR)
        return error_set(error, STATUS_DATA, "%.200s: its dtype is missing", name);
    enum status status = read_shape(value_get(entry, "shape"), shape, &place.rank, name, error);
    if (status != STATUS_OK)
        return status;
    if (!offsets || offsets->count != 2 || !value_to_u64(value_at(offsets, 0), &begin) || !value_to_u64(value_at(offsets, 1), &end) ||
        begin > end)
        return error_set(error, STATUS_DATA, "%.200s: its data_offsets are damaged", name);
    if (end > size)
        return error_set(error, STATUS_DATA, "%.200s: lies beyond the end of the file, which is cut off", name);
    place.type_name = place.type == TENSOR_OTHER ? tensors_text(t, "%.*s", (int)type->size, (const char *)type->data) : NULL;
    place.storage = tensors_storage(t, data ? data + begin : NULL, end - begin);
    status = tensors_add(t, name, 0, &place, error);
    return status == STATUS_OK ? check_length(t, end - begin, error) : status;
}

// What export-rnn wrote of the RNN beside its weights.
static void read_metadata(struct tensors *t, const struct value *metadata) {
    const struct { const char *key, **out; } texts[] = {{"rnn_cell", &t->cell}, {"rnn_reads", &t->reads}, {"rnn_answers", &t->answers}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct value *v = value_get(metadata, texts[i].key);
        if (v && v->type == VALUE_STR)
            *texts[i].out = tensors_text(t, "%.*s", (int)v->size, (const char *)v->data);
    }
}

static enum status read_header(struct tensors *t, const struct value *header, const uint8_t *data, uint64_t size, struct error *error) {
    enum status status = STATUS_OK;
    const struct value *v = header->type == VALUE_MAP ? value_first(header) : NULL;
    if (!v)
        return error_set(error, STATUS_DATA, "the safetensors header is no map");
    for (uint32_t i = 0; i < header->count && status == STATUS_OK; i++) {
        const struct value *key = v, *entry = value_next(key);
        if (value_is(key, "__metadata__"))
            read_metadata(t, entry);
        else
            status = read_tensor(t, key, entry, data, size, error);
        v = value_next(entry);
    }
    return status;
}

enum status safetensors_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    uint64_t length;
    memcpy(&length, bytes, sizeof length);
    t->kind = "a safetensors file";
    if (length > size - sizeof length)
        return error_set(error, STATUS_DATA, "the safetensors header is cut off: %llu bytes of it are missing",
                         (unsigned long long)(length - (size - sizeof length)));
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    enum status status = json_read(p, (const char *)bytes + sizeof length, length, error);
    size_t packed;
    const uint8_t *header = status == STATUS_OK ? packer_bytes(p, &packed) : NULL;
    if (header)
        status = value_decode(header, packed, 0, &nodes, error);
    if (status != STATUS_OK)
        error_prefix(error, "the safetensors header is damaged");
    else
        status = read_header(t, nodes.node, bytes + sizeof length + length, size - sizeof length - length, error);
    free(nodes.node);
    packer_free(p);
    return status;
}
