// Products in bfloat16 against sums in double of the same rounded elements, for all kinds of operands and sizes around the tiles' edges;
// and that those who don't ask for them, or ask for small ones, get float32; as do all where the CPU has none.
#include "math/blas.h"

#include <stdlib.h>
#include <string.h>

#include "../check.h"
#include "base/memory.h"
#include "base/rng.h"

// To nearest, ties to even, as the CPU is said to.
static float rounded(float x) {
    unsigned bits;
    memcpy(&bits, &x, sizeof bits);
    bits += 0x7fff + ((bits >> 16) & 1);
    bits &= 0xffff0000u;
    memcpy(&x, &bits, sizeof bits);
    return x;
}

static float *random_floats(struct rng *rng, size_t n) {
    float *x = memory_alloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_uniform(rng, -1, 1);
    return x;
}

struct operand {
    enum transpose t;
    float *data;
    size_t ld;
};

static float element(const struct operand *x, size_t row, size_t col) {
    return x->t == PLAIN ? x->data[row * x->ld + col] : x->data[col * x->ld + row];
}

static struct operand random_operand(struct rng *rng, enum transpose t, int rows, int cols) {
    const size_t ld = (size_t)(t == PLAIN ? cols : rows) + 3;
    return (struct operand){t, random_floats(rng, (size_t)(t == PLAIN ? rows : cols) * ld), ld};
}

// The largest distance of C from the sums; those between rows have to be as they were.
static double distance(const struct operand *a, const struct operand *b, int m, int n, int k, const float *start, size_t lds,
                       const float *c, size_t ldc, const float *before) {
    double worst = 0;
    for (int i = 0; i < m; i++)
        for (size_t j = 0; j < ldc; j++) {
            const size_t at = (size_t)i * ldc + j;
            double sum = before[at];
            if (j < (size_t)n) {
                sum = start ? start[(size_t)i * lds + j] : 0;
                for (int l = 0; l < k; l++)
                    sum += (double)rounded(element(a, i, l)) * rounded(element(b, l, j));
            }
            worst = fmax(worst, fabs(sum - c[at]));
        }
    return worst;
}

static void check_case(enum transpose ta, enum transpose tb, int m, int n, int k) {
    struct rng rng = rng_make(m, n, "bf16");
    const size_t ldc = (size_t)n + 5;
    struct operand a = random_operand(&rng, ta, m, k), b = random_operand(&rng, tb, k, n);
    float *c = random_floats(&rng, (size_t)m * ldc), *before = memory_alloc((size_t)m * ldc * sizeof *c);
    memcpy(before, c, (size_t)m * ldc * sizeof *c);
    const double tolerance = 4e-7 * sqrt(k) + 1e-6;

    blas_sgemm(ta, tb, m, n, k, a.data, a.ld, b.data, b.ld, 1, c, ldc);
    CHECK(distance(&a, &b, m, n, k, before, ldc, c, ldc, before) < tolerance);
    blas_sgemm(ta, tb, m, n, k, a.data, a.ld, b.data, b.ld, 0, c, ldc);
    CHECK(distance(&a, &b, m, n, k, NULL, 0, c, ldc, before) < tolerance);

    if (ta == PLAIN && k * n >= 4096) { // with a row of biases; large enough for any number of rows
        float *packed = memory_alloc(blas_packed_size(k, n) * sizeof *packed), *bias = random_floats(&rng, (size_t)n);
        blas_pack(tb, k, n, b.data, b.ld, packed);
        blas_sgemm_packed(m, n, k, a.data, a.ld, packed, bias, 0, c, ldc);
        CHECK(distance(&a, &b, m, n, k, bias, 0, c, ldc, before) < tolerance);
        free(packed);
        free(bias);
    }
    free(a.data);
    free(b.data);
    free(c);
    free(before);
}

// float32 before, float32 after; and bfloat16, which differs, between.
static void check_switch(void) {
    enum { N = 64 };
    struct rng rng = rng_make(1, 2, "bf16");
    float *a = random_floats(&rng, N * N), *b = random_floats(&rng, N * N), *c[3];
    for (int i = 0; i < 3; i++) {
        c[i] = memory_alloc(N * N * sizeof(float));
        blas_set_precision(i == 1 ? PRECISION_BF16 : PRECISION_FLOAT32);
        blas_sgemm(PLAIN, PLAIN, N, N, N, a, N, b, N, 0, c[i], N);
    }
    CHECK(memcmp(c[0], c[2], N * N * sizeof(float)) == 0);
    CHECK((memcmp(c[0], c[1], N * N * sizeof(float)) != 0) == blas_has_bf16());
    blas_set_precision(PRECISION_BF16); // small products are not worth it
    blas_sgemm(PLAIN, PLAIN, 8, 8, 8, a, N, b, N, 0, c[1], N);
    blas_set_precision(PRECISION_FLOAT32);
    blas_sgemm(PLAIN, PLAIN, 8, 8, 8, a, N, b, N, 0, c[0], N);
    for (int i = 0; i < 8; i++)
        CHECK(memcmp(c[0] + (size_t)i * N, c[1] + (size_t)i * N, 8 * sizeof(float)) == 0);
    for (int i = 0; i < 3; i++)
        free(c[i]);
    free(a);
    free(b);
}

int main(void) {
    check_switch();
    if (!blas_has_bf16())
        return check_report("math/bf16");
    blas_set_precision(PRECISION_BF16);
    static const int sizes[][3] = {{64, 64, 64}, {61, 47, 65}, {1, 1024, 256}, {17, 250, 100}, {33, 16, 512}, {700, 31, 17}, {32, 33, 300}};
    for (int t = 0; t < 4; t++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            check_case(t & 1 ? TRANSPOSED : PLAIN, t & 2 ? TRANSPOSED : PLAIN, sizes[i][0], sizes[i][1], sizes[i][2]);
    blas_set_precision(PRECISION_FLOAT32);
    return check_report("math/bf16");
}
