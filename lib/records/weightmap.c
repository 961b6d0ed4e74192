#include "records/weightmap.h"

#include "base/note.h"
#include "stream/array.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// A text that grows up to its size; what does not fit is cut.
struct line {
    char text[320];
    size_t used;
};

static void line_add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line_add(struct line *l, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(l->text + l->used, sizeof l->text - l->used, format, args);
    va_end(args);
    l->used += n > 0 ? (size_t)n : 0;
    l->used = l->used < sizeof l->text ? l->used : sizeof l->text - 1;
}

static bool in_table(const struct params *table, const struct value *name) {
    for (int i = 0; i < table->count; i++)
        if (value_is(name, table->list[i].name))
            return true;
    return false;
}

// Does the name look like a part of the network of the table: does it begin as one of the table's names does before its first dot, and go
// on with anything but a letter? So "lstm.weight_ih_l1" does, and "linear2.weight" and "linear.0.weight".
static bool looks_like_part(const struct params *table, const struct value *name) {
    for (int i = 0; i < table->count; i++) {
        size_t n = strcspn(table->list[i].name, ".");
        if (table->list[i].name[n] && name->size > n && memcmp(name->data, table->list[i].name, n) == 0 && !isalpha(name->data[n]))
            return true;
    }
    return false;
}

enum which { STRAY /* look like parts, but have no place */, OTHER /* neither */, ANY };

// Names of `weights` that are not in the table, as "'a', 'b' and 3 more". Returns how many there are.
static uint32_t names(const struct value *weights, const struct params *table, enum which which, struct line *out) {
    uint32_t found = 0, shown = 0;
    const struct value *key = value_first(weights);
    for (uint32_t i = 0; i < weights->count; i++, key = value_next(value_next(key))) {
        if ((key->type != VALUE_STR && key->type != VALUE_BIN) || in_table(table, key))
            continue;
        if (which != ANY && looks_like_part(table, key) != (which == STRAY))
            continue;
        found++;
        if (out->used + key->size + 4 > sizeof out->text / 2 && shown)
            continue;
        line_add(out, "%s'", shown++ ? ", " : "");
        for (size_t k = 0; k < key->size && k < 80; k++)
            line_add(out, "%c", key->data[k] >= 0x20 && key->data[k] < 0x7f ? key->data[k] : '?');
        line_add(out, "'");
    }
    if (found > shown)
        line_add(out, " and %u more", found - shown);
    return found;
}

static bool contains(const struct line *l, const char *text) {
    return strstr(l->text, text) != NULL;
}

// Parts of a network that the table has no place for are never dropped in silence.
static enum status stray(const struct value *weights, const struct params *table, struct error *error) {
    struct line list = {0};
    if (!names(weights, table, STRAY, &list))
        return STATUS_OK;
    const char *why = contains(&list, "_reverse")    ? " (a bidirectional network can't be read)"
                      : contains(&list, "weight_hr") ? " (a network with projections, proj_size, can't be read)"
                                                     : "";
    return error_set(error, STATUS_DATA, "weights: %s: no place for it in this network%s", list.text, why);
}

static void shape_text(struct line *out, int rank, const uint64_t *shape) {
    line_add(out, "[");
    for (int i = 0; i < rank; i++)
        line_add(out, "%s%llu", i ? "," : "", (unsigned long long)shape[i]);
    line_add(out, "]");
}

static enum status wrong_shape(const struct param *param, const struct array *a, struct error *error) {
    struct line wanted = {0}, found = {0};
    uint64_t shape[PARAM_MAX_RANK];
    for (int i = 0; i < param->rank; i++)
        shape[i] = (uint64_t)param->shape[i];
    shape_text(&wanted, param->rank, shape);
    shape_text(&found, a->rank, a->shape);
    bool transposed = a->rank == 2 && param->rank == 2 && a->shape[0] == shape[1] && a->shape[1] == shape[0];
    return error_set(error, STATUS_DATA, "weights: '%s' has the shape %s, not %s%s", param->name, found.text, wanted.text,
                     transposed ? ": it is transposed" : "");
}

