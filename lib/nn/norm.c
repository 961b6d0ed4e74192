#include "nn/norm.h"

#include "math/kernels.h"

#include <math.h>

static const double epsilon = 1e-5;

// Several sums at a time: one alone waits for each addition.
static float sum(const float *x, int n) {
    enum { PARTS = 8 };
    float parts[PARTS] = {0}, total = 0;
    int c = 0;
    for (; c + PARTS <= n; c += PARTS)
        for (int k = 0; k < PARTS; k++)
            parts[k] += x[c + k];
    for (int k = 0; k < PARTS; k++)
        total += parts[k];
    for (; c < n; c++)
        total += x[c];
    return total;
}

void norm_forward(float *y, float *x, float *inverse, const float *gain, const float *bias, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
        float *n = x + (size_t)r * (size_t)cols, mean = sum(n, cols) / (float)cols;
        for (int c = 0; c < cols; c++)
            n[c] -= mean;
        inverse[r] = (float)(1 / sqrt(kernels()->sum_squares(n, (size_t)cols) / cols + epsilon));
        kernels()->scale(n, inverse[r], (size_t)cols);
    }
    norm_scale(y, x, gain, bias, rows, cols);
}

void norm_scale(float *y, const float *n, const float *gain, const float *bias, int rows, int cols) {
    for (int r = 0; r < rows; r++, y += cols, n += cols)
        for (int c = 0; c < cols; c++)
            y[c] = gain[c] * n[c] + bias[c];
}

// With dn = gain * dy: dx = inverse * (dn - mean(dn) - n * mean(dn * n))
void norm_backward(float *dy, float *dgain, float *dbias, const float *n, const float *inverse, const float *gain, int rows, int cols) {
    if (dbias)
        kernels()->sum_rows(dbias, dy, (size_t)cols, rows, cols);
    for (int r = 0; r < rows; r++, dy += cols, n += cols) {
        for (int c = 0; dgain && c < cols; c++)
            dgain[c] += dy[c] * n[c];
        for (int c = 0; c < cols; c++)
            dy[c] *= gain[c];
        float mean = sum(dy, cols) / (float)cols, slope = kernels()->dot(dy, n, (size_t)cols) / (float)cols;
        for (int c = 0; c < cols; c++)
            dy[c] = inverse[r] * (dy[c] - mean - n[c] * slope);
    }
}
