#include "rnn/stepper.h"

#include "../check.h"
#include "math/kernels.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

#include <stdlib.h>
#include <string.h>

enum { SYMBOLS = 6, LENGTH = 12, T = LENGTH - 1, COUNT = 300 /* more than one block */, HIDDEN = 16 };
static const struct token_rows form = {.length = LENGTH, .bos = 4, .eos = 5};
static struct rnn_arch arch = {.input = SYMBOLS, .hidden = HIDDEN, .layers = 2, .output = SYMBOLS}; // of one cell after the other

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
    int G = (int)cell_inputs(arch.cell, HIDDEN), joined = G - arch.cell->apart * HIDDEN;
    struct tensor *gates = tape_tensor(&tape, SYMBOLS, G, false), *opening = tape_tensor(&tape, COUNT, G, false);
    for (int i = 0; i < SYMBOLS * G; i++) {
        int symbol = i / G, g = i % G;
        gates->value[i] = in->value[g * SYMBOLS + symbol] + weights_leaf(&tape, &w, B_IH)->value[g];
        gates->value[i] += g < joined ? weights_leaf(&tape, &w, B_HH)->value[g] : 0;
    }
    if (added.gates)
        memcpy(opening->value, added.gates, tensor_size(opening) * sizeof(float));
    h = recurrent_sequence_table(&tape, arch.cell, &w, 0, gates, opening, !added.gates ? 0 : added.every ? T : 1, tokens, T, COUNT);
    h = recurrent_sequence(&tape, arch.cell, &w, rnn_param(&arch, 1, W_IH), h, T);
    struct tensor *logits = linear_at(&tape, &w, rnn_readout(&arch), h);
    kernels()->softmax(NULL, expected, logits->value, T * COUNT, SYMBOLS);
    double worst = 0;
    for (int b = 0; b < COUNT; b++)
        for (int t = 0; t < T; t++)
            for (int c = 0; c < SYMBOLS; c++) {
                double d = fabs(log_p[(b * T + t) * SYMBOLS + c] - expected[(t * COUNT + b) * SYMBOLS + c]);
                worst = d > worst || isnan(d) ? d : worst;
            }
    CHECK(worst <= 5e-6, "%s: %g", arch.cell->name, worst);
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

// --- Step by step ---

enum { STRINGS = 150 /* more than one block */ };

static float numbers[T * STRINGS * SYMBOLS];

static struct stepper *new_stepper(int capacity) {
    struct stepper *s = stepper_of_rnn(&arch, &table, weights, capacity);
    stepper_keep_gates(s);
    return s;
}

static void check_near(const char *what, const float *x, const float *y, size_t n) {
    double worst = 0, size = 1;
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)x[i] - y[i]));
        size = fmax(size, fabs((double)y[i]));
    }
    CHECK(worst <= 3e-6 * size, "%s: %s: %g", arch.cell->name, what, worst);
}

// The gates that are kept are those that the states were made of.
static void check_gates(struct stepper *s, int layer, const float *h_before, int count) {
    size_t width = cell_width(arch.cell, HIDDEN);
    const float *h = stepper_h(s, layer), *c = stepper_c(s, layer);
    static float expected[STRINGS * HIDDEN];
    for (int b = 0; b < count; b++)
        for (int j = 0; j < HIDDEN; j++) {
            const float *g = stepper_gates(s, layer) + (size_t)b * width + j;
            int at = b * HIDDEN + j;
            if (arch.cell == &cell_lstm)
                expected[at] = g[3 * HIDDEN] * tanhf(c[at]);
            else if (arch.cell == &cell_gru)
                expected[at] = (1 - g[HIDDEN]) * g[2 * HIDDEN] + g[HIDDEN] * h_before[at];
            else
                expected[at] = g[0];
        }
    check_near("gates", h, expected, (size_t)(count * HIDDEN));
}

