// An RNN that can be stopped, copied and sent on in several directions: its state is a vector that the caller keeps. What is found out
// about RNNs by trying continuations (words, automata, counters, comparisons) stands on this.
#ifndef ANALYSIS_WALKER_H
#define ANALYSIS_WALKER_H

#include "rnn/rnn.h"

struct walker;

// The weights are borrowed: they have to outlive the walker.
struct walker *walker_new(const struct rnn_arch *arch, const struct params *table, const float *weights);
void walker_free(struct walker *w); // NULL allowed

const struct rnn_arch *walker_arch(const struct walker *w);

// A state: for each layer its h [H], then (LSTM) its c [H]; so many floats. All zero is the start.
size_t walker_state_size(const struct walker *w);
int walker_vectors(const struct walker *w); // of [H] floats a layer: 2 for an LSTM (h, c)
int walker_gates(const struct walker *w);   // of [H] activations a layer and step: 4 for an LSTM (i, f, g, o)

// One step of `count` walks, of any number: walk i goes from state before[i] (NULL: the start) to after[i], which may be the same memory.
// Each reads a token or, when tokens is NULL, a row of inputs [count,I]. answers [count,O] (may be NULL) are the raw outputs. gates (may be
// NULL) [count,L,G*H] receives the gates' activations. Results do not depend on which walks are stepped together.
struct walk_step {
    int count;
    const float *const *before;
    float *const *after;
    const int *tokens;
    const float *inputs;
    float *answers;
    float *gates;
};
void walker_step(struct walker *w, const struct walk_step *step);

// Log-probabilities [count,O], in double, of raw answers to next tokens or classes: x_i - log sum_j exp x_j.
void walker_log_softmax(double *log_p, const float *answers, int count, int outputs);

#endif
