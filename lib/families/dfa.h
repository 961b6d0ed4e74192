// Small complete deterministic finite automata, and words drawn by them. State 0 is the start.
#ifndef FAMILIES_DFA_H
#define FAMILIES_DFA_H

#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum { DFA_MAX_STATES = 8, DFA_MAX_SYMBOLS = 4, DFA_MAX_LENGTH = 1024 };

struct dfa {
    int symbols, states;
    uint8_t next[DFA_MAX_STATES][DFA_MAX_SYMBOLS]; // unused entries are 0
    bool accepting[DFA_MAX_STATES];
};

// Makes it the smallest automaton of its language, its states numbered in the order in which a breadth-first walk from the start meets
// them, symbols in their order. So two automata have the same language just when they are the same afterwards.
void dfa_minimise(struct dfa *d);

// A random minimal automaton of so many states and symbols, all of them reachable, that accepts between a tenth and nine tenths of the
// words of length 10. A pure function of its arguments.
void dfa_draw(struct dfa *d, int states, int symbols, struct rng *rng);

// share[k][q][a]: of all words of length k = 0 .. length, the share that is accepted (a = 1) or rejected (a = 0) from state q:
//     share[0][q][a] = [q accepting] = a,      share[k][q][a] = mean over symbols s of share[k-1][next(q,s)][a]
typedef double dfa_share[DFA_MAX_STATES][2];
void dfa_shares(const struct dfa *d, int length, dfa_share *share);

// A word of this length, uniform among all of them; and uniform among those that are accepted or rejected, of which there must be some
// (share[length][0][accepted] > 0).
void dfa_draw_word(const struct dfa *d, int length, struct rng *rng, uint8_t *word);
void dfa_draw_word_of(const struct dfa *d, int length, bool accepted, const dfa_share *share, struct rng *rng, uint8_t *word);

// verdict[t] = 1 when the prefix of t + 1 symbols is in the language, else 0.
void dfa_read(const struct dfa *d, const uint8_t *word, int length, uint8_t *verdict);

#endif
