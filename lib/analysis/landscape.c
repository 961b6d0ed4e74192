#include "analysis/landscape.h"

#include "base/memory.h"
#include "math/kernels.h"
#include "math/vectors.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Steps of the differences, |e v| / |w|, at which the rounding of float gradients and third derivatives are both small; found by looking
// for the plateau on LSTMs of 0 to 20,000 training steps. Along an eigenvector, whose few large entries the network feels, it is at 3e-6 to
// 3e-5; along random signs at 1e-4 to 1e-3.
static const double STEP_ALONG_EIGENVECTOR = 1e-5, STEP_ALONG_SIGNS = 3e-4;

void landscape_hessian_times(const struct landscape *l, const float *w, const float *v, double step, float *hv) {
    size_t n = l->size;
    double length = vectors_norm(v, n), scale = vectors_norm(w, n);
    float e = length > 0 ? (float)(step * (scale > 0 ? scale : 1) / length) : 0, *at = memory_alloc(n * sizeof *at),
          *down = memory_alloc(n * sizeof *down);
    for (size_t i = 0; i < n; i++)
        at[i] = w[i] + e * v[i];
    l->loss(l->context, at, hv);
    for (size_t i = 0; i < n; i++)
        at[i] = w[i] - e * v[i];
    l->loss(l->context, at, down);
    for (size_t i = 0; i < n; i++)
        hv[i] = e > 0 ? (hv[i] - down[i]) / (2 * e) : 0;
    free(at);
    free(down);
}

double landscape_top_eigenvalue(const struct landscape *l, const float *w, struct rng *rng) {
    enum { MOST = 100 };
    size_t n = l->size;
    float *v = memory_alloc(n * sizeof *v), *hv = memory_alloc(n * sizeof *hv);
    double value = 0;
    for (size_t i = 0; i < n; i++)
        v[i] = rng_normal(rng);
    kernels()->scale(v, (float)(1 / vectors_norm(v, n)), n);
    for (int i = 0; i < MOST; i++) {
        landscape_hessian_times(l, w, v, STEP_ALONG_EIGENVECTOR, hv);
        double old = value, length = vectors_norm(hv, n);
        value = vectors_dot(v, hv, n);
        if (length == 0 || (i && fabs(value - old) / (fabs(old) + 1e-6) < 1e-3))
            break;
        memcpy(v, hv, n * sizeof *v);
        kernels()->scale(v, (float)(1 / length), n);
    }
    free(v);
    free(hv);
    return value;
}

static void draw_signs(float *v, size_t n, struct rng *rng) {
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++, bits >>= 1) {
        if (i % 64 == 0)
            bits = rng_u64(rng);
        v[i] = bits & 1 ? 1 : -1;
    }
}

struct landscape_trace landscape_trace(const struct landscape *l, const float *w, int most, struct rng *rng, double *share,
                                       const size_t *offset, int count) {
    enum { LEAST = 10 };
    size_t n = l->size;
    float *v = memory_alloc(n * sizeof *v), *hv = memory_alloc(n * sizeof *hv);
    double sum = 0, squares = 0, mean = 0;
    struct landscape_trace result = {0};
    for (int i = 0; share && i < count; i++)
        share[i] = 0;
    for (bool settled = false; result.draws < most && !settled;) {
        draw_signs(v, n, rng);
        landscape_hessian_times(l, w, v, STEP_ALONG_SIGNS, hv);
        double value = vectors_dot(v, hv, n), old = mean;
        result.draws++;
        sum += value;
        squares += value * value;
        mean = sum / result.draws;
        for (int i = 0; share && i < count; i++)
            share[i] += vectors_dot(v + offset[i], hv + offset[i], offset[i + 1] - offset[i]);
        settled = result.draws >= LEAST && fabs(mean - old) / (fabs(old) + 1e-6) < 1e-3;
    }
    for (int i = 0; share && i < count; i++)
        share[i] /= result.draws;
    double variance = result.draws > 1 ? (squares - sum * mean) / (result.draws - 1) : 0;
    result.trace = mean;
    result.standard_error = sqrt(fmax(variance, 0) / result.draws);
    free(v);
    free(hv);
    return result;
}
