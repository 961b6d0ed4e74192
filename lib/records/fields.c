#include "records/fields.h"

#include <stdio.h>

static enum status complain(const struct value *map, const char *key, const char *of, const char *wanted, struct error *error) {
    if (!value_get(map, key))
        return error_set(error, STATUS_DATA, "%s: key '%s' is missing", of, key);
    return error_set(error, STATUS_DATA, "%s: key '%s' is no %s", of, key, wanted);
}

enum status field_u64(const struct value *map, const char *key, const char *of, uint64_t *out, struct error *error) {
    return value_to_u64(value_get(map, key), out) ? STATUS_OK : complain(map, key, of, "unsigned integer", error);
}

enum status field_int(const struct value *map, const char *key, const char *of, int low, int high, int *out, struct error *error) {
    int64_t i;
    if (!value_to_i64(value_get(map, key), &i))
        return complain(map, key, of, "integer", error);
    if (i < low || i > high)
        return error_set(error, STATUS_DATA, "%s: key '%s' is %lld, outside %d .. %d", of, key, (long long)i, low, high);
    *out = (int)i;
    return STATUS_OK;
}

enum status field_text(const struct value *map, const char *key, const char *of, char out[TEXT_FIELD_SIZE], struct error *error) {
    return value_to_text(value_get(map, key), out, TEXT_FIELD_SIZE) ? STATUS_OK : complain(map, key, of, "short text", error);
}

enum status field_map(const struct value *map, const char *key, const char *of, const struct value **out, struct error *error) {
    const struct value *v = value_get(map, key);
    if (!v || v->type != VALUE_MAP)
        return complain(map, key, of, "map", error);
    *out = v;
    return STATUS_OK;
}

static bool listed(const struct value *key, const char *const *names) {
    for (; *names; names++)
        if (value_is(key, *names))
            return true;
    return false;
}

void pack_rest(struct packer *p, const struct value *map, const char *const *except) {
    const struct value *key = value_first(map);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct value *v = value_next(key);
        if (!listed(key, except)) {
            pack_value(p, key);
            pack_value(p, v);
        }
        key = value_next(v);
    }
}

static enum status weight_read(const struct value *weights, const struct param *param, float *values, struct error *error) {
    const struct value *v = value_get(weights, param->name);
    if (!v)
        return error_set(error, STATUS_DATA, "weights: '%s' is missing", param->name);
    struct array a;
    enum status status = array_read(v, &a, error);
    if (status != STATUS_OK)
        return error ? error_prefix(error, "weights: '%s'", param->name) : status;
    if (a.dtype != DTYPE_F2 && a.dtype != DTYPE_F4 && a.dtype != DTYPE_F8)
        return error_set(error, STATUS_DATA, "weights: '%s' has type %s, no floating-point one", param->name, dtype_name(a.dtype));
    int64_t shape[PARAM_MAX_RANK];
    char wanted[64];
    int length = 0;
    for (int i = 0; i < param->rank; i++) {
        shape[i] = param->shape[i];
        length += snprintf(wanted + length, sizeof wanted - (size_t)length, "%s%d", i ? "," : "", param->shape[i]);
    }
    if (!array_has_shape(&a, param->rank, shape))
        return error_set(error, STATUS_DATA, "weights: '%s' has not the shape [%s]", param->name, wanted);
    array_to_floats(&a, 0, a.count, values + param->offset);
    return STATUS_OK;
}

enum status weights_read(const struct value *weights, const struct params *table, float *values, struct error *error) {
    for (int i = 0; i < table->count; i++) {
        if (table->list[i].unused)
            continue;
        enum status status = weight_read(weights, &table->list[i], values, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
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
