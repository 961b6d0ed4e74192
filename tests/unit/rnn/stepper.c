#include "rnn/stepper.h"

#include "../check.h"
#include "math/kernels.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

#include <stdlib.h>
#include <string.h>

enum { SYMBOLS = 6, LENGTH = 12, T = LENGTH - 1, COUNT = 300 /* more than one block */, HIDDEN = 16 };
static const struct token_rows form = {.length = LENGTH, .bos = 4, .eos = 5};
static const struct rnn_arch arch = {.cell = &cell_lstm, .input = SYMBOLS, .hidden = HIDDEN, .layers = 2, .output = SYMBOLS};

static struct params table;
static float *weights;

static void sample(int count, struct stepper_opening opening, uint64_t seed, uint8_t *rows, float *log_p) {
    struct stepper *s = stepper_of_rnn(&arch, &table, weights, STEPPER_BLOCK);
    struct rng rng = rng_make(seed, 0, "sample");
    stepper_sample(s, &form, count, opening, &rng, rows, log_p);
    stepper_free(s);
}

// The log-probabilities of sampled rows are those that the ordinary operations give on these rows; so are the gates that are added.
static void test_log_p(struct stepper_opening added) {
    static uint8_t rows[COUNT * LENGTH], tokens[T * COUNT];
    static float log_p[COUNT * T * SYMBOLS], expected[T * COUNT * SYMBOLS];
    sample(COUNT, added, 1, rows, log_p);
    for (int b = 0; b < COUNT; b++)
        for (int t = 0; t < T; t++)
            tokens[t * COUNT + b] = rows[b * LENGTH + t];
    struct tape tape = {0};
    struct weights w = {&table, weights, NULL};
    struct tensor *in = weights_leaf(&tape, &w, 0), *h;
    struct tensor *gates = tape_tensor(&tape, SYMBOLS, 4 * HIDDEN, false), *opening = tape_tensor(&tape, COUNT, 4 * HIDDEN, false);
    for (int i = 0; i < SYMBOLS * 4 * HIDDEN; i++) {
        int symbol = i / (4 * HIDDEN), g = i % (4 * HIDDEN);
        gates->value[i] = in->value[g * SYMBOLS + symbol] + weights_leaf(&tape, &w, 2)->value[g] + weights_leaf(&tape, &w, 3)->value[g];
    }
    if (added.gates)
        memcpy(opening->value, added.gates, tensor_size(opening) * sizeof(float));
    h = recurrent_sequence_table(&tape, &cell_lstm, &w, 0, gates, opening, !added.gates ? 0 : added.every ? T : 1, tokens, T, COUNT);
    struct tensor *logits = linear_at(&tape, &w, 8, recurrent_sequence(&tape, &cell_lstm, &w, 4, h, T));
    kernels()->softmax(NULL, expected, logits->value, T * COUNT, SYMBOLS);
    double worst = 0;
    for (int b = 0; b < COUNT; b++)
        for (int t = 0; t < T; t++)
            for (int c = 0; c < SYMBOLS; c++) {
                double d = fabs(log_p[(b * T + t) * SYMBOLS + c] - expected[(t * COUNT + b) * SYMBOLS + c]);
                worst = d > worst || isnan(d) ? d : worst;
            }
    CHECK(worst <= 5e-6, "%g", worst);
    for (int b = 0; b < COUNT; b++)
        CHECK(rows[b * LENGTH] == form.bos);
    tape_free(&tape);
}

// Pearson's chi-square of tokens drawn at one position against the probabilities they were drawn with; 5 degrees of freedom, 20.5 is the
// 0.1 % point.
static void test_frequencies(void) {
    enum { MANY = 20000 };
    static uint8_t rows[MANY * LENGTH];
    static float log_p[MANY * T * SYMBOLS];
    sample(MANY, (struct stepper_opening){0}, 2, rows, log_p);
    const int positions[] = {0, 1, T / 2, T - 1};
    for (int i = 0; i < 4; i++) {
        double expected[SYMBOLS] = {0}, seen[SYMBOLS] = {0}, chi_square = 0;
        for (int b = 0; b < MANY; b++) {
            seen[rows[b * LENGTH + positions[i] + 1]]++;
            for (int c = 0; c < SYMBOLS; c++)
                expected[c] += exp(log_p[(b * T + positions[i]) * SYMBOLS + c]);
        }
        for (int c = 0; c < SYMBOLS; c++)
            chi_square += (seen[c] - expected[c]) * (seen[c] - expected[c]) / expected[c];
        CHECK(chi_square < 20.5 && chi_square > 0.1, "position %d: %g", positions[i], chi_square);
    }
}

// The first rows of a larger sample are a smaller sample, and stopping at the first EOS changes nothing before it.
static void test_independence(void) {
    static uint8_t many[COUNT * LENGTH], few[COUNT * LENGTH], full[COUNT * LENGTH], full_few[COUNT * LENGTH];
    static float log_p[COUNT * T * SYMBOLS], log_p_few[COUNT * T * SYMBOLS];
    sample(COUNT, (struct stepper_opening){0}, 3, many, NULL);
    sample(COUNT, (struct stepper_opening){0}, 3, full, log_p);
    const int counts[] = {1, 7, 127, 128, 129};
    for (int i = 0; i < 5; i++) {
        size_t n = (size_t)counts[i];
        sample(counts[i], (struct stepper_opening){0}, 3, few, NULL);
        sample(counts[i], (struct stepper_opening){0}, 3, full_few, log_p_few);
        CHECK(memcmp(few, many, n * LENGTH) == 0, "%zu rows", n);
        CHECK(memcmp(full_few, full, n * LENGTH) == 0, "%zu rows", n);
        CHECK(memcmp(log_p_few, log_p, n * T * SYMBOLS * sizeof(float)) == 0, "%zu rows", n);
    }
    int eos = form.eos, ended = 0, after = 0;
    for (int b = 0; b < COUNT; b++) {
        bool done = false;
        for (int t = 0; t < LENGTH; t++) {
            uint8_t token = many[b * LENGTH + t], expected = full[b * LENGTH + t];
            CHECK(token == (done ? eos : expected), "row %d, position %d", b, t);
            after += done && expected != eos;
            done |= expected == eos;
        }
        ended += done;
    }
    CHECK(ended > COUNT / 4 && after > 0, "%d ended, %d letters after EOS", ended, after);
}

int main(void) {
    static float first_gates[COUNT * 4 * HIDDEN];
    rnn_params(&table, &arch);
    weights = calloc(table.size, sizeof *weights);
    struct rng rng = rng_make(1, 0, "weights");
    for (size_t i = 0; i < table.size; i++)
        weights[i] = 0.6f * rng_normal(&rng);
    for (int i = 0; i < COUNT * 4 * HIDDEN; i++)
        first_gates[i] = rng_normal(&rng);
    test_log_p((struct stepper_opening){0});
    test_log_p((struct stepper_opening){first_gates, false});
    test_log_p((struct stepper_opening){first_gates, true});
    test_frequencies();
    test_independence();
    free(weights);
    params_free(&table);
    return check_report("rnn/stepper");
}
