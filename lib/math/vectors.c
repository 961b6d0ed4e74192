#include "math/vectors.h"

#include <math.h>
#include <stdlib.h>

double vectors_dot(const float *x, const float *y, size_t n) {
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            sum[k] += (double)x[i + k] * (double)y[i + k];
    for (; i < n; i++)
        sum[0] += (double)x[i] * (double)y[i];
    return sum[0] + sum[1] + sum[2] + sum[3];
}

double vectors_norm(const float *x, size_t n) {
    return sqrt(vectors_dot(x, x, n));
}

double vectors_cosine(const float *x, const float *y, size_t n) {
    double norms = vectors_norm(x, n) * vectors_norm(y, n);
    return norms > 0 ? vectors_dot(x, y, n) / norms : 0;
}

double vectors_squared_distance(const float *x, const float *y, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)x[i] - (double)y[i];
        sum += d * d;
    }
    return sum;
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void vectors_sort(float *x, size_t n) {
    qsort(x, n, sizeof *x, by_value);
}
