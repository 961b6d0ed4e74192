#include "stream/array.h"

#include <assert.h>
#include <math.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays are taken as they lie in the stream");

static const struct {
    const char *name;
    size_t size;
} dtypes[DTYPE_COUNT] = {
    [DTYPE_F2] = {"<f2", 2}, [DTYPE_F4] = {"<f4", 4}, [DTYPE_F8] = {"<f8", 8}, [DTYPE_U1] = {"|u1", 1},
    [DTYPE_I1] = {"|i1", 1}, [DTYPE_U2] = {"<u2", 2}, [DTYPE_I2] = {"<i2", 2}, [DTYPE_U4] = {"<u4", 4},
    [DTYPE_I4] = {"<i4", 4}, [DTYPE_U8] = {"<u8", 8}, [DTYPE_I8] = {"<i8", 8}, [DTYPE_BOOL] = {"|b1", 1},
};

size_t dtype_size(enum dtype dtype) {
    return dtypes[dtype].size;
}

bool dtype_is_float(enum dtype dtype) {
    return dtype == DTYPE_F2 || dtype == DTYPE_F4 || dtype == DTYPE_F8;
}

const char *dtype_name(enum dtype dtype) {
    return dtypes[dtype].name;
}

bool array_is(const struct value *v) {
    const struct value *nd = value_get(v, "nd");
    return nd && nd->type == VALUE_BOOL && nd->boolean;
}

static enum status read_dtype(const struct value *type, enum dtype *dtype, struct error *error) {
    if (!type || (type->type != VALUE_STR && type->type != VALUE_BIN))
        return error_set(error, STATUS_DATA, "an array without the name of its type (structured types are not supported)");
    for (int i = 0; i < DTYPE_COUNT; i++)
        if (value_is(type, dtypes[i].name)) {
            *dtype = (enum dtype)i;
            return STATUS_OK;
        }
    if (type->size && type->data[0] == '>')
        return error_set(error, STATUS_DATA, "a big-endian array: only little-endian ones are supported");
    return error_set(error, STATUS_DATA, "an array of unknown type: supported are f2, f4, f8, u1 to u8, i1 to i8, and b1");
}

static enum status read_shape(const struct value *shape, struct array *out, struct error *error) {
    if (!shape || shape->type != VALUE_ARRAY)
        return error_set(error, STATUS_DATA, "an array without shape");
    if (shape->count > ARRAY_MAX_RANK)
        return error_set(error, STATUS_DATA, "an array of rank %u: at most %d is supported", shape->count, ARRAY_MAX_RANK);
    out->rank = (int)shape->count;
    const struct value *v = value_first(shape);
    for (int i = 0; i < out->rank; i++, v = value_next(v)) {
        if (!value_to_u64(v, &out->shape[i]))
            return error_set(error, STATUS_DATA, "an array with a dimension that is no number or negative");
        if (__builtin_mul_overflow(out->count, out->shape[i], &out->count))
            return error_set(error, STATUS_DATA, "an array whose dimensions are too large");
    }
    return STATUS_OK;
}

// JavaScript's msgpack-lite writes typed arrays as extensions that hold the bytes as they lie in memory; the code tells the type of the
// items.
static bool is_typed_array(const struct value *v, int code) {
    return v->type == VALUE_EXT && v->data[-1] == code;
}

// The bytes of the items may come as a bin, as bytes (Uint8Array, ArrayBuffer), or as a typed array of just this type.
static bool holds_items(const struct value *data, enum dtype dtype) {
    enum { UINT8_ARRAY = 0x12, ARRAY_BUFFER = 0x1a };
    static const uint8_t codes[DTYPE_COUNT] = {[DTYPE_I1] = 0x11, [DTYPE_U1] = UINT8_ARRAY, [DTYPE_I2] = 0x13, [DTYPE_U2] = 0x14,
                                               [DTYPE_I4] = 0x15, [DTYPE_U4] = 0x16,        [DTYPE_F4] = 0x17, [DTYPE_F8] = 0x18};
    return data && (data->type == VALUE_BIN || is_typed_array(data, UINT8_ARRAY) || is_typed_array(data, ARRAY_BUFFER) ||
                    (codes[dtype] && is_typed_array(data, codes[dtype])));
}

enum status array_read(const struct value *v, struct array *out, struct error *error) {
    const struct value *nd = value_get(v, "nd"), *kind = value_get(v, "kind"), *data = value_get(v, "data");
    if (!nd || nd->type != VALUE_BOOL)
        return error_set(error, STATUS_DATA, "no array in the form of msgpack-numpy");
    if (kind && value_is(kind, "O"))
        return error_set(error, STATUS_DATA, "an array of Python objects: only numbers are supported");
    if (kind && value_is(kind, "V"))
        return error_set(error, STATUS_DATA, "an array of a structured type: only numbers are supported");
    bool is_plain = kind && (value_is(kind, "") || (kind->type == VALUE_EXT && kind->size == 0));
    if (kind && !is_plain)
        return error_set(error, STATUS_DATA, "an array of an unknown kind");
    *out = (struct array){.count = 1};
    enum status status = read_dtype(value_get(v, "type"), &out->dtype, error);
    if (status == STATUS_OK && nd->boolean)
        status = read_shape(value_get(v, "shape"), out, error);
    if (status != STATUS_OK)
        return status;
    if (!holds_items(data, out->dtype))
        return error_set(error, STATUS_DATA, "an array without data, or whose data are no bin");
    uint64_t size;
    if (__builtin_mul_overflow(out->count, dtypes[out->dtype].size, &size) || size != data->size)
        return error_set(error, STATUS_DATA, "an array whose data are not as long as its shape says");
    out->data = data->data;
    return STATUS_OK;
}

