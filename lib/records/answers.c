#include "records/answers.h"

#include "records/path.h"

#include <math.h>
#include <string.h>

static const double largest_integer = 9007199254740992.0; // 2^53: what a double tells apart

static enum status complain(const char *path, const char *what, struct error *error) {
    return error_set(error, STATUS_DATA, "field '%s': %s", path, what);
}

static enum status label_read(const struct value *v, const char *path, struct label *out, struct error *error) {
    *out = (struct label){.type = LABEL_REAL};
    switch (v->type) {
    case VALUE_BOOL:
        *out = (struct label){.type = LABEL_BOOLEAN, .number = v->boolean};
        return STATUS_OK;
    case VALUE_STR:
        *out = (struct label){.type = LABEL_TEXT, .text = v->data, .size = v->size};
        return STATUS_OK;
    case VALUE_UINT:
    case VALUE_INT:
        out->type = LABEL_INTEGER;
        break;
    default:
        break;
    }
    if (!value_to_double(v, &out->number))
        return complain(path, "neither a number, true or false, a text, nor a list of them", error);
    if (out->type == LABEL_INTEGER && fabs(out->number) > largest_integer)
        return complain(path, "an integer beyond 2^53", error);
    return STATUS_OK;
}

// An item of an array.
static enum status item_read(const struct array *a, uint64_t i, const char *path, struct label *out, struct error *error) {
    static const enum label_type types[DTYPE_COUNT] = {
        [DTYPE_F2] = LABEL_REAL, [DTYPE_F4] = LABEL_REAL, [DTYPE_F8] = LABEL_REAL, [DTYPE_BOOL] = LABEL_BOOLEAN}; // others: integers
    *out = (struct label){.type = types[a->dtype], .number = array_real(a, i)};
    if (out->type == LABEL_INTEGER && fabs(out->number) > largest_integer)
        return complain(path, "an integer beyond 2^53", error);
    return STATUS_OK;
}

static enum status items_read(const struct found *f, const char *path, struct answers *out, struct error *error) {
    int dimensions = f->array.rank - f->used;
    if (dimensions > 1 || f->count < 1 || f->count > ANSWERS_MAX)
        return error_set(error, STATUS_DATA, "field '%s': an array of %d dimensions and %llu items, where a list of 1 .. %d is asked for",
                         path, dimensions, (unsigned long long)f->count, ANSWERS_MAX);
    out->list = dimensions == 1;
    for (uint64_t i = 0; i < f->count; i++)
        if (item_read(&f->array, f->first + i, path, &out->label[out->count++], error) != STATUS_OK)
            return error->status;
    return STATUS_OK;
}

static enum status list_read(const struct value *list, const char *path, struct answers *out, struct error *error) {
    if (list->count < 1 || list->count > ANSWERS_MAX)
        return error_set(error, STATUS_DATA, "field '%s': a list of %u items, where 1 .. %d are asked for", path, (unsigned)list->count,
                         ANSWERS_MAX);
    out->list = true;
    bool texts = false, numbers = false;
    const struct value *v = value_first(list);
    for (uint32_t i = 0; i < list->count; i++, v = value_next(v)) {
        out->label[i] = (struct label){.type = LABEL_REAL, .number = NAN};
        if (v->type == VALUE_NIL) // an item that tells nothing
            continue;
        if (label_read(v, path, &out->label[i], error) != STATUS_OK)
            return error->status;
        texts |= out->label[i].type == LABEL_TEXT;
        numbers |= out->label[i].type != LABEL_TEXT;
        if (texts && numbers)
            return complain(path, "texts among numbers", error);
    }
    out->count = (int)list->count;
    return STATUS_OK;
}

enum status answers_read(const struct value *record, const char *path, struct answers *out, struct error *error) {
    struct found f;
    out->list = false;
    out->count = 0;
    if (!path_find(record, path, &f) || (!f.in_array && f.value->type == VALUE_NIL))
        return STATUS_OK;
    if (f.in_array)
        return items_read(&f, path, out, error);
    if (f.value->type == VALUE_ARRAY)
        return list_read(f.value, path, out, error);
    out->count = 1;
    return label_read(f.value, path, &out->label[0], error);
}

void label_pack(struct packer *p, const struct label *label) {
    switch (label->type) {
    case LABEL_INTEGER:
        pack_i64(p, (int64_t)label->number);
        break;
    case LABEL_REAL:
        pack_double(p, label->number);
        break;
    case LABEL_BOOLEAN:
        pack_bool(p, label->number != 0);
        break;
    case LABEL_TEXT:
        pack_str_n(p, (const char *)label->text, label->size);
        break;
    }
}

void answers_pack(struct packer *p, const struct answers *a) {
    if (!a->list) {
        label_pack(p, &a->label[0]);
        return;
    }
    pack_list(p);
    for (int i = 0; i < a->count; i++)
        label_pack(p, &a->label[i]);
    pack_end(p);
}

bool labels_finite(const struct answers *a) {
    for (int i = 0; i < a->count; i++)
        if (!isfinite(a->label[i].number))
            return false;
    return true;
}

int label_compare(const struct label *a, const struct label *b) {
    bool x = a->type == LABEL_TEXT, y = b->type == LABEL_TEXT;
    if (!x || !y)
        return x != y ? x - y : (a->number > b->number) - (a->number < b->number);
    int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}
