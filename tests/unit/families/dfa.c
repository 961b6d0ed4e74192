#include "families/dfa.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

// Accepts by walking; a word is the digits of a number.
static bool accepts(const struct dfa *d, int length, int number) {
    int q = 0;
    for (int t = 0; t < length; t++, number /= d->symbols)
        q = d->next[q][number % d->symbols];
    return d->accepting[q];
}

// Minimising keeps the language, whatever states are added, doubled and renumbered; the result is always the same.
static void test_minimise(void) {
    for (uint64_t run = 0; run < 60; run++) {
        struct rng rng = rng_make(1, run, "dfa");
        struct dfa d, doubled = {0};
        int symbols = 2 + (int)(run % 3), states = 2 + (int)(run % 3), order[DFA_MAX_STATES];
        dfa_draw(&d, states, symbols, &rng);
        CHECK(d.states == states && d.symbols == symbols);
        rng_permutation(&rng, order, 2 * states); // the two copies of state q are order[q] and order[q + states]
        doubled.symbols = symbols;
        doubled.states = 2 * states;
        for (int q = 0; q < 2 * states; q++) {
            doubled.accepting[order[q]] = d.accepting[q % states];
            for (int s = 0; s < symbols; s++)
                doubled.next[order[q]][s] = (uint8_t)order[d.next[q % states][s] + (rng_below(&rng, 2) ? states : 0)];
        }
        int start = order[0]; // becomes state 0
        for (int q = 0; q < 2 * states; q++)
            for (int s = 0; s < symbols; s++) {
                uint8_t *to = &doubled.next[q][s];
                *to = *to == start ? 0 : *to == 0 ? (uint8_t)start : *to;
            }
        for (int s = 0; s < symbols; s++) {
            uint8_t to = doubled.next[0][s];
            doubled.next[0][s] = doubled.next[start][s];
            doubled.next[start][s] = to;
        }
        bool a = doubled.accepting[0];
        doubled.accepting[0] = doubled.accepting[start];
        doubled.accepting[start] = a;
        dfa_minimise(&doubled);
        CHECK(memcmp(&doubled, &d, sizeof d) == 0, "run %d: %d states", (int)run, doubled.states);
    }
}

static void test_shares(void) {
    struct rng rng = rng_make(3, 0, "dfa");
    struct dfa d;
    dfa_draw(&d, 4, 3, &rng);
    dfa_share share[8];
    dfa_shares(&d, 7, share);
    for (int length = 0, words = 1; length <= 7; length++, words *= 3) {
        int accepted = 0;
        for (int number = 0; number < words; number++)
            accepted += accepts(&d, length, number);
        CHECK_CLOSE(share[length][0][1], (double)accepted / words, 1e-12);
        CHECK_CLOSE(share[length][0][0] + share[length][0][1], 1, 1e-12);
    }
}

// Words of a kind are uniform among all of that kind, also where they are rare.
static void test_words_of(void) {
    const struct dfa ones = {2, 2, {{1, 0}, {1, 1}}, {1, 0}}; // 1*
    dfa_share share[61];
    uint8_t word[60], verdict[60];
    struct rng rng = rng_make(1, 0, "words");
    dfa_shares(&ones, 60, share);
    dfa_draw_word_of(&ones, 60, true, share, &rng, word);
    for (int t = 0; t < 60; t++)
        CHECK(word[t] == 1);
    int count[16] = {0};
    for (int i = 0; i < 15000; i++) {
        dfa_draw_word_of(&ones, 4, false, share, &rng, word);
        dfa_read(&ones, word, 4, verdict);
        CHECK(!verdict[3] && verdict[0] == (word[0] == 1));
        count[word[0] * 8 + word[1] * 4 + word[2] * 2 + word[3]]++;
    }
    CHECK(count[15] == 0);
    for (int i = 0; i < 15; i++)
        CHECK(abs(count[i] - 1000) < 140, "%d: %d", i, count[i]); // four deviations and a half
}

int main(void) {
    test_minimise();
    test_shares();
    test_words_of();
    return check_report("families/dfa");
}
