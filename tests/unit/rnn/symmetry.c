// A permuted RNN is another vector of weights, but the same function.
#include "rnn/interrogate.h"
#include "rnn/symmetry.h"

#include "../alike.h"
#include "../check.h"
#include "../golden/golden.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 7, PROBES = 2 };

static void fill(float *x, size_t n, float scale, uint64_t key) {
    struct rng rng = rng_make(3, key, "test");
    for (size_t i = 0; i < n; i++)
        x[i] = scale * rng_normal(&rng);
}

// The answers [STEPS * PROBES, O] to fixed inputs.
static float *answers_of(const struct rnn_arch *arch, const float *weights) {
    struct params table = {0};
    rnn_params(&table, arch);
    struct rnn room[1];
    struct rnn_batch batch = alike(room, arch, &table, 1, &weights, NULL);
    struct tape tape = {0};
    struct tensor *inputs = tape_tensor(&tape, STEPS * PROBES, arch->input, false);
    fill(inputs->value, tensor_size(inputs), 1, 1);
    struct tensor *answers = interrogation_sequence(&tape, &batch, inputs, PROBES);
    float *copy = malloc(tensor_size(answers) * sizeof *copy);
    memcpy(copy, answers->value, tensor_size(answers) * sizeof *copy);
    tape_free(&tape);
    params_free(&table);
    return copy;
}

static void check_is_permutation(const int *index, size_t n) {
    bool *seen = calloc(n, sizeof *seen), whole = true;
    for (size_t i = 0; i < n; i++) {
        bool inside = index[i] >= 0 && (size_t)index[i] < n;
        whole &= inside && !seen[index[i]];
        if (inside)
            seen[index[i]] = true;
    }
    CHECK(whole, "not every weight once");
    free(seen);
}

static void test_same_function(const struct rnn_arch *arch, uint64_t key) {
    size_t P = rnn_size(arch), n = (size_t)STEPS * PROBES * (size_t)arch->output;
    float *weights = malloc(P * sizeof *weights), *permuted = malloc(P * sizeof *permuted);
    int *index = malloc(P * sizeof *index);
    fill(weights, P, 0.5f, 2 + key);
    struct rng rng = rng_make(3, key, "permutations");
    symmetry_random_index(index, arch, &rng);
    check_is_permutation(index, P);
    size_t moved = 0;
    for (size_t i = 0; i < P; i++) {
        permuted[i] = weights[index[i]];
        moved += index[i] != (int)i;
    }
    CHECK(arch->hidden < 5 || moved > P / 2, "%zu of %zu moved", moved, P);
    float *before = answers_of(arch, weights), *after = answers_of(arch, permuted);
    double largest = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)before[i] - after[i]);
        largest = d > largest || isnan(d) ? d : largest;
        size = fmax(size, fabs((double)before[i]));
    }
    CHECK(largest <= 1e-5 * size, "%d x %d: %g of %g", arch->layers, arch->hidden, largest, size);
    free(weights);
    free(permuted);
    free(index);
    free(before);
    free(after);
}

// Only rows, or only columns, is another function: the test above can fail.
static void test_half_a_permutation(void) {
    const struct rnn_arch arch = {.cell = &cell_lstm, .input = 4, .hidden = 6, .layers = 1, .output = 3};
    size_t P = rnn_size(&arch), differ = 0;
    float weights[512], wrong[512];
    int index[512], order[6] = {1, 2, 3, 4, 5, 0}, *permutations[] = {order};
    CHECK(P <= 512);
    fill(weights, P, 0.5f, 0);
    symmetry_index(index, &arch, permutations);
    for (size_t i = 0; i < P; i++)
        wrong[i] = weights[i < P - 21 ? index[i] : (int)i]; // the read-out as it was
    float *before = answers_of(&arch, weights), *after = answers_of(&arch, wrong);
    for (int i = 0; i < STEPS * PROBES * arch.output; i++)
        differ += fabsf(before[i] - after[i]) > 1e-3f;
    CHECK(differ > 0);
    free(before);
    free(after);
}

