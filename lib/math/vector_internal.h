// One vector of floats in the widest registers of the instruction set that kernels.c is compiled for, and the few operations that plain
// operators on vector types lack. Each gives the same bits, lane by lane, for every instruction set.
#ifndef MATH_VECTOR_INTERNAL_H
#define MATH_VECTOR_INTERNAL_H

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

// Before a loop with a constant number of rounds: unrolls it fully, so that an array indexed by it can live in registers.
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#if defined(__AVX512F__) && defined(__AVX512VL__)
#include <immintrin.h>
#define LANES 16
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define LANES 8
#else
#define LANES 4
#endif

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));

INLINE vec vec_select(ivec mask, vec a, vec b) {
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

INLINE vec vec_load(const float *p) {
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void vec_store(float *p, vec v) {
    memcpy(p, &v, sizeof v);
}

// first_lanes(n) selects the first n lanes (0 <= n <= LANES); masked loads give 0 in the other lanes and read no memory for them.
#if LANES == 16

typedef __mmask16 lane_mask;

INLINE lane_mask first_lanes(int n) {
    return (lane_mask)((1u << n) - 1);
}

INLINE vec vec_load_first(const float *p, lane_mask mask) {
    return (vec)_mm512_maskz_loadu_ps(mask, p);
}

INLINE void vec_store_first(float *p, vec v, lane_mask mask) {
    _mm512_mask_storeu_ps(p, mask, (__m512)v);
}

INLINE vec vec_set(float x) {
    return (vec)_mm512_set1_ps(x);
}

INLINE vec vec_fma(vec a, vec b, vec c) {
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

// a < b ? a : b, so that a NaN in b stays; vec_max likewise.
INLINE vec vec_min(vec a, vec b) {
    return (vec)_mm512_min_ps((__m512)a, (__m512)b);
}

INLINE vec vec_max(vec a, vec b) {
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
}

INLINE vec vec_sqrt(vec a) {
    return (vec)_mm512_sqrt_ps((__m512)a);
}

#elif LANES == 8

typedef __m256i lane_mask;

INLINE lane_mask first_lanes(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE vec vec_load_first(const float *p, lane_mask mask) {
    return (vec)_mm256_maskload_ps(p, mask);
}

INLINE void vec_store_first(float *p, vec v, lane_mask mask) {
    _mm256_maskstore_ps(p, mask, (__m256)v);
}

INLINE vec vec_set(float x) {
    return (vec)_mm256_set1_ps(x);
}

INLINE vec vec_fma(vec a, vec b, vec c) {
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

INLINE vec vec_min(vec a, vec b) {
    return (vec)_mm256_min_ps((__m256)a, (__m256)b);
}

INLINE vec vec_max(vec a, vec b) {
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
}

INLINE vec vec_sqrt(vec a) {
    return (vec)_mm256_sqrt_ps((__m256)a);
}

#else

typedef int lane_mask;

INLINE lane_mask first_lanes(int n) {
    return n;
}

INLINE vec vec_load_first(const float *p, lane_mask n) {
    vec v = {0};
    for (int i = 0; i < n; i++)
        v[i] = p[i];
    return v;
}

INLINE void vec_store_first(float *p, vec v, lane_mask n) {
    for (int i = 0; i < n; i++)
        p[i] = v[i];
}

INLINE vec vec_set(float x) {
    return (vec){x, x, x, x};
}

INLINE vec vec_fma(vec a, vec b, vec c) {
    return (vec){__builtin_fmaf(a[0], b[0], c[0]), __builtin_fmaf(a[1], b[1], c[1]), __builtin_fmaf(a[2], b[2], c[2]),
                 __builtin_fmaf(a[3], b[3], c[3])};
}

INLINE vec vec_min(vec a, vec b) {
    return vec_select(a < b, a, b);
}

INLINE vec vec_max(vec a, vec b) {
    return vec_select(a > b, a, b);
}

INLINE vec vec_sqrt(vec a) {
    return (vec){__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]), __builtin_sqrtf(a[3])};
}

#endif

// How many lanes of the vector at offset i belong to an array of n elements.
INLINE int lanes_left(size_t n, size_t i) {
    return n - i < LANES ? (int)(n - i) : LANES;
}

#endif
