// Alignment: planted permutations and signs come back, also under noise; the function stays; strangers do not become relatives.
#include "rnn/align.h"

#include "../check.h"
#include "base/memory.h"
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

int main(void) {
    for (int c = 0; cell_at(c); c++) {
        test_planted(cell_at(c)->name, 0, 64, 0.99999);
        if (cell_at(c)->symmetry == CELL_SIGNS) {
            test_planted(cell_at(c)->name, 0.3, 64, 0.93);
            test_planted(cell_at(c)->name, 1, 60, 0.65);
        }
    }
    test_planted("lstm", 2, 64, 0.4);
    test_strangers();
    test_bias_split();
    return check_report("rnn/align");
}
