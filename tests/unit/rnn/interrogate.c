#include "rnn/interrogate.h"

#include "../alike.h"
#include "../check.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

#include <stdlib.h>
#include <string.h>

// The same probes for all RNNs, so that all forms can take them: step by step, all at once, and RNN by RNN with the ordinary operations.
enum { B = 3, K = 5, MAX_PROBES = 3, I = 4, O = 6, MAX_PARAMS = 4096 };
static struct rnn_arch arch = {.input = I, .hidden = 7, .layers = 3, .output = O};

enum form { STEPS, SEQUENCE, ORDINARY };

static struct params table;
static float weights[B][MAX_PARAMS], inputs[K * MAX_PROBES * I], seed[K * B * MAX_PROBES * O];

struct result {
    float answers[K * B * MAX_PROBES * O], grads[B][MAX_PARAMS], dx[K * MAX_PROBES * I];
};

static void fill(float *x, size_t n, uint64_t key) {
    struct rng rng = rng_make(key, 0, "test");
    for (size_t i = 0; i < n; i++)
        x[i] = 0.7f * rng_normal(&rng);
}

// Step t's inputs [B*M,I]: the M probes once for each RNN.
static struct tensor *step_inputs(struct tape *tape, struct tensor *x, int t, int M) {
    struct tensor *probes = tape_rows(tape, x, t * M, M);
    struct tensor *y = tape_tensor(tape, B * M, I, true);
    for (int b = 0; b < B; b++)
        memcpy(y->value + b * M * I, probes->value, (size_t)(M * I) * sizeof(float));
    return y;
}

static void run_steps(struct result *r, struct tape *tape, const struct rnn_batch *batch, struct tensor *x, int M) {
    struct tensor *in[K], *out[K];
    struct interrogation *it = interrogation_begin(tape, batch, M, K + 2);
    for (int t = 0; t < K; t++) {
        in[t] = step_inputs(tape, x, t, M);
        out[t] = interrogation_step(it, in[t]);
        CHECK(out[t]->rows == B * M && out[t]->cols == O);
        memcpy(r->answers + t * B * M * O, out[t]->value, (size_t)(B * M * O) * sizeof(float));
        memcpy(out[t]->grad, seed + t * B * M * O, (size_t)(B * M * O) * sizeof(float));
    }
    tape_backward(tape);
    for (int t = 0; t < K; t++)
        for (int i = 0; i < B * M * I; i++)
            r->dx[t * M * I + i % (M * I)] += in[t]->grad[i];
}

static void run_sequence(struct result *r, struct tape *tape, const struct rnn_batch *batch, struct tensor *x, int M) {
    struct tensor *out = interrogation_sequence(tape, batch, x, M);
    CHECK(out->rows == K * B && out->cols == M * O);
    memcpy(r->answers, out->value, tensor_size(out) * sizeof(float));
    memcpy(out->grad, seed, tensor_size(out) * sizeof(float));
    tape_backward(tape);
}

static void run_ordinary(struct result *r, struct tape *tape, struct tensor *x, int M) {
    for (int b = 0; b < B; b++) {
        struct weights w = {&table, weights[b], r->grads[b]};
        struct tensor *h = x;
        for (int l = 0; l < arch.layers; l++)
            h = recurrent_sequence(tape, arch.cell, &w, rnn_param(&arch, l, W_IH), h, K);
        struct tensor *out = linear_at(tape, &w, rnn_readout(&arch), h);
        size_t row = (size_t)(M * O);
        for (size_t t = 0; t < K; t++) {
            memcpy(r->answers + (t * B + (size_t)b) * row, out->value + t * row, row * sizeof(float));
            memcpy(out->grad + t * row, seed + (t * B + (size_t)b) * row, row * sizeof(float));
        }
    }
    tape_backward(tape);
}

static void run(struct result *r, enum form form, int M, bool with_grads) {
    memset(r, 0, sizeof *r);
    struct tape tape = {0};
    tape_reset(&tape, true);
    const float *subjects[B];
    float *grads[B];
    for (int b = 0; b < B; b++) {
        subjects[b] = weights[b];
        grads[b] = r->grads[b];
    }
    struct rnn room[B];
    struct rnn_batch batch = alike(room, &arch, &table, B, subjects, with_grads ? grads : NULL);
    struct tensor *x = tape_leaf(&tape, K * M, I, inputs, r->dx);
    if (form == STEPS)
        run_steps(r, &tape, &batch, x, M);
    else if (form == SEQUENCE)
        run_sequence(r, &tape, &batch, x, M);
    else
        run_ordinary(r, &tape, x, M);
    tape_free(&tape);
}

static void compare(const char *what, int M, const float *a, const float *b, size_t n) {
    double worst = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - b[i]);
        worst = d > worst || isnan(d) ? d : worst;
        largest = fmax(largest, fabs(b[i]));
    }
    CHECK(worst <= 3e-6 * largest && largest > 0, "%s: %s, M = %d: %g of %g", arch.cell->name, what, M, worst, largest);
}

static void test_forms(int M) {
    static struct result ordinary, steps, sequence, constant;
    run(&ordinary, ORDINARY, M, true);
    run(&steps, STEPS, M, true);
    run(&sequence, SEQUENCE, M, true);
    size_t answers = (size_t)(K * B * M * O), dx = (size_t)(K * M * I);
    compare("steps: answers", M, steps.answers, ordinary.answers, answers);
    compare("sequence: answers", M, sequence.answers, ordinary.answers, answers);
    compare("steps: inputs", M, steps.dx, ordinary.dx, dx);
    compare("sequence: inputs", M, sequence.dx, ordinary.dx, dx);
    for (int b = 0; b < B; b++) {
        compare("steps: weights", M, steps.grads[b], ordinary.grads[b], table.size);
        compare("sequence: weights", M, sequence.grads[b], ordinary.grads[b], table.size);
    }
    for (int form = STEPS; form <= SEQUENCE; form++) { // constant weights change nothing else
        run(&constant, (enum form)form, M, false);
        CHECK(memcmp(constant.dx, form == STEPS ? steps.dx : sequence.dx, sizeof constant.dx) == 0);
        for (size_t i = 0; i < table.size; i++)
            CHECK(constant.grads[0][i] == 0);
    }
}

int main(void) {
    fill(inputs, K * MAX_PROBES * I, 10);
    fill(seed, K * B * MAX_PROBES * O, 11);
    for (int i = 0; cell_at(i); i++) {
        arch.cell = cell_at(i);
        rnn_params(&table, &arch);
        CHECK(table.size <= MAX_PARAMS);
        for (uint64_t b = 0; b < B; b++)
            fill(weights[b], table.size, b);
        test_forms(1);
        test_forms(3);
        params_free(&table);
    }
    return check_report("rnn/interrogate");
}
