#include "analysis/automaton.h"

#include "../check.h"
#include "base/rng.h"
#include "stream/json.h"

#include <stdlib.h>
#include <string.h>

static struct automaton machine(int states, int letters, const int *next, const int *answer) {
    struct automaton a = {.states = states, .letters = letters};
    a.next = malloc((size_t)(states * letters) * sizeof *a.next);
    a.answer = malloc((size_t)states * sizeof *a.answer);
    memcpy(a.next, next, (size_t)(states * letters) * sizeof *a.next);
    memcpy(a.answer, answer, (size_t)states * sizeof *a.answer);
    return a;
}

static int answer_to(const struct automaton *a, const int *word, int length) {
    int state = automaton_run(a, word, length);
    return state < 0 ? 0 : a->answer[state];
}

// Random machines answer all short words as before, equal themselves, and no two of their states are alike.
static void test_minimise(void) {
    struct rng rng = rng_make(1, 0, "machines");
    for (int trial = 0; trial < 200; trial++) {
        int next[8 * 2], answer[8], states = 2 + (int)rng_below(&rng, 7), word[8];
        for (int i = 0; i < states * 2; i++)
            next[i] = (int)rng_below(&rng, (uint64_t)states + 1) - 1;
        for (int s = 0; s < states; s++)
            answer[s] = (int)rng_below(&rng, 2);
        struct automaton a = machine(states, 2, next, answer), b = machine(states, 2, next, answer);
        automaton_minimise(&b);
        bool same = true, apart = true;
        for (int w = 0; w < 256; w++)
            for (int length = 0; length <= 8; length++) {
                for (int k = 0; k < length; k++)
                    word[k] = w >> k & 1;
                same &= answer_to(&a, word, length) == answer_to(&b, word, length);
            }
        CHECK(same && b.states <= a.states, "trial %d", trial);
        for (int s = 0; s < b.states; s++)
            for (int r = 0; r < s; r++)
                apart &= b.answer[r] != b.answer[s] || memcmp(b.next + 2 * r, b.next + 2 * s, 2 * sizeof(int)) != 0;
        CHECK(apart, "trial %d: two states alike", trial);
        struct automaton c = machine(b.states, 2, b.next, b.answer);
        automaton_minimise(&c);
        CHECK(c.states == b.states && automaton_equal(&b, &c), "trial %d: again", trial);
        c.answer[c.states - 1] ^= 1;
        CHECK(!automaton_equal(&b, &c), "trial %d: another answer", trial);
        automaton_free(&a);
        automaton_free(&b);
        automaton_free(&c);
    }
}

// An even number of ones, written with six states: two are left. Its numbering does not matter.
static void test_parity(void) {
    struct automaton six = machine(6, 2, (int[]){2, 1, 3, 4, 0, 5, 1, 2, 4, 3, 5, 0}, (int[]){1, 0, 1, 0, 1, 0});
    automaton_minimise(&six);
    CHECK(six.states == 2, "%d states", six.states);
    struct automaton two = machine(3, 2, (int[]){0, 2, 1, 1, 2, 0}, (int[]){1, 1, 0}); // state 1 can't be reached
    CHECK(automaton_equal(&six, &two), "parity");
    two.answer[0] = -1;
    CHECK(automaton_equal(&six, &two), "an unknown answer fits");
    automaton_free(&six);
    automaton_free(&two);
}

static void test_trim(void) {
    struct automaton a = machine(4, 2, (int[]){1, 2, 3, 2, 2, 2, 1, 3}, (int[]){0, 1, 0, 0}); // state 2 is dead, 3 is not
    automaton_trim(&a);
    CHECK(a.states == 3 && automaton_arrows(&a) == 4, "%d states, %d arrows", a.states, automaton_arrows(&a));
    CHECK(automaton_run(&a, (int[]){1}, 1) == -1, "no way to the dead state");
    struct automaton none = machine(2, 1, (int[]){1, 0}, (int[]){0, 0});
    automaton_trim(&none);
    CHECK(none.states == 1 && none.next[0] == -1, "nothing accepted");
    automaton_free(&a);
    automaton_free(&none);
}

static const char *name_of(int letter, const void *context) {
    (void)context;
    return letter ? "\"b\"" : "a";
}

static void test_words(void) {
    struct words words = {0};
    static const int list[][3] = {{0, 1, 1}, {1, 1, 1}, {0, 1, 0}, {1, 1, 0}};
    for (int i = 0; i < 4; i++)
        words_add(&words, list[i], 3, false, -1);
    struct automaton a;
    automaton_of_words(&a, &words, 2); // (a|b) b (a|b): a chain
    CHECK(a.states == 4 && automaton_arrows(&a) == 5, "%d states, %d arrows", a.states, automaton_arrows(&a));
    struct text text = {0};
    automaton_dot(&text, &a, "t", name_of, NULL);
    CHECK(memmem(text.bytes, text.size, "0 -> 1 [label=\"a, \\\"b\\\"\"];", 26), "%.*s", (int)text.size, text.bytes);
    free(text.bytes);
    automaton_free(&a);
    words_free(&words);
    automaton_of_words(&a, &words, 2);
    CHECK(a.states == 1 && a.answer[0] == 0 && automaton_arrows(&a) == 0, "no words");
    automaton_free(&a);
}

int main(void) {
    test_minimise();
    test_parity();
    test_trim();
    test_words();
    return check_report("automaton");
}
