#include "analysis/walker.h"

#include "../check.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

#include <stdlib.h>
#include <string.h>

enum { INPUTS = 5, HIDDEN = 9, OUTPUTS = 3, T = 7, COUNT = 150 /* more than two blocks */ };
static struct rnn_arch arch = {.input = INPUTS, .hidden = HIDDEN, .layers = 2, .output = OUTPUTS};

static struct params table;
static float *weights;

// COUNT walks over rows of inputs; walk i's state at `state + i * size`.
static void walk(struct walker *w, const float *inputs, int steps, float *state, float *answers, float *gates) {
    size_t size = walker_state_size(w);
    const float *before[COUNT];
    float *after[COUNT];
    for (int i = 0; i < COUNT; i++)
        before[i] = after[i] = state + (size_t)i * size;
    for (int t = 0; t < steps; t++)
        walker_step(w, &(struct walk_step){.count = COUNT,
                                           .before = before,
                                           .after = after,
                                           .inputs = inputs + t * COUNT * INPUTS,
                                           .answers = answers + t * COUNT * OUTPUTS,
                                           .gates = gates});
}

// Answers and the last h are those of the ordinary operations.
static void test_against_operations(void) {
    static float inputs[T * COUNT * INPUTS], answers[T * COUNT * OUTPUTS];
    struct rng rng = rng_make(3, 0, "inputs");
    for (int i = 0; i < T * COUNT * INPUTS; i++)
        inputs[i] = rng_normal(&rng);
    struct walker *w = walker_new(&arch, &table, weights);
    size_t size = walker_state_size(w);
    float *state = calloc(COUNT * size, sizeof *state);
    walk(w, inputs, T, state, answers, NULL);
    struct tape tape = {0};
    struct weights all = {&table, weights, NULL};
    struct tensor *h = tape_leaf(&tape, T * COUNT, INPUTS, inputs, NULL);
    h = recurrent_sequence(&tape, arch.cell, &all, 4, recurrent_sequence(&tape, arch.cell, &all, 0, h, T), T);
    struct tensor *y = linear_at(&tape, &all, 8, h);
    double worst = 0;
    for (int i = 0; i < T * COUNT * OUTPUTS; i++)
        worst = fmax(worst, fabs((double)(answers[i] - y->value[i])));
    CHECK(worst < 2e-6, "%s: %g", arch.cell->name, worst);
    worst = 0;
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < HIDDEN; k++)
            worst = fmax(worst, fabs((double)(state[(size_t)i * size + (size_t)(walker_vectors(w) * HIDDEN + k)] -
                                              h->value[((T - 1) * COUNT + i) * HIDDEN + k])));
    CHECK(worst < 2e-6, "%s: %g", arch.cell->name, worst);
    tape_free(&tape);
    free(state);
    walker_free(w);
}

// A token is a row with a one in its place; a walk is the same alone, and copies of a state go on independently.
static void test_tokens_and_copies(void) {
    struct walker *w = walker_new(&arch, &table, weights);
    size_t size = walker_state_size(w);
    float *a = calloc(size, sizeof *a), *b = calloc(size, sizeof *b), *c = calloc(size, sizeof *c), y[3 * OUTPUTS], row[INPUTS] = {0};
    int tokens[] = {4, 1, 1};
    row[4] = 1;
    walker_step(w, &(struct walk_step){
                       .count = 1, .before = (const float *const[]){NULL}, .after = (float *const[]){a}, .tokens = tokens, .answers = y});
    walker_step(
        w, &(struct walk_step){
               .count = 1, .before = (const float *const[]){NULL}, .after = (float *const[]){b}, .inputs = row, .answers = y + OUTPUTS});
    for (int o = 0; o < OUTPUTS; o++)
        CHECK_CLOSE(y[o], y[OUTPUTS + o], 1e-6);
    for (size_t i = 0; i < size; i++)
        CHECK_CLOSE(a[i], b[i], 1e-6);
    memcpy(b, a, size * sizeof *a);
    walker_step(w, &(struct walk_step){.count = 3,
                                       .before = (const float *const[]){a, b, a},
                                       .after = (float *const[]){b, a, c},
                                       .tokens = (const int[]){1, 2, 1},
                                       .answers = y});
    CHECK(memcmp(b, c, size * sizeof *b) == 0 && memcmp(y, y + 2 * OUTPUTS, OUTPUTS * sizeof *y) == 0, "two copies, one token");
    CHECK(memcmp(a, c, size * sizeof *a) != 0, "another token");
    double log_p[OUTPUTS], sum = 0;
    walker_log_softmax(log_p, y, 1, OUTPUTS);
    for (int o = 0; o < OUTPUTS; o++)
        sum += exp(log_p[o]);
    CHECK_CLOSE(sum, 1, 1e-12);
    CHECK_CLOSE(log_p[1] - log_p[0], (double)y[1] - (double)y[0], 1e-12);
    free(a);
    free(b);
    free(c);
    walker_free(w);
}

int main(void) {
    for (int i = 0; cell_at(i); i++) {
        arch.cell = cell_at(i);
        rnn_params(&table, &arch);
        weights = calloc(table.size, sizeof *weights);
        struct rng rng = rng_make(1, 0, "weights");
        for (size_t k = 0; k < table.size; k++)
            weights[k] = 0.7f * rng_normal(&rng);
        test_against_operations();
        test_tokens_and_copies();
        params_free(&table);
        free(weights);
    }
    return check_report("walker");
}
