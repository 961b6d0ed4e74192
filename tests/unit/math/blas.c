// All transpositions and sizes across the thresholds of blas_sgemm: bit by bit against a chain of multiply-adds (within rounding where
// the products go to BLIS).
#include "math/blas.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../check.h"
#include "base/rng.h"
#include "math/kernels.h"

static float *random_floats(struct rng *rng, size_t n) {
    float *x = malloc(n ? n * sizeof *x : 1);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_uniform(rng, -1, 1);
    return x;
}

// A product as a caller asks for it.
struct asked {
    enum transpose ta, tb;
    int m, n, k;
    const float *a, *b;
    size_t lda, ldb, ldc;
};

// One element: a chain of n multiply-adds. A thousand million of them are no place for sanitizers.
__attribute__((no_sanitize("address"), no_sanitize("undefined"))) static float chain(float sum, int n, const float *a, size_t a_step,
                                                                                     const float *b, size_t b_step) {
    for (; n > 0; n--, a += a_step, b += b_step)
        sum = fmaf(*a, *b, sum);
    return sum;
}

// What has to come: chains from `start` on (from 0 if it is not to be read), and what stands between the rows as it was.
static void chains(const struct asked *q, float beta, const float *start, float *expected) {
    const bool a_plain = q->ta == PLAIN, b_plain = q->tb == PLAIN;
    for (int i = 0; i < q->m && q->n > 0; i++)
        for (size_t j = 0; j < (i < q->m - 1 ? q->ldc : (size_t)q->n); j++) {
            const size_t at = i * q->ldc + j;
            if (j >= (size_t)q->n)
                expected[at] = start[at];
            else
                expected[at] = chain(beta != 0 ? start[at] : 0, q->k, q->a + (a_plain ? i * q->lda : (size_t)i), a_plain ? 1 : q->lda,
                                     q->b + (b_plain ? j : j * q->ldb), b_plain ? q->ldb : 1);
        }
}

// Number of elements that differ by more than the tolerance (0: in any bit).
static int differing(size_t size, const float *expected, const float *c, double tolerance) {
    int wrong = 0;
    for (size_t i = 0; i < size; i++)
        wrong += memcmp(&expected[i], &c[i], sizeof *c) != 0 && !(tolerance > 0 && fabsf(expected[i] - c[i]) <= tolerance);
    return wrong;
}

