// Bringing the hidden units of one RNN into the order, and to the signs, in which they are most like another one's. What an RNN computes
// does not change when its units are permuted, when signs of units are flipped (LSTM, GRU, tanh) or units are scaled (ReLU), or when mass
// moves between the two biases; so weights can be compared only after this.
//
// Sought is the change T that maximises <A, T(B)> over all weights, biases merged. As weight_hh has the units on both of its axes this is a
// quadratic assignment; it is solved layer by layer, with the other side held fixed, as a linear assignment: unit a of A and unit b of B
// score
//     C_ab = E_ab + |D_ab|
// where E is the inner product of what the sign of a unit leaves alone (rows of the gates), and D that of what it flips (rows of the
// candidate, and columns); b takes the sign of D. After Ainsworth, Hayase and Srinivasa (Git Re-Basin, 2023), with recurrence and signs.
//
// What decides between states is the distance |A - T(B)|, biases merged; where T has no scales the greatest product is the least distance.
// The search begins with what was found so or, where that is nearer, with B as it is, and ends with small changes (align_local.h), so that
// the distance never grows. It is a local optimum.
#ifndef RNN_ALIGN_H
#define RNN_ALIGN_H

#include "rnn/rnn.h"

struct alignment {
    int layers, hidden;
    int *unit;                              // [layers,hidden] unit k of layer l of the aligned RNN is that unit of the original,
    float *scale;                           // [layers,hidden] with its state times this: 1 or -1; for ReLU any positive number
    int sweeps;                             // of all layers until nothing changed, or the most that are tried
    double cosine_before, cosine_after;     // of all weights with A's, biases merged
    double distance_before, distance_after; // likewise; the latter is at most the former
};

// Aligns `other` to `reference`, flat vectors of the architecture; aligned [rnn_size] becomes the same function as `other`, with the biases
// split as the reference has them. Free the alignment with alignment_free.
struct alignment align(float *aligned, const struct rnn_arch *arch, const float *reference, const float *other);
void alignment_free(struct alignment *a);

#endif
