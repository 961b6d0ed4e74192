// Likeness of states where there is little or nothing to compare.
#include "analysis/compare.h"

#include "../check.h"
#include "base/rng.h"

#include <math.h>

enum { N = 27, P = 2, Q = 3 };

// Of x [n,2] and y [n,3] by what fills each.
static void cka(int n, double (*x)(int, int), double (*y)(int, int), double *plain, double *debiased) {
    double a[N * P], b[N * Q];
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < P; j++)
            a[i * P + j] = x(i, j);
        for (int j = 0; j < Q; j++)
            b[i * Q + j] = y(i, j);
    }
    compare_cka(a, P, b, Q, n, plain, debiased);
}

// Means of these are rounded.
static double constant(int i, int j) {
    return i < 0 ? 0 : (double[]){0.1, -0.7, 0.29}[j];
}

static double first_differs(int i, int j) {
    return constant(i, j) + (i == 0);
}

static double varying(int i, int j) {
    struct rng rng = rng_make(3, (uint64_t)(i * 8 + j), "states");
    return (double)rng_normal(&rng);
}

static double hardly(int i, int j) { // what a float still tells apart
    return 0.5 + 6e-8 * (i % 3) * (j + 1);
}

static double hardly_more(int i, int j) {
    return 1 + 10 * hardly(i, j);
}

static void test_constant(void) {
    for (int n = 3; n <= N; n++) {
        double plain, debiased;
        cka(n, constant, constant, &plain, &debiased);
        CHECK(isnan(plain) && isnan(debiased), "%d: %g %g", n, plain, debiased);
        cka(n, varying, constant, &plain, &debiased);
        CHECK(isnan(plain) && isnan(debiased), "%d: %g %g", n, plain, debiased);
        cka(n, constant, varying, &plain, &debiased);
        CHECK(isnan(plain) && isnan(debiased), "%d: %g %g", n, plain, debiased);
    }
}

// Without the bias nothing is left of what one row does alone.
static void test_one_differs(void) {
    for (int n = 4; n <= N; n++) {
        double plain, debiased;
        cka(n, first_differs, first_differs, &plain, &debiased);
        CHECK_CLOSE(plain, 1, 1e-12);
        CHECK(isnan(debiased), "%d: %g", n, debiased);
    }
}

static void test_little(void) {
    double plain, debiased;
    cka(N, hardly, hardly_more, &plain, &debiased);
    CHECK_CLOSE(plain, 1, 1e-6);
    CHECK_CLOSE(debiased, 1, 1e-6);
    cka(N, varying, varying, &plain, &debiased);
    CHECK(plain > 0.3 && plain < 1 && debiased < plain, "%g %g", plain, debiased);
}

int main(void) {
    test_constant();
    test_one_differs();
    test_little();
    return check_report("analysis/compare");
}
