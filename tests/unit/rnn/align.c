// Alignment: planted permutations and signs come back, also under noise; the function stays; strangers do not become relatives, and come no
// farther.
#include "rnn/align.h"

#include "../check.h"
#include "base/memory.h"
#include "math/vectors.h"
#include "rnn/symmetry.h"

#include <stdlib.h>
#include <string.h>

enum { MAX = 20000, UNITS = 64 };

static double deviation(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum / (double)n);
}

// A copy hidden by a random symmetry and noise of so many deviations. right: how many of its units and signs are found again.
static void test_planted(const char *cell, double noise, int least_right, double least_cosine) {
    struct rnn_arch arch = {.cell = cell_find(cell), .input = 6, .hidden = 32, .layers = 2, .output = 6};
    struct params table = {0};
    static float a[MAX], hidden[MAX], aligned[MAX];
    int unit[UNITS], right = 0;
    float scale[UNITS];
    struct rng rng = rng_make(7, (uint64_t)(noise * 10), cell);
    rnn_params(&table, &arch);
    params_init(&table, a, &rng);
    symmetry_random(unit, scale, &arch, true, true, &rng);
    symmetry_apply(hidden, a, &arch, unit, scale);
    double size = deviation(a, table.size);
    for (size_t i = 0; i < table.size; i++)
        hidden[i] += (float)(noise * size) * rng_normal(&rng);

    struct alignment found = align(aligned, &arch, a, hidden);
    for (int l = 0; l < 2; l++)
        for (int k = 0; k < 32; k++) {
            int of = found.unit[l * 32 + k]; // unit `of` of the hidden one is unit[of] of a, times scale[of]
            right += unit[l * 32 + of] == k && fabsf(found.scale[l * 32 + k] * scale[l * 32 + of] - 1) < 0.01f;
        }
    CHECK(right >= least_right, "%s, noise %g: %d of 64", cell, noise, right);
    CHECK(found.cosine_after >= least_cosine, "%s, noise %g: cosine %g", cell, noise, found.cosine_after);
    CHECK(found.cosine_before < 0.2, "%s: %g", cell, found.cosine_before);
    if (noise == 0)
        for (size_t i = 0; i < table.size; i++)
            CHECK_CLOSE(aligned[i], a[i], 1e-5);
    alignment_free(&found);
    params_free(&table);
}

static void test_strangers(void) {
    struct rnn_arch arch = {.cell = cell_find("lstm"), .input = 6, .hidden = 32, .layers = 2, .output = 6};
    struct params table = {0};
    static float a[MAX], b[MAX], aligned[MAX];
    struct rng rng = rng_make(8, 0, "strangers");
    rnn_params(&table, &arch);
    params_init(&table, a, &rng);
    params_init(&table, b, &rng);
    struct alignment found = align(aligned, &arch, a, b);
    CHECK(found.cosine_after > 0.1 && found.cosine_after < 0.16, "%g", found.cosine_after);
    alignment_free(&found);
    params_free(&table);
}

// Moving mass between the biases hides nothing.
static void test_bias_split(void) {
    struct rnn_arch arch = {.cell = cell_find("lstm"), .input = 4, .hidden = 8, .layers = 1, .output = 3};
    struct params table = {0};
    static float a[MAX], b[MAX], aligned[MAX];
    struct rng rng = rng_make(9, 0, "split");
    rnn_params(&table, &arch);
    params_init(&table, a, &rng);
    memcpy(b, a, sizeof b);
    for (int i = 0; i < 32; i++) {
        b[table.list[2].offset + (size_t)i] += 0.5f;
        b[table.list[3].offset + (size_t)i] -= 0.5f;
    }
    struct alignment found = align(aligned, &arch, a, b);
    for (size_t i = 0; i < table.size; i++)
        CHECK_CLOSE(aligned[i], a[i], 1e-6);
    alignment_free(&found);
    params_free(&table);
}

// The squared distance of b, read by unit and scale, from a, biases merged.
static double distance(const struct rnn_arch *arch, const float *a, const float *b, const int *unit, const float *scale) {
    static float x[MAX], y[MAX];
    size_t n = rnn_size(arch);
    memcpy(x, a, n * sizeof *x);
    symmetry_apply(y, b, arch, unit, scale);
    symmetry_merge_biases(x, arch);
    symmetry_merge_biases(y, arch);
    return vectors_squared_distance(x, y, n);
}

