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

enum { T = 7, B = 5, I = 6, H = 9, PARAMS = 4 * H * (I + H + 2) /* of the cell with the most */ };

struct result {
    float h[T * B * H], grad[PARAMS], dx[T * B * I];
};

static float values[PARAMS], inputs[T * B * I], seed[T * B * H];
static uint8_t tokens[T * B];
static struct params table;
static const struct cell *cell;

enum form { SEQUENCE, STEPS, TOKENS };

static void run(struct result *r, enum form form) {
    memset(r, 0, sizeof *r);
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct weights w = {&table, values, r->grad};
    struct tensor *h, *x = tape_leaf(&tape, T * B, I, inputs, r->dx), *steps[T];
    if (form == SEQUENCE) {
        h = recurrent_sequence(&tape, cell, &w, 0, x, T);
    } else if (form == TOKENS) {
        h = recurrent_sequence_tokens(&tape, cell, &w, 0, tokens, T, B);
    } else {
        struct recurrent *l = recurrent_begin(&tape, cell, &w, 0, T, B);
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
    double worst = 0, size = 1;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - b[i]);
        worst = d > worst || isnan(d) ? d : worst;
        size = fmax(size, fabs((double)b[i]));
    }
    CHECK(worst <= tolerance * size, "%s %s: %g", cell->name, what, worst);
}

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

// One step of one string in double, from both products with their biases: a = W_ih x + b_ih, b = W_hh h + b_hh.
static void lstm_step(const double *a, const double *b, double *h, double *c) {
    for (int j = 0; j < H; j++) {
        double i = sigmoid(a[j] + b[j]), f = sigmoid(a[H + j] + b[H + j]), g = tanh(a[2 * H + j] + b[2 * H + j]),
               o = sigmoid(a[3 * H + j] + b[3 * H + j]);
        c[j] = f * c[j] + i * g;
        h[j] = o * tanh(c[j]);
    }
}

static void gru_step(const double *a, const double *b, double *h, double *c) {
    (void)c;
    for (int j = 0; j < H; j++) {
        double r = sigmoid(a[j] + b[j]), z = sigmoid(a[H + j] + b[H + j]), n = tanh(a[2 * H + j] + r * b[2 * H + j]);
        h[j] = (1 - z) * n + z * h[j];
    }
}

static void tanh_step(const double *a, const double *b, double *h, double *c) {
    (void)c;
    for (int j = 0; j < H; j++)
        h[j] = tanh(a[j] + b[j]);
}

static void relu_step(const double *a, const double *b, double *h, double *c) {
    (void)c;
    for (int j = 0; j < H; j++)
        h[j] = fmax(0, a[j] + b[j]);
}

static const struct {
    const char *name;
    void (*step)(const double *a, const double *b, double *h, double *c);
} equations[] = {{"lstm", lstm_step}, {"gru", gru_step}, {"rnn_tanh", tanh_step}, {"rnn_relu", relu_step}};

static void product(double *out, const float *w, const float *bias, int rows, int cols, const double *x) {
    for (int g = 0; g < rows; g++) {
        out[g] = bias[g];
        for (int i = 0; i < cols; i++)
            out[g] += (double)w[g * cols + i] * x[i];
    }
}

static void reference(float *out) {
    int known = 0, G = (int)cell_inputs(cell, H);
    while (strcmp(equations[known].name, cell->name) != 0)
        known++;
    const float *w_ih = values, *w_hh = w_ih + G * I, *b_ih = w_hh + G * H, *b_hh = b_ih + G;
    for (int string = 0; string < B; string++) {
        double h[H] = {0}, c[H] = {0}, x[I], a[4 * H], b[4 * H];
        for (int t = 0; t < T; t++) {
            for (int i = 0; i < I; i++)
                x[i] = inputs[(t * B + string) * I + i];
            product(a, w_ih, b_ih, G, I, x);
            product(b, w_hh, b_hh, G, H, h);
            equations[known].step(a, b, h, c);
            for (int j = 0; j < H; j++)
                out[(t * B + string) * H + j] = (float)h[j];
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
        struct tensor *h = recurrent_sequence(&tape, cell, &w, 0,
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
    struct tensor *all = recurrent_sequence(&tape, cell, &w, 0, tape_leaf(&tape, T * B, I, inputs, NULL), T);
    struct tensor *single = recurrent_sequence(&tape, cell, &w, 0, tape_leaf(&tape, T, I, one, NULL), T);
    for (int t = 0; t < T; t++)
        compare("batch", all->value + (t * B + 2) * H, single->value + t * H, H, 1e-6);
    tape_free(&tape);
}

static void test_params(void) {
    int G = (int)cell_inputs(cell, H);
    CHECK(recurrent_params(&table, cell, 0.25f, "cell.", "_l0", I, H) == 0 && table.count == RNN_PARTS);
    CHECK(table.size == (size_t)(G * (I + H + 2)) && table.list[W_IH].scale == 0.25f);
    CHECK(strcmp(table.list[W_HH].name, "cell.weight_hh_l0") == 0 && table.list[W_HH].shape[0] == G && table.list[W_HH].shape[1] == H);
    CHECK(strcmp(table.list[B_HH].name, "cell.bias_hh_l0") == 0 && table.list[B_HH].size == (size_t)G);
}

int main(void) {
    fill(values, PARAMS, 1);
    for (int i = 0; i < PARAMS; i++)
        values[i] *= 0.6f; // states of ReLU don't grow too much
    fill(seed, T * B * H, 3);
    struct rng rng = rng_make(4, 0, "tokens");
    for (int i = 0; i < T * B; i++)
        tokens[i] = (uint8_t)rng_below(&rng, I);
    for (int i = 0; (cell = cell_at(i)); i++) {
        test_params();
        test_forms();
        test_accumulation();
        test_batch();
        params_free(&table);
    }
    return check_report("nn/recurrent");
}
