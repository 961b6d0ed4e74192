// Inverted dropout (Srivastava et al. 2014): in training each element is set to zero with probability `rate`, the others are divided by 1 -
// rate. Which ones is a pure function of (key, position): nothing is stored, backward draws the same mask again. (The rate is rounded to a
// multiple of 2^-16, the divisor with it, so that the mean is kept exactly.)
#ifndef NN_DROPOUT_H
#define NN_DROPOUT_H

#include <stddef.h>
#include <stdint.h>

struct dropout {
    float rate; // 0: the identity
    uint64_t key;
};

// An independent mask of the same rate for every site.
struct dropout dropout_at(const struct dropout *d, uint64_t site);

// The factors, 0 or 1 / (1 - rate), of elements first .. first+n-1.
void dropout_mask(const struct dropout *d, float *mask, size_t first, size_t n);

// Multiplies x [n] by the factors of elements 0 .. n-1. The map is diagonal: applied to a gradient it is its own backward.
void dropout_apply(const struct dropout *d, float *x, size_t n);

// The factor 1 / (1 - rate) of the elements that are kept.
float dropout_factor(const struct dropout *d);

#endif
