#include "nn/norm.h"

#include "base/rng.h"

#include "../check.h"

#include <string.h>

enum { MAX = 4096 };
static float x[MAX], n[MAX], y[MAX], again[MAX], dy[MAX], dx[MAX], gain[MAX], bias[MAX], inverse[MAX], dgain[MAX], dbias[MAX];

static void fill(float *v, int count, float mean, uint64_t seed) {
    struct rng rng = rng_make(seed, 0, "test");
    for (int i = 0; i < count; i++)
        v[i] = mean + rng_normal(&rng);
}

// The naive twin, in double: y and, with its gradients, dx, dgain, dbias of one row.
static void check_row(int r, int C, double *dgain_sum, double *dbias_sum) {
    const float *row = x + r * C;
    double mean = 0, variance = 0, mean_dn = 0, mean_dnn = 0, hat[MAX];
    for (int c = 0; c < C; c++)
        mean += (double)row[c] / C;
    for (int c = 0; c < C; c++)
        variance += (row[c] - mean) * (row[c] - mean) / C;
    double scale = 1 / sqrt(variance + 1e-5);
    for (int c = 0; c < C; c++) {
        hat[c] = (row[c] - mean) * scale;
        CHECK_CLOSE(y[r * C + c], gain[c] * hat[c] + bias[c], 1e-5);
        mean_dn += (double)dy[r * C + c] * gain[c] / C;
        mean_dnn += dy[r * C + c] * gain[c] * hat[c] / C;
        dgain_sum[c] += dy[r * C + c] * hat[c];
        dbias_sum[c] += dy[r * C + c];
    }
    for (int c = 0; c < C; c++)
        CHECK_CLOSE(dx[r * C + c], scale * (dy[r * C + c] * gain[c] - mean_dn - hat[c] * mean_dnn), 1e-5 * (1 + scale));
}

static void test_against_naive(int R, int C, float mean) {
    double dgain_sum[MAX] = {0}, dbias_sum[MAX] = {0};
    fill(x, R * C, mean, 1);
    fill(dy, R * C, 0, 2);
    fill(gain, C, 1, 3);
    fill(bias, C, 0, 4);
    memcpy(n, x, sizeof n);
    memcpy(dx, dy, sizeof dx);
    for (int c = 0; c < C; c++)
        dgain[c] = dbias[c] = 7; // accumulated, not overwritten
    norm_forward(y, n, inverse, gain, bias, R, C);
    norm_scale(again, n, gain, bias, R, C);
    CHECK(memcmp(y, again, (size_t)(R * C) * sizeof *y) == 0);
    norm_backward(dx, dgain, dbias, n, inverse, gain, R, C);
    for (int r = 0; r < R; r++)
        check_row(r, C, dgain_sum, dbias_sum);
    for (int c = 0; c < C; c++) {
        CHECK_CLOSE(dgain[c] - 7, dgain_sum[c], 1e-5 * (R + 10));
        CHECK_CLOSE(dbias[c] - 7, dbias_sum[c], 1e-5 * (R + 10));
    }
    memcpy(dx, dy, sizeof dx);
    norm_backward(dx, NULL, NULL, n, inverse, gain, R, C); // parameters that are constants
}

int main(void) {
    test_against_naive(1, 1, 0);
    test_against_naive(3, 5, 1);
    test_against_naive(17, 33, -2);
    test_against_naive(31, 128, 10);
    return check_report("nn/norm");
}
