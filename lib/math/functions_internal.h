// Elementary functions of vectors, for kernels.c. Each gives the same bits for every instruction set.
#ifndef MATH_FUNCTIONS_INTERNAL_H
#define MATH_FUNCTIONS_INTERNAL_H

#include "math/vector_internal.h"

INLINE ivec ivec_set(int32_t x) {
    return (ivec){0} + x;
}

INLINE vec abs_of(vec x) {
    return (vec)((ivec)x & ivec_set(INT32_MAX));
}

// e^r - 1 for |r| <= ln(2)/2 (the polynomial of Cephes' expf).
INLINE vec expm1_reduced(vec r) {
    vec q = vec_set(1.9875691500e-4f);
    q = vec_fma(q, r, vec_set(1.3981999507e-3f));
    q = vec_fma(q, r, vec_set(8.3334519073e-3f));
    q = vec_fma(q, r, vec_set(4.1665795894e-2f));
    q = vec_fma(q, r, vec_set(1.6666665459e-1f));
    q = vec_fma(q, r, vec_set(5.0000001201e-1f));
    return vec_fma(q, r * r, r);
}

// x = n ln(2) + r; n comes as the low bits of *shifted.
INLINE vec reduce(vec x, ivec *n) {
    const vec magic = vec_set(12582912.0f); // 1.5 * 2^23: adding it rounds to an integer
    const vec shifted = vec_fma(x, vec_set(1.44269504088896341f), magic), whole = shifted - magic;
    *n = (ivec)shifted - (ivec)magic;
    return vec_fma(whole, vec_set(2.12194440e-4f), vec_fma(whole, vec_set(-0.693359375f), x));
}

INLINE vec power_of_two(ivec n) {
    return (vec)((n + 127) << 23);
}

INLINE vec exp_of(vec x) {
    ivec n;
    const vec r = reduce(vec_max(vec_set(-105.0f), vec_min(vec_set(89.0f), x)), &n);
    const ivec half = n >> 1; // in two steps: 2^n itself may be out of range where the result is not
    const vec first = power_of_two(half);
    return vec_fma(expm1_reduced(r), first, first) * power_of_two(n - half);
}

// e^x for x <= 0, but never less than 1e-38: in fewer steps than exp_of.
INLINE vec exp_of_negative(vec x) {
    ivec n;
    const vec r = reduce(vec_max(vec_set(-87.0f), x), &n), s = power_of_two(n);
    return vec_fma(expm1_reduced(r), s, s);
}

// A quotient that is still to be computed. All that follow have divisors from 1 to 2.
struct quotient {
    vec above, below;
};

// e/(1+e) or 1/(1+e) with e = exp(-|x|): nothing overflows, and small results keep the precision of e.
INLINE struct quotient sigmoid_quotient(vec x, vec e) {
    const vec one = vec_set(1.0f);
    return (struct quotient){vec_select((ivec)x >> 31, e, one), one + e};
}

INLINE vec sigmoid_of(vec x) {
    const struct quotient q = sigmoid_quotient(x, exp_of(-abs_of(x)));
    return q.above / q.below;
}

// A gate's: no less than 1e-38.
INLINE struct quotient gate_quotient(vec x) {
    return sigmoid_quotient(x, exp_of_negative(-abs_of(x)));
}

// -m/(2+m) with m = exp(-2|x|) - 1, which is exact where x is small; the sign is x's.
INLINE struct quotient tanh_quotient(vec x) {
    ivec n;
    const vec r = reduce(vec_max(vec_set(-40.0f), -2.0f * abs_of(x)), &n), s = power_of_two(n);
    const vec m = vec_fma(expm1_reduced(r), s, s - 1.0f);
    return (struct quotient){vec_select(ivec_set(INT32_MIN), x, m), 2.0f + m};
}

// Two quotients by one division, which takes as long as 30 multiplications.
INLINE void divide_two(struct quotient a, struct quotient b, vec *first, vec *second) {
    const vec r = 1.0f / (a.below * b.below);
    *first = a.above * (b.below * r);
    *second = b.above * (a.below * r);
}

INLINE vec tanh_of(vec x) {
    const struct quotient q = tanh_quotient(x);
    return q.above / q.below;
}

INLINE vec relu_of(vec x) {
    return vec_max(vec_set(0), x); // NaN stays
}

// For x >= 1 (the polynomial of Cephes' logf); infinity is no argument, NaN stays.
INLINE vec log_of(vec x) {
    const ivec bits = (ivec)x;
    const vec half = (vec)((bits & ivec_set(0x7fffff)) | ivec_set(0x3f000000)); // x = half * 2^n, 0.5 <= half < 1
    const ivec small = half < vec_set(0.707106781186547524f);                   // then better twice as large
    const vec n = __builtin_convertvector((bits >> 23) - 126 + small, vec);
    const vec m = half + (vec)(small & (ivec)half) - 1.0f, z = m * m;
    vec q = vec_set(7.0376836292e-2f);
    q = vec_fma(q, m, vec_set(-1.1514610310e-1f));
    q = vec_fma(q, m, vec_set(1.1676998740e-1f));
    q = vec_fma(q, m, vec_set(-1.2420140846e-1f));
    q = vec_fma(q, m, vec_set(1.4249322787e-1f));
    q = vec_fma(q, m, vec_set(-1.6668057665e-1f));
    q = vec_fma(q, m, vec_set(2.0000714765e-1f));
    q = vec_fma(q, m, vec_set(-2.4999993993e-1f));
    q = vec_fma(q, m, vec_set(3.3333331174e-1f));
    q = vec_fma(n, vec_set(-2.12194440e-4f), q * (m * z));
    return vec_fma(n, vec_set(0.693359375f), m + vec_fma(vec_set(-0.5f), z, q)) + (x - x); // NaN
}

#endif
