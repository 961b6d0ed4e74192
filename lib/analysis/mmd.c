#include "analysis/mmd.h"

#include "base/memory.h"

#include <stdlib.h>

static double kernel(const int *a, const int *b, int length) {
    int tokens = 0, pairs = 0;
    for (int i = 0; i < length; i++) {
        tokens += a[i] == b[i];
        pairs += i && a[i] == b[i] && a[i - 1] == b[i - 1];
    }
    double neighbours = length > 1 ? (double)pairs / (length - 1) : 1;
    return ((double)tokens / length + neighbours + (tokens == length)) / 3;
}

// MMD^2 = mean_(i /= j) k(x_i, x_j) + mean_(i /= j) k(y_i, y_j) - 2 mean k(x_i, y_j), where the first m of `order` are x.
static double squared(const float *k, const int *order, int m, int n) {
    int N = m + n;
    double xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < N; i++) {
        const float *row = k + (size_t)order[i] * (size_t)N;
        double to_x = 0, to_y = 0;
        for (int j = 0; j < m; j++)
            to_x += (double)row[order[j]];
        for (int j = m; j < N; j++)
            to_y += (double)row[order[j]];
        if (i < m) {
            xx += to_x - (double)row[order[i]];
            xy += to_y;
        } else {
            yy += to_y - (double)row[order[i]];
        }
    }
    return xx / ((double)m * (m - 1)) + yy / ((double)n * (n - 1)) - 2 * xy / ((double)m * n);
}

struct mmd mmd_test(const int *x, int m, const int *y, int n, int length, int permutations, struct rng *rng) {
    size_t N = (size_t)(m + n), L = (size_t)length;
    float *k = memory_alloc(N * N * sizeof *k);
    int *order = memory_alloc(N * sizeof *order), above = 0;
    for (size_t i = 0; i < N; i++) {
        const int *a = i < (size_t)m ? x + i * L : y + (i - (size_t)m) * L;
        order[i] = (int)i;
        for (size_t j = 0; j <= i; j++)
            k[i * N + j] = k[j * N + i] = (float)kernel(a, j < (size_t)m ? x + j * L : y + (j - (size_t)m) * L, length);
    }
    struct mmd result = {.squared = squared(k, order, m, n)};
    for (int b = 0; b < permutations; b++) {
        rng_permutation(rng, order, (int)N);
        above += squared(k, order, m, n) >= result.squared - 1e-12; // equal ones but for rounding count
    }
    result.p = (1.0 + above) / (permutations + 1.0);
    free(k);
    free(order);
    return result;
}
