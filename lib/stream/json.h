// Values as JSON and back. What JSON has no word for:
//     bin              {"base64": "..."}
//     array            {"dtype": "<f4", "shape": [2, 3], "data": [flat, in C order]}, or summarised: min, max, mean instead of data
//     NumPy scalar     {"dtype": "<f4", "scalar": 0.5}
//     ext              {"ext": type, "base64": "..."}, which is not read back
//     NaN, infinity    "NaN", "Infinity", "-Infinity"; the payload of a NaN is lost
//     a key            that is no text: its JSON as text
// Floats have as many digits as bring back the same number, and a point or an exponent when they stand alone: 1.0 is no integer.
#ifndef STREAM_JSON_H
#define STREAM_JSON_H

#include "base/text.h"
#include "stream/packer.h"

// JSON_CANONICAL is not for reading back, but for telling whether two values mean the same: the keys of maps are sorted, a whole number is
// written without a point whatever its type, arrays of rank 1 are lists, NumPy scalars numbers. It is part of the format (splits), so it
// never changes.
enum json_arrays { JSON_SUMMARISED, JSON_WHOLE, JSON_CANONICAL };

// Appends the value on one line, without a newline. A map that looks like an array but is none (array_read) is written as the map it is.
void json_write(struct text *out, const struct value *v, enum json_arrays arrays);

// The same of what is packed, one value. STATUS_DATA when it is none.
enum status json_write_packed(struct text *out, const struct packer *p, enum json_arrays arrays, struct error *error) MUST_CHECK;

// Appends item i (in C order) of an array, as in "data" above.
void json_write_item(struct text *out, const struct array *a, uint64_t i);

// Appends items first .. first + count - 1 of an array as canonical JSON: one as a number, more as a list of them.
void json_write_part(struct text *out, const struct array *a, uint64_t first, uint64_t count);

// Reads one JSON text (RFC 8259, nested at most 32 deep) and packs it as one item; summarised arrays are refused. Errors: "column 17: ...",
// counted in bytes. After an error the packer has to be cleared.
enum status json_read(struct packer *p, const char *text, size_t size, struct error *error) MUST_CHECK;

#endif
