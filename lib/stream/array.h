// Arrays as Python's msgpack-numpy writes them: a map with bin keys nd, type, kind, shape, data; little-endian, C order.
#ifndef STREAM_ARRAY_H
#define STREAM_ARRAY_H

#include "base/error.h"
#include "stream/value.h"

enum { ARRAY_MAX_RANK = 8 };

enum dtype {
    DTYPE_F2,
    DTYPE_F4,
    DTYPE_F8,
    DTYPE_U1,
    DTYPE_I1,
    DTYPE_U2,
    DTYPE_I2,
    DTYPE_U4,
    DTYPE_I4,
    DTYPE_U8,
    DTYPE_I8,
    DTYPE_BOOL,
    DTYPE_COUNT
};

struct array {
    enum dtype dtype;
    int rank;
    uint64_t shape[ARRAY_MAX_RANK];
    uint64_t count;      // product of the shape
    const uint8_t *data; // count * item size bytes, not aligned
};

size_t dtype_size(enum dtype dtype); // bytes of an item
bool dtype_is_float(enum dtype dtype);
const char *dtype_name(enum dtype dtype); // NumPy's name: "<f4", "|u1", ...

bool array_is(const struct value *v); // does it look like an array (a map with a true nd)?

// Checks all of it: keys, dtype, rank, product of the shape without overflow, size of the data. STATUS_DATA otherwise. A NumPy scalar (nd
// false) is an array of rank 0. An ordinary msgpack array of numbers is refused.
enum status array_read(const struct value *v, struct array *out, struct error *error) MUST_CHECK;

// Does it have this rank and shape? A dimension of -1 fits any.
bool array_has_shape(const struct array *a, int rank, const int64_t *shape);

// Item i in C order: an integer type's or bool's as it is (the bits of a u8 are to be read unsigned), any type's as the nearest double.
int64_t array_integer(const struct array *a, uint64_t i);
double array_real(const struct array *a, uint64_t i);

// Converts items first .. first+count-1 to float (any type; bool as 0 and 1), or to int32 (integers and bool only; STATUS_DATA when a value
// does not fit).
void array_to_floats(const struct array *a, uint64_t first, uint64_t count, float *out);
enum status array_to_ints(const struct array *a, uint64_t first, uint64_t count, int32_t *out, struct error *error) MUST_CHECK;

// The other way, for writing an array of f2: rounded to nearest, ties to even; finite numbers beyond the range become the largest (65504)
// of their sign.
void array_halves(const float *in, uint64_t count, uint16_t *out);

#endif