static void test_streams(void) {
    const struct rnn_arch arch = {.cell = &cell_lstm, .input = 3, .hidden = 8, .layers = 2, .output = 3};
    size_t bytes = rnn_size(&arch) * sizeof(int);
    int *a = malloc(bytes), *b = malloc(bytes), *c = malloc(bytes);
    struct rng first = rng_make(1, 0, "lane"), again = first, other = rng_make(1, 65536, "lane");
    symmetry_random_index(a, &arch, &first);
    symmetry_random_index(b, &arch, &again);
    symmetry_random_index(c, &arch, &other);
    CHECK(memcmp(a, b, bytes) == 0 && memcmp(a, c, bytes) != 0);
    symmetry_random_index(b, &arch, &again);
    CHECK(memcmp(a, b, bytes) != 0, "a generator goes on");
    free(a);
    free(b);
    free(c);
}

static void test_golden(void) {
    const struct rnn_arch arch = {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6};
    struct npy permutation = golden_load("encoders", "nf/permutation"), permuted = golden_load("encoders", "nf/permuted_rnn_params"),
               weights = golden_load("encoders", "rnn_params_formal");
    size_t P = rnn_size(&arch), wrong = 0;
    int orders[2][16], *permutations[] = {orders[0], orders[1]}, *index = malloc(P * sizeof *index);
    CHECK(permutation.count == 32 && weights.count == 3 * P && permuted.count == 3 * P);
    for (int i = 0; i < 32; i++)
        orders[i / 16][i % 16] = (int)permutation.ints[i];
    symmetry_index(index, &arch, permutations);
    for (size_t i = 0; i < 3 * P; i++)
        wrong += permuted.floats[i] != weights.floats[i / P * P + (size_t)index[i % P]];
    CHECK(wrong == 0, "%zu of %zu", wrong, 3 * P);
    free(index);
    npy_free(&permutation);
    npy_free(&permuted);
    npy_free(&weights);
}

// The general form is the index form where nothing is scaled, and a sign flipped twice is none.
static void test_general_form(void) {
    enum { H = 5, L = 2 };
    struct rnn_arch arch = {.cell = &cell_lstm, .input = 3, .hidden = H, .layers = L, .output = 4};
    int unit[L * H], size = (int)rnn_size(&arch), *index = malloc((size_t)size * sizeof *index);
    float scale[L * H], *x = malloc((size_t)size * sizeof *x), *y = malloc((size_t)size * sizeof *y), *z = malloc((size_t)size * sizeof *z);
    struct rng rng = rng_make(5, 0, "general form");
    for (int i = 0; i < size; i++)
        x[i] = rng_normal(&rng);
    symmetry_random(unit, scale, &arch, true, false, &rng);
    symmetry_index(index, &arch, (int *const[]){unit, unit + H});
    symmetry_apply(y, x, &arch, unit, scale);
    for (int i = 0; i < size; i++)
        CHECK(y[i] == x[index[i]]);
    symmetry_random(unit, scale, &arch, false, true, &rng);
    symmetry_apply(y, x, &arch, unit, scale);
    symmetry_apply(z, y, &arch, unit, scale);
    CHECK(memcmp(x, y, (size_t)size * sizeof *x) != 0 && memcmp(x, z, (size_t)size * sizeof *x) == 0);
    free(index);
    free(x);
    free(y);
    free(z);
}

int main(void) {
    test_general_form();
    static const struct rnn_arch archs[] = {{.cell = &cell_lstm, .input = 6, .hidden = 32, .layers = 2, .output = 6},
                                            {.cell = &cell_lstm, .input = 16, .hidden = 32, .layers = 2, .output = 10},
                                            {.cell = &cell_lstm, .input = 1, .hidden = 1, .layers = 1, .output = 1},
                                            {.cell = &cell_lstm, .input = 3, .hidden = 17, .layers = 3, .output = 2},
                                            {.cell = &cell_lstm, .input = 2, .hidden = 5, .layers = 1, .output = 7},
                                            {.cell = &cell_lstm, .input = 5, .hidden = 8, .layers = 4, .output = 5}};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
        for (uint64_t repeat = 0; repeat < 3; repeat++)
            test_same_function(&archs[i], 10 * i + repeat);
    test_half_a_permutation();
    test_streams();
    test_golden();
    return check_report("rnn/symmetry");
}
