// Dotted paths into a record: keys and, counted from 0, indices of lists and arrays: metrics.accuracy, task.offsets.1, z.0. A key with dots
// in it (weights.linear.weight.0.31) is found too; where several keys fit, the shortest one that leads on is taken.
#ifndef RECORDS_PATH_H
#define RECORDS_PATH_H

#include "stream/array.h"

// What a path leads to: a value, or a part of an array (count items from the first on, in C order), which has lost `used` dimensions.
struct found {
    const struct value *value;
    bool in_array;
    struct array array;
    int used;
    uint64_t first, count;
};

bool path_find(const struct value *v, const char *path, struct found *out);

// Is the last part an index? Lists may be short; other names that nothing has may be misspelt.
bool path_ends_in_index(const char *path);

// A number (true and false as 1 and 0, and an item of an array, as float unless it is f8); false when there is none.
bool path_number(const struct value *v, const char *path, double *out);

// An integer of 64 bits, signed or not, as the record has it; an item of an array, too. False for all else, 3.0 included.
struct integer {
    bool negative;
    uint64_t bits; // as int64 where it is negative: among such, too, the greater one is the greater number
};
bool path_integer(const struct value *v, const char *path, struct integer *out);

// For messages when a path leads to nothing: "'task' has 'family', 'tokens', 'offsets'", of the map where the path ends.
void path_names(const struct value *v, const char *path, char *out, size_t capacity);

#endif
