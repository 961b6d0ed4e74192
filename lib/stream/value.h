// A decoded MessagePack object: a flat, read-only tree over the bytes it was read from. Nothing is copied: text, binary data and
// arrays point into the record's buffer and live as long as it does.
#ifndef STREAM_VALUE_H
#define STREAM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
    VALUE_NIL,
    VALUE_BOOL,
    VALUE_UINT,
    VALUE_INT /* negative */,
    VALUE_FLOAT,
    VALUE_STR,
    VALUE_BIN,
    VALUE_ARRAY,
    VALUE_MAP,
    VALUE_EXT
};

struct value {
    enum value_type type;
    uint32_t count; // array: items; map: pairs; children follow in memory, a map's as key, value, key, value ...
    uint32_t nodes; // how many struct value this one takes, itself and all its descendants
    union {
        bool boolean;
        uint64_t u;
        int64_t i;
        double f;
        const uint8_t *data; // str, bin, ext: not terminated
    };
    size_t size;          // str, bin, ext: bytes of data
    const uint8_t *bytes; // the encoding of this value, with all its descendants
    size_t length;        // and its length
};

// Walking: `const struct value *v = value_first(map); for (uint32_t i = 0; i < map->count; i++) { key = v; v = value_next(v); ... v =
// value_next(v); }`
const struct value *value_first(const struct value *container);
const struct value *value_next(const struct value *v);

// A copy that lives by itself, to be freed by one free().
struct value *value_clone(const struct value *v);

// The value of a str key of a map, or NULL (also when map is NULL or no map). A bin key counts as the same text (msgpack-numpy writes
// those).
const struct value *value_get(const struct value *map, const char *key);
const struct value *value_at(const struct value *array, uint32_t index); // NULL beyond the end or when it is no array

bool value_is(const struct value *v, const char *text); // is it this str (or bin)?
// Numbers and truth values as people's programs write them: an integer may also come as a float that is one (3.0), and all of them as a
// NumPy scalar (or an array of rank 0). False when v is NULL or of another type.
bool value_to_u64(const struct value *v, uint64_t *out);  // false also for a negative number, or one beyond the range
bool value_to_i64(const struct value *v, int64_t *out);   // false also beyond the range
bool value_to_double(const struct value *v, double *out); // integers and floats
bool value_to_bool(const struct value *v, bool *out);
bool value_to_text(const struct value *v, char *out, size_t capacity); // terminated copy; false when no str, too long, or a NUL byte inside

#endif