// Strangers come no farther from each other, and what is reported is so. Of one and two units the signs and orders are the best of all.
static void test_never_farther(const char *cell, int hidden, int layers) {
    struct rnn_arch arch = {.cell = cell_find(cell), .input = 5, .hidden = hidden, .layers = layers, .output = 5};
    struct params table = {0};
    static float a[MAX], b[MAX], aligned[MAX];
    struct rng rng = rng_make(11, (uint64_t)(100 * hidden + layers), cell);
    rnn_params(&table, &arch);
    for (int trial = 0; trial < 40; trial++) {
        params_init(&table, a, &rng);
        params_init(&table, b, &rng);
        struct alignment found = align(aligned, &arch, a, b);
        double after = distance(&arch, a, b, found.unit, found.scale);
        CHECK(found.distance_after <= found.distance_before * (1 + 1e-6), "%s, %d: %g, %g", cell, hidden, found.distance_before,
              found.distance_after);
        CHECK_CLOSE(sqrt(after), found.distance_after, 1e-5);
        for (int k = 0; k < 8 && hidden <= 2 && layers == 1 && arch.cell->symmetry == CELL_SIGNS; k++) {
            int swap = k >> 2 & (hidden == 2), unit[] = {swap, !swap};
            float scale[] = {k & 1 ? -1 : 1, k & 2 ? -1 : 1};
            CHECK(after <= distance(&arch, a, b, unit, scale) + 1e-4, "%s, %d units, trial %d, %d", cell, hidden, trial, k);
        }
        alignment_free(&found);
    }
    params_free(&table);
}

// Of a ReLU RNN whose units are of all scales a noisy copy lies near already; a hidden one gets as near.
static void test_scales(void) {
    struct rnn_arch arch = {.cell = cell_find("rnn_relu"), .input = 5, .hidden = 12, .layers = 2, .output = 5};
    struct params table = {0};
    static float plain[MAX], a[MAX], noisy[MAX], hidden[MAX], aligned[MAX];
    int unit[24], same[24];
    float scale[24], other[24];
    struct rng rng = rng_make(12, 0, "scales");
    rnn_params(&table, &arch);
    params_init(&table, plain, &rng);
    for (int i = 0; i < 24; i++) {
        same[i] = i % 12;
        other[i] = exp2f(rng_uniform(&rng, -2, 2));
    }
    symmetry_apply(a, plain, &arch, same, other);
    double size = deviation(a, table.size);
    for (size_t i = 0; i < table.size; i++)
        noisy[i] = a[i] + (float)(0.2 * size) * rng_normal(&rng);
    symmetry_random(unit, scale, &arch, true, true, &rng);
    symmetry_apply(hidden, noisy, &arch, unit, scale);
    struct alignment near = align(aligned, &arch, a, noisy), far = align(aligned, &arch, a, hidden);
    CHECK(near.distance_after <= near.distance_before, "%g, %g", near.distance_before, near.distance_after);
    CHECK(far.distance_before > 3 * near.distance_before, "%g", far.distance_before);
    CHECK(far.distance_after <= 1.05 * near.distance_before, "%g, %g", near.distance_before, far.distance_after);
    alignment_free(&near);
    alignment_free(&far);
    params_free(&table);
}

int main(void) {
    for (int c = 0; cell_at(c); c++) {
        test_planted(cell_at(c)->name, 0, 64, 0.99999);
        if (cell_at(c)->symmetry == CELL_SIGNS) {
            test_planted(cell_at(c)->name, 0.3, 64, 0.93);
            test_planted(cell_at(c)->name, 1, 60, 0.65);
        }
    }
    test_planted("lstm", 2, 64, 0.4);
    for (int c = 0; cell_at(c); c++)
        for (int hidden = 1; hidden <= 8; hidden *= 2)
            for (int layers = 1; layers <= 2; layers++)
                test_never_farther(cell_at(c)->name, hidden, layers);
    test_scales();
    test_strangers();
    test_bias_split();
    return check_report("rnn/align");
}