bool array_has_shape(const struct array *a, int rank, const int64_t *shape) {
    if (a->rank != rank)
        return false;
    for (int i = 0; i < rank; i++)
        if (shape[i] >= 0 && (uint64_t)shape[i] != a->shape[i])
            return false;
    return true;
}

// IEEE 754 binary16: a sign, 5 bits of exponent with a bias of 15, 10 bits of mantissa.
static float float_of_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff;
    if (exponent == 0) {
        float subnormal = (float)mantissa * 0x1p-24f;
        return sign ? -subnormal : subnormal;
    }
    exponent = exponent == 0x1f ? 0xff : exponent - 15 + 127; // infinities and NaN stay what they are
    uint32_t bits = sign | exponent << 23 | mantissa << 13;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

// To nearest, ties to even.
static uint16_t half_of_float(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    float size = fabsf(f);
    if (isnan(f))
        return sign | 0x7e00;
    if (isinf(f))
        return sign | 0x7c00;
    if (size >= 65504) // the largest
        return sign | 0x7bff;
    if (size < 0x1p-14f) // a multiple of the smallest subnormal
        return sign | (uint16_t)nearbyintf(size * 0x1p24f);
    uint32_t rebiased = (bits & 0x7fffffff) - ((127 - 15) << 23);
    return sign | (uint16_t)((rebiased + 0xfff + (rebiased >> 13 & 1)) >> 13);
}

void array_halves(const float *in, uint64_t count, uint16_t *out) {
    for (uint64_t i = 0; i < count; i++)
        out[i] = half_of_float(in[i]);
}

static int64_t load_signed(const uint8_t *item, size_t size) {
    uint64_t bits = 0;
    unsigned unused = (unsigned)(64 - 8 * size);
    memcpy(&bits, item, size);
    return (int64_t)(bits << unused) >> unused; // extends the sign
}

static uint64_t load_unsigned(const uint8_t *item, size_t size) {
    uint64_t bits = 0;
    memcpy(&bits, item, size);
    return bits;
}

static float load_float(enum dtype dtype, const uint8_t *item) {
    float f4;
    double f8;
    switch (dtype) {
    case DTYPE_F2:
        return float_of_half((uint16_t)load_unsigned(item, 2));
    case DTYPE_F4:
        memcpy(&f4, item, sizeof f4);
        return f4;
    case DTYPE_F8:
        memcpy(&f8, item, sizeof f8);
        return (float)f8;
    case DTYPE_I1:
    case DTYPE_I2:
    case DTYPE_I4:
    case DTYPE_I8:
        return (float)load_signed(item, dtypes[dtype].size);
    case DTYPE_BOOL:
        return *item != 0;
    default:
        return (float)load_unsigned(item, dtypes[dtype].size);
    }
}

void array_to_floats(const struct array *a, uint64_t first, uint64_t count, float *out) {
    assert(first <= a->count && count <= a->count - first);
    size_t size = dtypes[a->dtype].size;
    const uint8_t *data = a->data + first * size;
    if (a->dtype == DTYPE_F4 && count)
        memcpy(out, data, count * size);
    else
        for (uint64_t i = 0; i < count; i++)
            out[i] = load_float(a->dtype, data + i * size);
}

int64_t array_integer(const struct array *a, uint64_t i) {
    const uint8_t *item = a->data + i * dtypes[a->dtype].size;
    switch (a->dtype) {
    case DTYPE_I1:
    case DTYPE_I2:
    case DTYPE_I4:
    case DTYPE_I8:
        return load_signed(item, dtypes[a->dtype].size);
    case DTYPE_BOOL:
        return *item != 0; // also of a byte that NumPy would not write
    default:
        return (int64_t)load_unsigned(item, dtypes[a->dtype].size);
    }
}

double array_real(const struct array *a, uint64_t i) {
    double f;
    switch (a->dtype) {
    case DTYPE_F8:
        memcpy(&f, a->data + i * sizeof f, sizeof f);
        return f;
    case DTYPE_F2:
    case DTYPE_F4:
        return (double)load_float(a->dtype, a->data + i * dtypes[a->dtype].size);
    case DTYPE_U8:
        return (double)(uint64_t)array_integer(a, i);
    default:
        return (double)array_integer(a, i);
    }
}

enum status array_to_ints(const struct array *a, uint64_t first, uint64_t count, int32_t *out, struct error *error) {
    assert(first <= a->count && count <= a->count - first);
    if (a->dtype == DTYPE_F2 || a->dtype == DTYPE_F4 || a->dtype == DTYPE_F8)
        return error_set(error, STATUS_DATA, "an array of %s where integers are needed", dtypes[a->dtype].name);
    bool is_huge = a->dtype == DTYPE_U8; // its upper half comes as negative numbers
    for (uint64_t i = 0; i < count; i++) {
        int64_t item = array_integer(a, first + i);
        if (item < (is_huge ? 0 : INT32_MIN) || item > INT32_MAX)
            return error_set(error, STATUS_DATA, "an integer that does not fit into 32 bits");
        out[i] = (int32_t)item;
    }
    return STATUS_OK;
}
