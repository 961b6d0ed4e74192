// Orthogonal Procrustes problems whose answer is known, also where a part of it is anybody's; Cholesky's decomposition.
#include "math/cholesky.h"
#include "math/procrustes.h"

#include "../check.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { MAX = 12 };

static void random_matrix(double *x, int rows, int cols, struct rng *rng) {
    for (int i = 0; i < rows * cols; i++)
        x[i] = (double)rng_normal(rng);
}

// out [n,m] = a b, a [n,k], b [k,m]; with `transposed` b' of b [m,k].
static void multiply(double *out, const double *a, const double *b, int n, int k, int m, bool transposed) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            out[i * m + j] = 0;
            for (int l = 0; l < k; l++)
                out[i * m + j] += a[i * k + l] * (transposed ? b[j * k + l] : b[l * m + j]);
        }
}

// A product of reflections.
static void random_orthogonal(double *q, int n, struct rng *rng) {
    for (int i = 0; i < n * n; i++)
        q[i] = i % (n + 1) == 0;
    for (int round = 0; round < 3; round++) {
        double u[MAX], square = 0;
        random_matrix(u, 1, n, rng);
        for (int i = 0; i < n; i++)
            square += u[i] * u[i];
        for (int j = 0; j < n; j++) {
            double inner = 0;
            for (int i = 0; i < n; i++)
                inner += u[i] * q[i * n + j];
            for (int i = 0; i < n; i++)
                q[i * n + j] -= 2 * inner / square * u[i];
        }
    }
}

static double worst(const double *x, const double *y, int n) {
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, fabs(x[i] - y[i]));
    return most;
}

static void check_orthogonal(const double *c, int n) {
    double square[MAX * MAX];
    multiply(square, c, c, n, n, n, true);
    for (int i = 0; i < n * n; i++)
        CHECK_CLOSE(square[i], i % (n + 1) == 0, 1e-12);
}

// X = Q Y has Q as its answer, where Y tells all directions.
static void test_known(int n, uint64_t seed) {
    double q[MAX * MAX], x[MAX * 20], y[MAX * 20], m[MAX * MAX], c[MAX * MAX];
    struct rng rng = rng_make(seed, 0, "procrustes");
    random_orthogonal(q, n, &rng);
    random_matrix(y, n, 20, &rng);
    multiply(x, q, y, n, n, 20, false);
    multiply(m, x, y, n, 20, n, true);
    procrustes(c, m, n);
    CHECK(worst(c, q, n * n) < 1e-12);
    check_orthogonal(c, n);
}

// Y has two directions only: C turns these as Q does, and for X = Y nothing is turned.
static void test_few_directions(void) {
    enum { N = 6 };
    double q[N * N], x[N * 2], y[N * 2], m[N * N], c[N * N], again[N * 2], none[N * N] = {0};
    struct rng rng = rng_make(5, 0, "procrustes");
    random_orthogonal(q, N, &rng);
    random_matrix(y, N, 2, &rng);
    multiply(x, q, y, N, N, 2, false);
    multiply(m, x, y, N, 2, N, true);
    procrustes(c, m, N);
    check_orthogonal(c, N);
    multiply(again, c, y, N, N, 2, false);
    CHECK(worst(again, x, N * 2) < 1e-12);

    multiply(m, y, y, N, 2, N, true);
    procrustes(c, m, N);
    for (int i = 0; i < N * N; i++)
        CHECK_CLOSE(c[i], i % (N + 1) == 0, 1e-9);
    procrustes(c, none, N);
    for (int i = 0; i < N * N; i++)
        CHECK(c[i] == (i % (N + 1) == 0));
}

// Nothing orthogonal has a greater product with m.
static void test_greatest(void) {
    enum { N = 5 };
    double m[N * N], c[N * N], other[N * N], best = 0;
    struct rng rng = rng_make(6, 0, "procrustes");
    random_matrix(m, N, N, &rng);
    procrustes(c, m, N);
    check_orthogonal(c, N);
    for (int i = 0; i < N * N; i++)
        best += c[i] * m[i];
    for (int k = 0; k < 1000; k++) {
        double product = 0;
        random_orthogonal(other, N, &rng);
        for (int i = 0; i < N * N; i++)
            product += other[i] * m[i];
        CHECK(product < best);
    }
}

static void test_cholesky(void) {
    enum { N = 8 };
    double a[N * N], m[N * N], x[N], b[N];
    struct rng rng = rng_make(7, 0, "cholesky");
    random_matrix(a, N, N, &rng);
    random_matrix(x, 1, N, &rng);
    multiply(m, a, a, N, N, N, true);
    multiply(b, m, x, N, N, 1, false);
    CHECK(cholesky(m, N));
    cholesky_solve(m, b, N);
    CHECK(worst(b, x, N) < 1e-9);
    double indefinite[] = {1, 2, 2, 1}, nothing[] = {NAN};
    CHECK(!cholesky(indefinite, 2));
    CHECK(!cholesky(nothing, 1));
}

int main(void) {
    for (int n = 1; n <= MAX; n++)
        test_known(n, (uint64_t)n);
    test_few_directions();
    test_greatest();
    test_cholesky();
    return check_report("math/procrustes");
}
