// Numbers from text (command lines, YAML): the whole text must be one decimal number within bounds, both inclusive.
#ifndef BASE_NUMTEXT_H
#define BASE_NUMTEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

// STATUS_USAGE otherwise, with a reason to be put after the text: "is no number", "is too small (at least 1)", "is too large (at most 9)".
// *out is then unchanged. Blanks, hexadecimal numbers, infinities and NaN are no numbers.
enum status numtext_i64(const char *text, int64_t low, int64_t high, int64_t *out, struct error *reason) MUST_CHECK;
enum status numtext_u64(const char *text, uint64_t low, uint64_t high, uint64_t *out, struct error *reason) MUST_CHECK;
enum status numtext_double(const char *text, double low, double high, double *out, struct error *reason) MUST_CHECK;

// Two numbers "LOW:HIGH" within these bounds, the lower one first and not the same; false otherwise.
bool numtext_range(const char *text, double low, double high, double range[2]);

#endif
