// Regular languages: a task is a minimal DFA; an RNN reads a word symbol by symbol and tells of every prefix whether it is in the language.
#ifndef FAMILIES_REGULAR_H
#define FAMILIES_REGULAR_H

#include "families/dfa.h"
#include "families/family.h"

enum { REGULAR_GRAMMARS = 7, REGULAR_DEFAULT_LENGTH = 30 };

struct regular {
    struct dfa dfa;
    int tomita; // the number of Tomita's grammar, 1 .. 7; 0: none of them
    int length; // T, of the words that it is learnt by
};

// Tomita's grammars over {0,1} (Tomita 1982): 1* | (10)* | no odd run of 1s right before an odd run of 0s | no 000 | even numbers of 0s and
// of 1s | number of 0s - number of 1s a multiple of 3 | 0*1*0*1*. grammar 1 .. 7.
void regular_tomita(struct regular *task, int grammar);

// A random DFA of dfa.states states, 2 .. DFA_MAX_STATES, 0: any number of them alike, and dfa.symbols symbols; length must be set.
void regular_draw_task(struct regular *task, struct rng *rng);

// A word of `length` symbols, half of them uniform, half with accepted and rejected ones alike often, where there are both. share is
// [length+1] of dfa_shares.
void regular_draw_word(const struct dfa *d, int length, const dfa_share *share, struct rng *rng, uint8_t *word);

extern const struct family regular_family;

#endif
