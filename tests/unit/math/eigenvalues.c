// Eigenvalues that are known: of companion matrices, of matrices that were made from them, of permutations and of defective ones.
#include "math/eigenvalues.h"

#include "../check.h"
#include "base/rng.h"

#include <string.h>

enum { MAX = 80 };

static double re[MAX], im[MAX];

// a becomes Q a Q' for a product of random reflections Q.
static void turn(double *a, int n, struct rng *rng) {
    for (int round = 0; round < 3; round++) {
        double u[MAX], square = 0, inner;
        for (int i = 0; i < n; i++) {
            u[i] = (double)rng_normal(rng);
            square += u[i] * u[i];
        }
        for (int j = 0; j < n; j++) {
            inner = 0;
            for (int i = 0; i < n; i++)
                inner += u[i] * a[i * n + j];
            for (int i = 0; i < n; i++)
                a[i * n + j] -= 2 * inner / square * u[i];
        }
        for (int i = 0; i < n; i++) {
            inner = 0;
            for (int j = 0; j < n; j++)
                inner += a[i * n + j] * u[j];
            for (int j = 0; j < n; j++)
                a[i * n + j] -= 2 * inner / square * u[j];
        }
    }
}

// Blocks on the diagonal: real numbers, and pairs x +- iy; above them anything.
static void test_planted(int n, uint64_t seed) {
    static double a[MAX * MAX], expected[MAX];
    struct rng rng = rng_make(seed, (uint64_t)n, "eigenvalues");
    memset(a, 0, sizeof a);
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            a[i * n + j] = 0.3 * (double)rng_normal(&rng);
    for (int i = 0; i < n; i++) {
        double x = 2 * rng_double(&rng) - 1, y = 0.1 + rng_double(&rng);
        a[i * n + i] = x;
        expected[i] = fabs(x);
        if (i % 3 == 1 && i + 1 < n) {
            a[i * n + i + 1] = y;
            a[(i + 1) * n + i] = -y;
            a[(i + 1) * n + i + 1] = x;
            expected[i] = expected[i + 1] = hypot(x, y);
            i++;
        }
    }
    turn(a, n, &rng);
    CHECK(eigenvalues(a, n, re, im));
    for (int i = 0; i < n; i++) // the largest first
        for (int j = i + 1; j < n; j++)
            if (expected[j] > expected[i]) {
                double held = expected[i];
                expected[i] = expected[j];
                expected[j] = held;
            }
    for (int i = 0; i < n; i++)
        CHECK_CLOSE(hypot(re[i], im[i]), expected[i], 1e-7);
}

// Roots 1, 2, 3 and +-i of x^5 - 6x^4 + 12x^3 - 12x^2 + 11x - 6.
static void test_companion(void) {
    const double c[] = {-6, 11, -12, 12, -6};
    double a[25] = {0};
    for (int i = 0; i < 5; i++)
        a[i * 5 + 4] = -c[i];
    for (int i = 1; i < 5; i++)
        a[i * 5 + i - 1] = 1;
    CHECK(eigenvalues(a, 5, re, im));
    CHECK_CLOSE(re[0], 3, 1e-9);
    CHECK_CLOSE(re[1], 2, 1e-9);
    CHECK(im[0] == 0 && im[1] == 0);
    for (int i = 2; i < 5; i++) { // 1, i and -i, in any order
        CHECK_CLOSE(hypot(re[i], im[i]), 1, 1e-9);
        CHECK_CLOSE(re[i] * im[i], 0, 1e-9);
    }
    double sum = 0;
    for (int i = 0; i < 5; i++)
        sum += re[i];
    CHECK_CLOSE(sum, 6, 1e-9);
}

static void test_special(void) {
    double cycle[] = {0, 1, 0, 0, 0, 1, 1, 0, 0}; // the three roots of 1, where plain shifts go round in a circle
    CHECK(eigenvalues(cycle, 3, re, im));
    for (int i = 0; i < 3; i++)
        CHECK_CLOSE(hypot(re[i], im[i]), 1, 1e-12);
    CHECK_CLOSE(re[0] + re[1] + re[2], 0, 1e-12);
    double jordan[] = {2, 1, 0, 2};
    CHECK(eigenvalues(jordan, 2, re, im));
    CHECK_CLOSE(re[0], 2, 1e-7);
    CHECK_CLOSE(re[1], 2, 1e-7);
    double zero[16] = {0}, one[] = {-3}, bad[] = {1, NAN, 0, 1};
    CHECK(eigenvalues(zero, 4, re, im) && re[0] == 0 && im[3] == 0);
    CHECK(eigenvalues(one, 1, re, im) && re[0] == -3 && im[0] == 0);
    CHECK(!eigenvalues(bad, 2, re, im));
}

int main(void) {
    for (int n = 1; n <= MAX; n = n < 8 ? n + 1 : n * 2)
        test_planted(n, 3);
    test_planted(MAX, 4);
    test_companion();
    test_special();
    return check_report("math/eigenvalues");
}
