#include "base/numtext.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A sign and digits as sign and magnitude; a magnitude beyond 64 bits becomes the largest one and *overflow.
static bool parse_integer(const char *text, bool *negative, uint64_t *magnitude, bool *overflow) {
    *negative = *text == '-';
    text += *text == '-' || *text == '+';
    if (!*text || text[strspn(text, "0123456789")])
        return false;
    *magnitude = 0;
    *overflow = false;
    for (; *text; text++)
        *overflow |=
            __builtin_mul_overflow(*magnitude, 10, magnitude) || __builtin_add_overflow(*magnitude, (uint64_t)(*text - '0'), magnitude);
    *negative = *negative && (*magnitude || *overflow);
    return true;
}

enum status numtext_i64(const char *text, int64_t low, int64_t high, int64_t *out, struct error *reason) {
    bool negative, overflow;
    uint64_t magnitude;
    if (!parse_integer(text, &negative, &magnitude, &overflow))
        return error_set(reason, STATUS_USAGE, "is no number");
    overflow |= magnitude > (uint64_t)INT64_MAX + negative;
    int64_t value = (int64_t)(negative ? -magnitude : magnitude);
    if (overflow ? negative : value < low)
        return error_set(reason, STATUS_USAGE, "is too small (at least %" PRId64 ")", low);
    if (overflow || value > high)
        return error_set(reason, STATUS_USAGE, "is too large (at most %" PRId64 ")", high);
    *out = value;
    return STATUS_OK;
}

enum status numtext_u64(const char *text, uint64_t low, uint64_t high, uint64_t *out, struct error *reason) {
    bool negative, overflow;
    uint64_t magnitude;
    if (!parse_integer(text, &negative, &magnitude, &overflow))
        return error_set(reason, STATUS_USAGE, "is no number");
    if (negative || (!overflow && magnitude < low))
        return error_set(reason, STATUS_USAGE, "is too small (at least %" PRIu64 ")", low);
    if (overflow || magnitude > high)
        return error_set(reason, STATUS_USAGE, "is too large (at most %" PRIu64 ")", high);
    *out = magnitude;
    return STATUS_OK;
}

// The shortest decimal text that reads back as the same number.
static const char *shortest(double value, char text[32]) {
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return text;
}

enum status numtext_double(const char *text, double low, double high, double *out, struct error *reason) {
    char bound[32], *end;
    double value = strtod(text, &end); // alone it would also take blanks, hexadecimal, "inf" and "nan"
    if (end == text || *end || text[strspn(text, "0123456789+-.eE")])
        return error_set(reason, STATUS_USAGE, "is no number");
    if (value < low || value == -HUGE_VAL)
        return error_set(reason, STATUS_USAGE, "is too small (at least %s)", shortest(fmax(low, -__DBL_MAX__), bound));
    if (value > high || value == HUGE_VAL)
        return error_set(reason, STATUS_USAGE, "is too large (at most %s)", shortest(fmin(high, __DBL_MAX__), bound));
    *out = value;
    return STATUS_OK;
}

bool numtext_range(const char *text, double low, double high, double range[2]) {
    char first[64];
    struct error reason;
    double pair[2];
    size_t length = strcspn(text, ":");
    if (!text[length] || length >= sizeof first)
        return false;
    memcpy(first, text, length);
    first[length] = 0;
    if (numtext_double(first, low, high, &pair[0], &reason) != STATUS_OK ||
        numtext_double(text + length + 1, low, high, &pair[1], &reason) != STATUS_OK || !(pair[0] < pair[1]))
        return false;
    memcpy(range, pair, sizeof pair);
    return true;
}