// Numbers in, against the operations that are trained with, and token by token against one-hot numbers.
static void test_steps(void) {
    struct tape tape = {0};
    struct weights w = {&table, weights, NULL};
    struct tensor *h = tape_leaf(&tape, T * STRINGS, SYMBOLS, numbers, NULL);
    for (int l = 0; l < arch.layers; l++)
        h = recurrent_sequence(&tape, arch.cell, &w, rnn_param(&arch, l, W_IH), h, T);
    struct tensor *logits = linear_at(&tape, &w, rnn_readout(&arch), h);
    struct stepper *s = new_stepper(STRINGS), *of_tokens = new_stepper(STRINGS);
    stepper_start(s, STRINGS);
    static float before[STRINGS * HIDDEN], one_hot[STRINGS * SYMBOLS];
    for (int t = 0; t < T; t++) {
        memcpy(before, stepper_h(s, 0), sizeof before);
        stepper_numbers(s, numbers + t * STRINGS * SYMBOLS);
        check_near("numbers", stepper_logits(s), logits->value + t * STRINGS * SYMBOLS, STRINGS * SYMBOLS);
        check_gates(s, 0, before, STRINGS);
    }
    check_near("h", stepper_h(s, 1), h->value + (T - 1) * STRINGS * HIDDEN, STRINGS * HIDDEN);
    CHECK((stepper_c(s, 0) != NULL) == (arch.cell->states == 2));
    stepper_start(s, STRINGS);
    stepper_start(of_tokens, STRINGS);
    for (int t = 0; t < T; t++) {
        uint8_t tokens[STRINGS];
        memset(one_hot, 0, sizeof one_hot);
        for (int b = 0; b < STRINGS; b++)
            one_hot[b * SYMBOLS + (tokens[b] = (uint8_t)((b * 7 + t * t) % SYMBOLS))] = 1;
        stepper_numbers(s, one_hot);
        stepper_tokens(of_tokens, tokens);
        check_near("tokens", stepper_logits(of_tokens), stepper_logits(s), STRINGS * SYMBOLS);
    }
    stepper_free(s);
    stepper_free(of_tokens);
    tape_free(&tape);
}

static void read_three(struct stepper *s, int t) {
    const uint8_t tokens[3] = {(uint8_t)(t % SYMBOLS), (uint8_t)((t + 2) % SYMBOLS), (uint8_t)(3 * t % SYMBOLS)};
    stepper_tokens(s, tokens);
}

// A string that was chosen twice, or whose states were carried to another stepper by hand, goes on as if nothing had happened.
static void test_select(void) {
    const size_t bytes = HIDDEN * sizeof(float);
    struct stepper *s = new_stepper(5), *other = new_stepper(2);
    stepper_start(s, 3);
    for (int t = 0; t < 4; t++)
        read_three(s, t);
    stepper_select(s, (const int[]){2, 0, 2, 2, 1}, 5);
    stepper_start(other, 2);
    for (int l = 0; l < arch.layers; l++)
        for (int i = 0; i < 2; i++) { // its strings are 0 and 2
            memcpy(stepper_h(other, l) + i * HIDDEN, stepper_h(s, l) + (i ? 0 : 1) * HIDDEN, bytes);
            if (arch.cell->states > 1)
                memcpy(stepper_c(other, l) + i * HIDDEN, stepper_c(s, l) + (i ? 0 : 1) * HIDDEN, bytes);
        }
    stepper_tokens(s, (const uint8_t[]){1, 1, 1, 3, 1});
    stepper_tokens(other, (const uint8_t[]){1, 1});
    const float *y = stepper_logits(s), *z = stepper_logits(other);
    size_t row = SYMBOLS * sizeof(float);
    CHECK(memcmp(y, y + 2 * SYMBOLS, row) == 0 && memcmp(y, y + 3 * SYMBOLS, row) != 0 && memcmp(y, y + SYMBOLS, row) != 0);
    CHECK(memcmp(z, y + SYMBOLS, row) == 0 && memcmp(z + SYMBOLS, y, row) == 0, "%s", arch.cell->name);
    stepper_start(s, 3); // everything anew
    for (int t = 0; t < 4; t++)
        read_three(s, t);
    stepper_tokens(s, (const uint8_t[]){1, 1, 1});
    CHECK(memcmp(stepper_logits(s), z, row) == 0 && memcmp(stepper_logits(s) + 2 * SYMBOLS, z + SYMBOLS, row) == 0, "%s", arch.cell->name);
    stepper_free(s);
    stepper_free(other);
}

static void test_cell(const struct cell *cell) {
    static float first_gates[COUNT * 4 * HIDDEN];
    arch.cell = cell;
    rnn_params(&table, &arch);
    weights = calloc(table.size, sizeof *weights);
    struct rng rng = rng_make(1, 0, "weights");
    float scale = cell->gates > 1 ? 0.6f : 0.2f; // without gates, so that states don't grow
    for (size_t i = 0; i < table.size; i++)
        weights[i] = scale * rng_normal(&rng);
    for (size_t i = 0; i < COUNT * cell_inputs(cell, HIDDEN); i++)
        first_gates[i] = rng_normal(&rng);
    for (int i = 0; i < T * STRINGS * SYMBOLS; i++)
        numbers[i] = rng_normal(&rng);
    test_log_p((struct stepper_opening){0});
    test_log_p((struct stepper_opening){first_gates, false});
    test_log_p((struct stepper_opening){first_gates, true});
    test_steps();
    test_select();
    test_independence();
    if (cell == &cell_lstm)
        test_frequencies();
    free(weights);
    params_free(&table);
}

int main(void) {
    for (int i = 0; cell_at(i); i++)
        test_cell(cell_at(i));
    return check_report("rnn/stepper");
}
