#include "nn/recurrent.h"

#include "../check.h"
#include "nn/activation.h"

#include <stdlib.h>
#include <string.h>

static void fill(float *x, size_t n, uint64_t seed) {
    struct rng rng = rng_make(seed, 0, "test");
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(&rng);
}

enum { T = 7, B = 5, I = 6, H = 9, PARAMS = 4 * H * (I + H + 2) };

struct result {
    float h[T * B * H], grad[PARAMS], dx[T * B * I];
};

static float values[PARAMS], inputs[T * B * I], seed[T * B * H];
static uint8_t tokens[T * B];
static struct params table;

enum form { SEQUENCE, STEPS, TOKENS };

static void run(struct result *r, enum form form) {
    memset(r, 0, sizeof *r);
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct weights w = {&table, values, r->grad};
    struct tensor *h, *x = tape_leaf(&tape, T * B, I, inputs, r->dx), *steps[T];
    if (form == SEQUENCE) {
        h = recurrent_sequence(&tape, &cell_lstm, &w, 0, x, T);
    } else if (form == TOKENS) {
        h = recurrent_sequence_tokens(&tape, &cell_lstm, &w, 0, tokens, T, B);
    } else {
        struct recurrent *l = recurrent_begin(&tape, &cell_lstm, &w, 0, T, B);
        for (int t = 0; t < T; t++)
            steps[t] = recurrent_step(l, tape_rows(&tape, x, t * B, B));
        h = concat_rows(&tape, steps, T);
    }
    memcpy(r->h, h->value, sizeof r->h);
    memcpy(h->grad, seed, sizeof seed);
    tape_backward(&tape);
    tape_free(&tape);
}

static void compare(const char *what, const float *a, const float *b, size_t n, double tolerance) {
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - b[i]);
        worst = d > worst || isnan(d) ? d : worst;
    }
    CHECK(worst <= tolerance, "%s: %g", what, worst);
}

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

// The equations of the header, in double.
static void reference(float *out) {
    const float *w_ih = values, *w_hh = w_ih + 4 * H * I, *b_ih = w_hh + 4 * H * H, *b_hh = b_ih + 4 * H;
    for (int b = 0; b < B; b++) {
        double h[H] = {0}, c[H] = {0}, z[4 * H];
        for (int t = 0; t < T; t++) {
            for (int g = 0; g < 4 * H; g++) {
                z[g] = (double)b_ih[g] + b_hh[g];
                for (int i = 0; i < I; i++)
                    z[g] += (double)w_ih[g * I + i] * inputs[(t * B + b) * I + i];
                for (int j = 0; j < H; j++)
                    z[g] += w_hh[g * H + j] * h[j];
            }
            for (int j = 0; j < H; j++) {
                c[j] = sigmoid(z[H + j]) * c[j] + sigmoid(z[j]) * tanh(z[2 * H + j]);
                h[j] = sigmoid(z[3 * H + j]) * tanh(c[j]);
                out[(t * B + b) * H + j] = (float)h[j];
            }
        }
    }
}

static void test_forms(void) {
    static struct result sequence, steps, dense, one_hot;
    static float expected[T * B * H];
    fill(inputs, T * B * I, 2);
    run(&sequence, SEQUENCE);
    run(&steps, STEPS);
    reference(expected);
    compare("sequence against the equations", sequence.h, expected, T * B * H, 2e-6);
    compare("steps: h", steps.h, sequence.h, T * B * H, 1e-6);
    compare("steps: weights", steps.grad, sequence.grad, PARAMS, 2e-5);
    compare("steps: inputs", steps.dx, sequence.dx, T * B * I, 1e-5);

    memset(inputs, 0, sizeof inputs);
    for (int i = 0; i < T * B; i++)
        inputs[i * I + tokens[i]] = 1;
    run(&dense, SEQUENCE);
    run(&one_hot, TOKENS);
    compare("tokens: h", one_hot.h, dense.h, T * B * H, 1e-6);
    compare("tokens: weights", one_hot.grad, dense.grad, PARAMS, 2e-5);
}

// Gradients accumulate: two passes give twice the gradient; a pass without weights' gradients gives the same inputs' gradients.
static void test_accumulation(void) {
    static float once[PARAMS], twice[PARAMS], dx[T * B * I], dx_alone[T * B * I];
    fill(inputs, T * B * I, 2);
    struct tape tape = {0};
    for (int pass = 0; pass < 4; pass++) {
        tape_reset(&tape, true);
        struct weights w = {&table, values, pass == 3 ? NULL : pass ? twice : once};
        struct tensor *h = recurrent_sequence(&tape, &cell_lstm, &w, 0,
                                              tape_leaf(&tape, T * B, I, inputs,
                                                        pass == 3 ? dx_alone
                                                        : pass    ? NULL
                                                                  : dx),
                                              T);
        memcpy(h->grad, seed, sizeof seed);
        tape_backward(&tape);
    }
    for (int i = 0; i < PARAMS; i++)
        CHECK_CLOSE(twice[i], 2 * once[i], 1e-5 + 1e-5 * fabs(once[i]));
    CHECK(memcmp(dx, dx_alone, sizeof dx) == 0);
    tape_free(&tape);
}

// The rows of a batch don't see each other, and the result of a row does not depend on the batch.
static void test_batch(void) {
    struct tape tape = {0};
    struct weights w = {&table, values, NULL};
    float one[T * I];
    for (int t = 0; t < T; t++)
        memcpy(one + t * I, inputs + (t * B + 2) * I, I * sizeof(float));
    struct tensor *all = recurrent_sequence(&tape, &cell_lstm, &w, 0, tape_leaf(&tape, T * B, I, inputs, NULL), T);
    struct tensor *single = recurrent_sequence(&tape, &cell_lstm, &w, 0, tape_leaf(&tape, T, I, one, NULL), T);
    for (int t = 0; t < T; t++)
        compare("batch", all->value + (t * B + 2) * H, single->value + t * H, H, 1e-6);
    tape_free(&tape);
}

int main(void) {
    CHECK(recurrent_params(&table, &cell_lstm, 1 / sqrtf(H), "cell.", "_l0", I, H) == 0 && table.count == 4 && table.size == PARAMS);
    CHECK(strcmp(table.list[1].name, "cell.weight_hh_l0") == 0 && table.list[1].shape[0] == 4 * H && table.list[1].shape[1] == H);
    fill(values, PARAMS, 1);
    fill(seed, T * B * H, 3);
    struct rng rng = rng_make(4, 0, "tokens");
    for (int i = 0; i < T * B; i++)
        tokens[i] = (uint8_t)rng_below(&rng, I);
    test_forms();
    test_accumulation();
    test_batch();
    params_free(&table);
    return check_report("nn/recurrent");
}
