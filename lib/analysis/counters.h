// Counting: how far an RNN of a language counts right, and which of its units do it (Weiss, Goldberg and Yahav, ACL 2018, on cell states).
#ifndef ANALYSIS_COUNTERS_H
#define ANALYSIS_COUNTERS_H

#include "analysis/sequences.h"

// n*: the greatest n such that the RNN gets all words up to it right: it is fed a^n, a the first letter, and the letter after that block,
// and from there on every next token of the word, EOS included, has to be its most probable one (what is right is fed). Begins at the least
// n that has a word; -1 when that one is wrong already; at most `limit`. bos begins words. The task's family must have counted words
// (family->counted).
int counters_reach(struct walker *w, const struct task *task, int bos, int limit);

// How a unit moves in a block of at least COUNTER_BLOCK equal tokens: the least squares line of its state over the positions.
enum { COUNTER_BLOCK = 4 };
struct counter_block {
    int token, first, length; // positions of the sequence
    double slope, r2;
};

struct counter {
    int layer, unit;
    struct counter_block *blocks; // [block_count], of the sequence
};

// The counters among the units: those with a block in which they rise, and one in which they fall, both strongly: |slope| above `slope`,
// R^2 above `r2` (measured with 0.15 and 0.98). The state is c of an LSTM, h of other cells. Returns how many; list and its blocks are
// allocated, counters_free frees them.
struct counter_limits {
    double slope, r2;
};
extern const struct counter_limits counter_limits;
int counters_find(struct counter **list, int *block_count, const struct trace *t, const struct walker *w, const struct sequence *s,
                  const struct counter_limits *limits);
void counters_free(struct counter *list, int count);

#endif