// What stands before the name in a key that ends with it, as in "module.lstm.weight_ih_l0"; its length, or 0.
static size_t prefix_of(const struct value *weights, const char *name, const char **prefix) {
    size_t n = strlen(name);
    const struct value *key = value_first(weights);
    for (uint32_t i = 0; i < weights->count; i++, key = value_next(value_next(key)))
        if ((key->type == VALUE_STR || key->type == VALUE_BIN) && key->size > n && memcmp(key->data + key->size - n, name, n) == 0) {
            *prefix = (const char *)key->data;
            return key->size - n;
        }
    return 0;
}

static enum status missing(const struct value *weights, const struct params *table, const struct param *param, struct error *error) {
    struct line list = {0};
    const char *prefix;
    if (!weights || weights->type != VALUE_MAP)
        return error_set(error, STATUS_DATA, "weights: '%s' is missing", param->name);
    size_t n = prefix_of(weights, param->name, &prefix);
    if (n && n < 80)
        return error_set(error, STATUS_DATA, "weights: '%s' is missing, but '%.*s%s' is there: take '%.*s' off the names", param->name,
                         (int)n, prefix, param->name, (int)n, prefix);
    if (names(weights, table, ANY, &list))
        return error_set(error, STATUS_DATA, "weights: '%s' is missing; names that are there and not known: %s", param->name, list.text);
    bool square = param->rank == 2 && param->shape[0] == param->shape[1];
    return error_set(error, STATUS_DATA, "weights: '%s' is missing%s", param->name,
                     strstr(param->name, "bias") ? ": a network without this bias is one with zeros there"
                     : square                    ? ": a network without this map is one with the identity there"
                                                 : "");
}

static enum status weight_find(const struct value *weights, const struct params *table, const struct param *param, struct array *out,
                               struct error *error) {
    const struct value *v = value_get(weights, param->name);
    if (!v)
        return missing(weights, table, param, error);
    enum status status = array_read(v, out, error);
    if (status != STATUS_OK)
        return error ? error_prefix(error, "weights: '%s'", param->name) : status;
    if (out->dtype != DTYPE_F2 && out->dtype != DTYPE_F4 && out->dtype != DTYPE_F8)
        return error_set(error, STATUS_DATA, "weights: '%s' has type %s, no floating-point one", param->name, dtype_name(out->dtype));
    int64_t shape[PARAM_MAX_RANK];
    for (int i = 0; i < param->rank; i++)
        shape[i] = param->shape[i];
    return array_has_shape(out, param->rank, shape) ? STATUS_OK : wrong_shape(param, out, error);
}

enum status weights_read(const struct value *weights, const struct params *table, float *values, struct error *error) {
    enum status status = STATUS_OK;
    uint32_t found = 0;
    for (int i = 0; i < table->count && status == STATUS_OK; i++) {
        const struct param *param = &table->list[i];
        struct array a;
        found += value_get(weights, param->name) != NULL;
        if (param->unused)
            continue;
        status = weight_find(weights, table, param, &a, error);
        if (status == STATUS_OK && values)
            array_to_floats(&a, 0, a.count, values + param->offset);
    }
    if (!weights || weights->type != VALUE_MAP || (status == STATUS_OK && found == weights->count))
        return status;
    // A part without a place is the better explanation of whatever else is wrong.
    if (stray(weights, table, error) != STATUS_OK)
        return STATUS_DATA;
    struct line list = {0};
    if (status == STATUS_OK && names(weights, table, OTHER, &list))
        note_once("weights: passed over, as they have no place in this network: %s", list.text);
    return status;
}

void weights_pack(struct packer *p, const struct params *table, const float *values) {
    pack_map(p);
    for (int i = 0; i < table->count; i++) {
        const struct param *param = &table->list[i];
        uint64_t shape[PARAM_MAX_RANK];
        for (int k = 0; k < param->rank; k++)
            shape[k] = (uint64_t)param->shape[k];
        pack_key(p, param->name);
        pack_array(p, DTYPE_F4, param->rank, shape, values + param->offset);
    }
    pack_end(p);
}
