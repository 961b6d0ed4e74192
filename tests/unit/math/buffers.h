// Buffers exactly as large as promised, so that the sanitisers see any read beyond an end, and sizes that are awkward for vectors.
#ifndef UNIT_MATH_BUFFERS_H
#define UNIT_MATH_BUFFERS_H

#include "../check.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

static struct rng rng;
static const int sizes[] = {0, 1, 3, 7, 16, 17, 31, 33, 64, 100, 129, 259};
enum { SIZES = sizeof sizes / sizeof *sizes };

// malloc, not memory_alloc: unaligned by 16, and without padding.
static inline float *random_floats(size_t n, float range) {
    float *x = malloc(n ? n * sizeof *x : 1);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_uniform(&rng, -range, range);
    return x;
}

static inline float *copy_of(const float *x, size_t n) {
    float *copy = malloc(n ? n * sizeof *x : 1);
    memcpy(copy, x, n * sizeof *x);
    return copy;
}

static inline float *filled(size_t n, float value) {
    float *x = malloc(n ? n * sizeof *x : 1);
    for (size_t i = 0; i < n; i++)
        x[i] = value;
    return x;
}

static inline bool same(const float *x, const float *y, size_t n) {
    return memcmp(x, y, n * sizeof *x) == 0;
}

static inline double exact_sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

#endif
