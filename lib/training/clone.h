// A clone: what an emulator does once it has been given an embedding, as an RNN of its own, whose weights can be walked, listened to and
// compared like any RNN's.
//     W_ih' = W_ih W_in,  b_ih' = b_ih + W_ih (b_in + W_z z + b_z)
// where z is given at every step. Where it is given at the first step only, and that step is the only one that reads BOS, W_ih (W_z z +
// b_z) goes into the column of BOS.
#ifndef TRAINING_CLONE_H
#define TRAINING_CLONE_H

#include "training/emulator.h"

struct clone {
    struct rnn_arch arch;
    struct params table;
    float *weights; // [table.size]
};

// z [Z]; bos: the token that begins words, -1: none. False, with nothing to free, when z is given at the first step only and there is no
// BOS: that is no RNN of this kind.
bool clone_make(struct clone *out, const struct emulator *e, const float *z, int bos);
void clone_free(struct clone *c);

#endif
