#include "records/fields.h"

#include <stdio.h>

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
