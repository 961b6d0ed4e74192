// Changes of weights: how much of what they leave.
#include "rnn/perturb.h"

#include "../check.h"

#include <string.h>

enum { N = 64, SIZE = N * N + N };
static struct params table;
static float x[SIZE], y[SIZE];

static int distinct(const float *v, int n) {
    int count = 0;
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (k < i && v[k] != v[i])
            k++;
        count += k == i;
    }
    return count;
}

int main(void) {
    struct rng rng = rng_make(1, 0, "perturb");
    params_add(&table, INIT_NORMAL, 2, 2, (int[]){N, N}, "matrix");
    params_add(&table, INIT_NORMAL, 1, 1, (int[]){N}, "vector");
    params_init(&table, x, &rng);

    memcpy(y, x, sizeof x);
    perturb_noise(y, &table, 0.1, &rng);
    double square = 0;
    for (int i = 0; i < N * N; i++)
        square += (double)(y[i] - x[i]) * (double)(y[i] - x[i]) / (N * N);
    CHECK_CLOSE(sqrt(square), 0.2, 0.02);

    memcpy(y, x, sizeof x);
    perturb_quantise(y, &table, 4);
    CHECK(distinct(y, N * N) <= 15 && distinct(y, N * N) > 8, "%d", distinct(y, N * N));
    float largest = 0, error = 0;
    for (int i = 0; i < N * N; i++) {
        largest = fmaxf(largest, fabsf(x[i]));
        error = fmaxf(error, fabsf(x[i] - y[i]));
    }
    CHECK(error <= largest / 14 * 1.001f);

    memcpy(y, x, sizeof x);
    perturb_prune(y, &table, 0.25);
    int zeros = 0;
    for (int i = 0; i < N * N; i++) {
        zeros += y[i] == 0;
        CHECK(y[i] == 0 || y[i] == x[i]);
    }
    CHECK(zeros == N * N / 4 && memcmp(y + N * N, x + N * N, N * sizeof *x) == 0);
    perturb_quantise(y, &table, 2); // -1, 0 and 1 times the largest: all that is not zero is as large as the limit
    perturb_prune(y, &table, 0.97);
    for (int i = zeros = 0; i < N * N; i++)
        zeros += y[i] == 0;
    CHECK(zeros == (int)(0.97 * (N * N)), "%d", zeros);
    perturb_prune(y, &table, 1);
    CHECK(distinct(y, N * N) == 1 && y[0] == 0);

    memset(y, 0, sizeof y);
    perturb_merge(y, x, SIZE, 0.75);
    for (int i = 0; i < SIZE; i++)
        CHECK(y[i] == (float)(0.25 * (double)x[i]));
    params_free(&table);
    return check_report("rnn/perturb");
}
