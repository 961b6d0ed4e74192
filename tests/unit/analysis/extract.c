#include "analysis/extract.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

// LSTMs whose weights are written down: gates saturated at 0 or 1, a unit's cell is what it remembers.
static struct rnn_arch arch = {.cell = &cell_lstm, .input = 2, .hidden = 1, .layers = 1, .output = 2};
static struct params table;
static float weights[64];

static void set(int param, int at, float value) {
    weights[table.list[param].offset + (size_t)at] = value;
}

static void clear(void) {
    params_free(&table);
    rnn_params(&table, &arch);
    memset(weights, 0, sizeof weights);
}

// Accepts when a 1 has occurred: i and o are open, f keeps all, g is 1 at a 1.
static void make_latch(void) {
    clear();
    for (int gate = 0; gate < 4; gate++)
        set(2, gate, gate == 2 ? 0 : 30);
    set(0, 2 * 2 + 1, 30); // g of token 1
    set(4, 1, 20);
    set(5, 0, 5);
}

// Accepts when the last letter was a 1: the same, but f forgets.
static void make_last(void) {
    make_latch();
    set(2, 1, -30);
}

static struct extraction extracted(const struct speech *speech, const struct extract_options *options) {
    struct extraction e;
    struct walker *w = walker_new(&arch, &table, weights);
    extract(&e, w, speech, options);
    walker_free(w);
    return e;
}

static void check_machine(const char *what, struct extraction e, const int next[4], int first_answer, int second_answer) {
    const struct automaton *a = &e.automaton;
    CHECK(a->states == 2, "%s: %d states", what, a->states);
    CHECK(e.error == 0 && !e.counterexample && !e.truncated, "%s: error %g", what, e.error);
    if (a->states == 2) {
        CHECK(memcmp(a->next, next, 4 * sizeof *next) == 0, "%s: arrows", what);
        CHECK(a->answer[0] == first_answer && a->answer[1] == second_answer, "%s: answers", what);
    }
    extraction_free(&e);
}

// Without a BOS the answer to the empty word is that of the state it is like.
static void test_classifiers(void) {
    const struct speech speech = {.letters = 2, .bos = -1, .eos = -1, .most_tokens = 12};
    const struct extract_options options = {.error = 0, .samples = 200, .most_states = 10, .seed = 1};
    make_latch();
    check_machine("a one occurred", extracted(&speech, &options), (const int[]){0, 1, 1, 1}, 0, 1);
    make_last();
    check_machine("the last was a one", extracted(&speech, &options), (const int[]){0, 1, 0, 1}, 0, 1);
}

// An endless generator: after a 0 mostly 1, after a 1 mostly 0; BOS is token 0.
static void test_generator(void) {
    make_last();
    set(4, 0, 2);
    set(4, 1, -2);
    set(5, 0, -0.5f);
    set(5, 1, 0.5f);
    const struct speech speech = {.letters = 2, .bos = 0, .eos = -1, .most_tokens = 30};
    const struct extract_options options = {
        .generates = true, .tolerance = 0.1, .threshold = 0.01, .error = 0, .samples = 100, .most_states = 10, .seed = 1};
    struct extraction e = extracted(&speech, &options);
    CHECK(e.automaton.states == 2 && e.error == 0 && e.automaton.p, "%d states, error %g", e.automaton.states, e.error);
    double h = tanh(1) /* c = 1 after a 1 */, after_one = 1 / (1 + exp(-(4 * h - 1)));
    CHECK_CLOSE(e.automaton.p[1], 1 / (1 + exp(-1)), 1e-5);
    CHECK_CLOSE(e.automaton.p[2], after_one, 1e-3);
    extraction_free(&e);
}

int main(void) {
    test_classifiers();
    test_generator();
    params_free(&table);
    return check_report("extract");
}
