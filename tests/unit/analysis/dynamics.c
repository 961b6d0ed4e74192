// Linear systems that are found again in what they did, and how alike they are called.
#include "analysis/dynamics.h"

#include "../check.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { D = 3, M = 2, COUNT = 30, LENGTH = 12, N = COUNT * LENGTH };

static const double A[D * D] = {0.9, 0.1, 0, -0.2, 0.5, 0, 0, 0, -0.3}, B[D * M] = {1, 0, 0, 1, 0.5, 0.5};
static const double OTHER[D * D] = {-0.4, 0, 0.3, 0, 0.8, 0.3, 0.2, 0, 0.1};

static double inputs[N * M];
static int lengths[COUNT];

// What a system does, from 0 on; as it is seen: turned about the last axis by an angle, and scaled.
static void follow(double *states, const double *a, double angle, double scale) {
    const double c = cos(angle), s = sin(angle);
    int row = 0;
    for (int k = 0; k < COUNT; k++) {
        double x[D] = {0}, next[D];
        for (int t = 0; t <= LENGTH; t++, row++) {
            states[row * D + 0] = scale * (c * x[0] - s * x[1]);
            states[row * D + 1] = scale * (s * x[0] + c * x[1]);
            states[row * D + 2] = scale * x[2];
            for (int i = 0; t < LENGTH && i < D; i++) {
                next[i] = 0;
                for (int j = 0; j < D; j++)
                    next[i] += a[i * D + j] * x[j];
                for (int j = 0; j < M; j++)
                    next[i] += B[i * M + j] * inputs[(k * LENGTH + t) * M + j];
            }
            memcpy(x, next, sizeof x);
        }
    }
}

static struct linear_system fitted(const double *a, double angle, double scale, int rank) {
    static double states[(N + COUNT) * D];
    struct linear_system s;
    follow(states, a, angle, scale);
    linear_system_fit(&s, &(struct course){states, lengths, COUNT, D}, inputs, M, rank);
    return s;
}

static double power_trace(const double *a, int n, int power) {
    double x[D * D], y[D * D], trace = 0;
    memcpy(x, a, (size_t)(n * n) * sizeof *x);
    for (int k = 1; k < power; k++) {
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                y[i * n + j] = 0;
                for (int l = 0; l < n; l++)
                    y[i * n + j] += x[i * n + l] * a[l * n + j];
            }
        memcpy(x, y, sizeof x);
    }
    for (int i = 0; i < n; i++)
        trace += x[i * n + i];
    return trace;
}

// In principal coordinates A is another matrix of the same eigenvalues, hence of the same traces of powers; everything is told by it.
static void test_fit(void) {
    struct linear_system s = fitted(A, 0, 1, D);
    CHECK(s.rank == D && s.inputs == M);
    CHECK_CLOSE(s.told, 1, 1e-6);
    for (int power = 1; power <= D; power++)
        CHECK_CLOSE(power_trace(s.a, D, power), power_trace(A, D, power), 1e-5);
    linear_system_free(&s);
    s = fitted(A, 0, 1, 2); // two of the three coordinates do not tell all
    CHECK(s.rank == 2 && s.told > 0.5 && s.told < 0.999);
    linear_system_free(&s);
    s = fitted(A, 0, 1, 50);
    CHECK(s.rank == D);
    linear_system_free(&s);
    s = fitted(A, 0, 0, D); // nothing moves
    CHECK(s.rank == 0 && isnan(s.told));
    linear_system_free(&s);
}

static void test_distance(void) {
    struct linear_system x = fitted(A, 0, 1, D), turned = fitted(A, 0.7, 3, D), other = fitted(OTHER, 0, 1, D);
    struct dynamics same = dynamics_distance(&x, &x), alike = dynamics_distance(&x, &turned), apart = dynamics_distance(&x, &other),
                    back = dynamics_distance(&other, &x);
    CHECK(same.rank == D && same.all < 1e-6 && same.state < 1e-6 && same.input < 1e-6);
    CHECK(alike.all < 1e-5 && alike.state < 1e-5 && alike.input < 1e-5);
    CHECK(apart.all > 0.3 && apart.state > 0.3 && apart.all <= acos(-1));
    CHECK_CLOSE(apart.all, back.all, 1e-9);
    CHECK_CLOSE(apart.state, back.state, 1e-9);
    CHECK_CLOSE(apart.input, back.input, 1e-9);
    CHECK_CLOSE(apart.told, 1, 1e-6);

    // One coordinate, one input: angles are 0 or pi, by signs; C makes up for b's.
    double a1 = 0.5, a2 = -0.5, b1 = 1, b2 = -2;
    struct linear_system plus = {1, 1, &a1, &b1, 1}, minus = {1, 1, &a1, &b2, 1}, flipping = {1, 1, &a2, &b1, 1};
    CHECK(dynamics_distance(&plus, &minus).all < 1e-7 && dynamics_distance(&plus, &minus).input < 1e-7);
    CHECK_CLOSE(dynamics_distance(&plus, &flipping).state, acos(-1), 1e-7);
    linear_system_free(&x);
    linear_system_free(&turned);
    linear_system_free(&other);
}

// After the first step all states are one. Its mean is rounded, and no direction is to be told from what that leaves.
static void test_standing(void) {
    for (int length = 3; length <= 40; length++) {
        double states[41 * D] = {0};
        for (int t = 1; t <= length; t++)
            memcpy(states + t * D, (double[]){0.3, -0.7, 0.11}, D * sizeof *states);
        struct linear_system s;
        linear_system_fit(&s, &(struct course){states, &length, 1, D}, inputs, M, D);
        struct linear_system moving = fitted(A, 0, 1, s.rank);
        struct dynamics alone = dynamics_distance(&s, &s), other = dynamics_distance(&moving, &s);
        CHECK(s.rank == 1 && isnan(s.told) && s.a[0] == 0 && s.b[0] == 0 && s.b[1] == 0, "%d: %g %g", length, s.told, s.a[0]);
        CHECK(isnan(alone.all) && isnan(alone.state) && isnan(alone.input) && isnan(alone.told), "%d: %g", length, alone.all);
        CHECK(isnan(other.all) && isnan(other.state) && isnan(other.input) && isnan(other.told), "%d: %g", length, other.told);
        linear_system_free(&s);
        linear_system_free(&moving);
    }
}

// The states before a step have no say in those after it: there is no angle of what they do.
static void test_forgetful(void) {
    static const double none[D * D];
    struct linear_system s = fitted(none, 0, 1, D);
    struct dynamics d = dynamics_distance(&s, &s);
    CHECK(isnan(d.state) && d.input < 1e-6 && d.all < 1e-6 && d.told > 0.999, "%g %g", d.state, d.told);
    linear_system_free(&s);
}

int main(void) {
    struct rng rng = rng_make(4, 0, "inputs");
    for (int i = 0; i < N * M; i++)
        inputs[i] = (double)rng_normal(&rng);
    for (int i = 0; i < COUNT; i++)
        lengths[i] = LENGTH;
    test_fit();
    test_distance();
    test_standing();
    test_forgetful();
    return check_report("analysis/dynamics");
}