static void check_case(enum transpose ta, enum transpose tb, int m, int n, int k, float beta) {
    struct rng rng = rng_make(m, n, "blas");
    const int a_rows = ta == PLAIN ? m : k, a_cols = ta == PLAIN ? k : m, b_rows = tb == PLAIN ? k : n, b_cols = tb == PLAIN ? n : k;
    const size_t lda = a_cols + 3, ldb = b_cols + 1, ldc = n + 2, size = m && n ? (m - 1) * ldc + n : 0;
    float *a = random_floats(&rng, a_rows && a_cols ? (a_rows - 1) * lda + a_cols : 0), *start = random_floats(&rng, size);
    float *b = random_floats(&rng, b_rows && b_cols ? (b_rows - 1) * ldb + b_cols : 0), *c = malloc(size ? size * sizeof *c : 1);
    for (size_t i = 0; i < size; i++)
        if (beta == 0 && i % ldc < (size_t)n)
            start[i] = NAN; // not to be read
    const struct asked asked = {ta, tb, m, n, k, a, b, lda, ldb, ldc};
    const double rounding = 1e-6 * (k + 4), ours = kernels()->blis_from ? rounding : 0;
    float *expected = malloc(size ? size * sizeof *expected : 1);
    chains(&asked, beta, start, expected);
    memcpy(c, start, size * sizeof *c);
    blas_sgemm(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
    int wrong = differing(size, expected, c, ours);
    CHECK(wrong == 0, "%c%c %dx%dx%d beta %g: %d elements", "NT"[ta], "NT"[tb], m, n, k, beta, wrong);
    memcpy(c, start, size * sizeof *c);
    blas_sgemm_blis(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
    wrong = differing(size, expected, c, rounding);
    CHECK(wrong == 0, "BLIS %c%c %dx%dx%d beta %g: %d elements", "NT"[ta], "NT"[tb], m, n, k, beta, wrong);
    if (ta == PLAIN && beta == 1) {
        float *packed = malloc(blas_packed_size(k, n) * sizeof *packed + 1);
        blas_pack(tb, k, n, b, ldb, packed);
        memcpy(c, start, size * sizeof *c);
        blas_sgemm_packed(m, n, k, a, lda, packed, c, ldc, c, ldc);
        wrong = differing(size, expected, c, ours);
        CHECK(wrong == 0, "packed %c %dx%dx%d: %d elements", "NT"[tb], m, n, k, wrong);
        float *from_row = malloc(size ? size * sizeof *c : 1), *row = random_floats(&rng, n);
        memcpy(from_row, start, size * sizeof *c);
        memcpy(c, start, size * sizeof *c);
        for (int i = 0; i < m; i++)
            memcpy(from_row + i * ldc, row, n * sizeof *row);
        chains(&asked, 1, from_row, expected);
        blas_sgemm_packed(m, n, k, a, lda, packed, row, 0, c, ldc);
        wrong = differing(size, expected, c, ours);
        CHECK(wrong == 0, "packed %c %dx%dx%d from a row: %d elements", "NT"[tb], m, n, k, wrong);
        free(row);
        free(from_row);
        free(packed);
    }
    free(expected);
    free(a);
    free(b);
    free(c);
    free(start);
}

// All dense, from one row of biases.
static void check_affine(int m, int n, int k) {
    struct rng rng = rng_make(m, n, "affine");
    float *x = random_floats(&rng, m * k), *w = random_floats(&rng, n * k), *bias = random_floats(&rng, n), *y = random_floats(&rng, m * n);
    float *start = malloc((size_t)m * n * sizeof *start + 1);
    for (int i = 0; i < m; i++)
        memcpy(start + i * n, bias, n * sizeof *start);
    blas_affine(m, n, k, x, w, bias, y, (size_t)n);
    const struct asked asked = {PLAIN, TRANSPOSED, m, n, k, x, w, k, k, n};
    float *expected = malloc((size_t)m * n * sizeof *expected + 1);
    chains(&asked, 1, start, expected);
    int wrong = differing((size_t)m * n, expected, y, kernels()->blis_from ? 1e-6 * (k + 4) : 0);
    CHECK(wrong == 0, "affine %dx%dx%d: %d elements", m, n, k, wrong);
    free(x);
    free(w);
    free(bias);
    free(y);
    free(start);
    free(expected);
}

static void *in_thread(void *result) {
    enum { N = 70 };
    struct rng rng = rng_make(5, 5, "blas");
    float *x = random_floats(&rng, N * N);
    for (int i = 0; i < 50; i++)
        blas_sgemm(PLAIN, TRANSPOSED, N, N, N, x, N, x, N, 0, result, N);
    free(x);
    return NULL;
}

static void check_threads(void) {
    static float results[4][70 * 70];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, in_thread, results[i]) == 0, "thread %d", i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < 4; i++)
        CHECK(memcmp(results[0], results[i], sizeof results[0]) == 0, "thread %d differs", i);
}

int main(void) {
    static const int shapes[][3] = {{0, 3, 2},      {3, 0, 2},       {3, 2, 0},      {200, 70, 0},    {1, 1, 1},      {1, 128, 32},
                                    {3, 17, 5},     {8, 31, 33},     {32, 128, 32},  {65, 33, 64},    {191, 50, 200}, {192, 41, 200},
                                    {193, 50, 257}, {225, 257, 128}, {60, 300, 300}, {449, 260, 513}, {3, 1100, 260}, {250, 1057, 130}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check_affine(shapes[i][0], shapes[i][1], shapes[i][2]);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int variant = 0; variant < 8; variant++)
            check_case(variant & 1 ? TRANSPOSED : PLAIN, variant & 2 ? TRANSPOSED : PLAIN, shapes[i][0], shapes[i][1], shapes[i][2],
                       variant & 4 ? 1 : 0);
    check_threads();
    return check_report("math/blas");
}
