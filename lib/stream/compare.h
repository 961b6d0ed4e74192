// Are two values equal, numbers within a tolerance?
//
// Numbers a and b are equal when |a - b| <= max(absolute, relative * max(|a|, |b|)), whether written as integer or float; an infinity
// equals itself only, NaN nothing. Arrays are equal when type and shape are, and all items; maps when they have the same keys, in whatever
// order (a str and a bin of the same bytes are the same key); lists item by item; everything else by its bytes.
#ifndef STREAM_COMPARE_H
#define STREAM_COMPARE_H

#include "stream/value.h"

struct tolerance {
    double absolute, relative;
};

struct comparison {
    uint64_t differences;      // numbers beyond the tolerance, other values, and what only one has
    double absolute, relative; // the largest differences of all pairs of numbers, also of equal ones; infinite for NaN and infinities
    char path[256];            // of the first difference, as rec-table takes it: keys and indices joined by dots; cut when it is longer
    char what[160];            // the first difference: "0.5 against 0.25", "only in the first"
};

void value_compare(const struct value *a, const struct value *b, struct tolerance tolerance, struct comparison *out);

#endif
