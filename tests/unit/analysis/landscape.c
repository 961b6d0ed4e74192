// Curvature: of a quadratic, whose Hessian is known, and of an LSTM of three units, against its explicit Hessian by second differences in
// double precision.
#include "analysis/landscape.h"

#include "../check.h"
#include "families/language.h"
#include "families/train.h"

#include <stdlib.h>
#include <string.h>

enum { N = 40, H = 3, SYMBOLS = 4, LENGTH = 8, BATCH = 16, SEED = 5, SIZE = 4 * H * (SYMBOLS + H + 2) + SYMBOLS * (H + 1) };

// --- A quadratic: w' D w / 2 with a known diagonal ---

static double diagonal(size_t i) {
    return i == 7 ? 9 : (double)(i % 5) - 1;
}

static double quadratic(void *context, const float *w, float *g) {
    double sum = 0;
    (void)context;
    for (size_t i = 0; i < N; i++) {
        g[i] = (float)(diagonal(i) * (double)w[i]);
        sum += diagonal(i) * (double)w[i] * (double)w[i] / 2;
    }
    return sum;
}

static void test_quadratic(void) {
    const struct landscape l = {.size = N, .loss = quadratic};
    struct rng rng = rng_make(1, 0, "quadratic");
    float w[N], v[N], hv[N];
    double trace = 0, share[2];
    for (size_t i = 0; i < N; i++) {
        w[i] = rng_normal(&rng);
        v[i] = rng_normal(&rng);
        trace += diagonal(i);
    }
    landscape_hessian_times(&l, w, v, 1e-3, hv);
    for (size_t i = 0; i < N; i++)
        CHECK_CLOSE(hv[i], diagonal(i) * (double)v[i], 2e-2);
    CHECK_CLOSE(landscape_top_eigenvalue(&l, w, &rng), 9, 0.15);
    struct landscape_trace t = landscape_trace(&l, w, 20, &rng, share, (const size_t[]){0, 7, N}, 2);
    CHECK_CLOSE(t.trace, trace, 0.05); // of a diagonal Hessian every draw gives the trace
    CHECK_CLOSE(share[0], 4, 0.05);
    CHECK_CLOSE(share[0] + share[1], t.trace, 1e-6);
    CHECK(t.draws >= 10 && t.standard_error < 0.05);
}

// --- An LSTM in double ---

static uint8_t rows[BATCH][LENGTH];

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

static double row_loss(const double *w, const uint8_t *row) {
    const double *ih = w, *hh = ih + 4 * H * SYMBOLS, *bi = hh + 4 * H * H, *bh = bi + 4 * H, *out = bh + 4 * H, *bo = out + SYMBOLS * H;
    double h[H] = {0}, c[H] = {0}, sum = 0;
    for (int t = 0; t + 1 < LENGTH; t++) {
        double a[4 * H], logits[SYMBOLS], all = 0;
        for (int k = 0; k < 4 * H; k++) {
            a[k] = ih[k * SYMBOLS + row[t]] + bi[k] + bh[k];
            for (int j = 0; j < H; j++)
                a[k] += hh[k * H + j] * h[j];
        }
        for (int k = 0; k < H; k++) {
            c[k] = sigmoid(a[H + k]) * c[k] + sigmoid(a[k]) * tanh(a[2 * H + k]);
            h[k] = sigmoid(a[3 * H + k]) * tanh(c[k]);
        }
        for (int o = 0; o < SYMBOLS; o++) {
            logits[o] = bo[o];
            for (int k = 0; k < H; k++)
                logits[o] += out[o * H + k] * h[k];
            all += exp(logits[o]);
        }
        sum += log(all) - logits[row[t + 1]];
    }
    return sum;
}

static double exact_loss(const double *w) {
    double sum = 0;
    for (int b = 0; b < BATCH; b++)
        sum += row_loss(w, rows[b]) / (BATCH * (LENGTH - 1));
    return sum;
}

// d2 loss / dw_i dw_j by differences of step 1e-3: errors of 1e-6 of the loss' fourth derivatives.
static double second_difference(double *w, int i, int j) {
    const double e = 1e-3;
    double wi = w[i], wj = w[j], sum = 0;
    for (int si = -1; si <= 1; si += 2)
        for (int sj = -1; sj <= 1; sj += 2) {
            w[i] = wi;
            w[j] = wj;
            w[i] += si * e;
            w[j] += sj * e;
            sum += si * sj * exact_loss(w);
        }
    w[i] = wi;
    w[j] = wj;
    return sum / (4 * e * e);
}

static double explicit_top(const double *hessian) {
    double v[SIZE], value = 0;
    for (int i = 0; i < SIZE; i++)
        v[i] = sin(i + 1.0);
    for (int round = 0; round < 2000; round++) {
        double next[SIZE], length = 0;
        for (int i = 0; i < SIZE; i++) {
            next[i] = 0;
            for (int j = 0; j < SIZE; j++)
                next[i] += hessian[i * SIZE + j] * v[j];
            length += next[i] * next[i];
        }
        value = sqrt(length);
        for (int i = 0; i < SIZE; i++)
            v[i] = next[i] / value;
    }
    return value;
}

static double trainee_of_context(void *context, const float *w, float *g) {
    return trainee_loss(context, w, 1, g);
}

static void test_lstm(void) {
    static double hessian[SIZE * SIZE], w[SIZE];
    struct language language = {.tokens = 2, .length = LENGTH, .max_n = 3};
    struct train_recipe recipe = train_paper_recipe;
    recipe.batch = BATCH;
    recipe.hidden = H;
    recipe.layers = 1;
    recipe.steps = 300;
    struct trainee *t = trainee_of_language(&language, &recipe, SEED, 0);
    for (int i = 0; i < 200; i++)
        trainee_update(t);
    struct rng rng = rng_make(SEED, 0, "evaluation");
    for (int b = 0; b < BATCH; b++)
        language_sample_row(&language, &rng, rows[b]);
    CHECK(t->table.size == SIZE);
    for (int i = 0; i < SIZE; i++)
        w[i] = (double)t->weights[i];

    float g[SIZE], own[SIZE];
    memcpy(own, t->weights, sizeof own);
    double before = t->loss, trace = 0;
    CHECK_CLOSE(trainee_loss(t, own, 1, g), exact_loss(w), 1e-6);
    CHECK(t->loss == before && memcmp(own, t->weights, sizeof own) == 0);
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j <= i; j++)
            hessian[i * SIZE + j] = hessian[j * SIZE + i] = second_difference(w, i, j);
    for (int i = 0; i < SIZE; i++)
        trace += hessian[i * SIZE + i];

    const struct landscape l = {.size = SIZE, .loss = trainee_of_context, .context = t};
    double top = explicit_top(hessian);
    CHECK_CLOSE(landscape_top_eigenvalue(&l, own, &rng), top, 0.02 * top);
    struct landscape_trace estimate = landscape_trace(&l, own, 1000, &rng, NULL, NULL, 0);
    CHECK(fabs(estimate.trace - trace) < 4 * estimate.standard_error + 0.02 * trace, "%g against %g", estimate.trace, trace);
    CHECK(estimate.standard_error < 0.3 * trace);
    trainee_free(t);
}

int main(void) {
    test_quadratic();
    test_lstm();
    return check_report("analysis/landscape");
}
