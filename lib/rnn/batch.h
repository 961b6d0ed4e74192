// Several RNNs, each with its own weights, as the encoders get them.
#ifndef RNN_BATCH_H
#define RNN_BATCH_H

#include "grad/tape.h"
#include "rnn/rnn.h"

struct rnn_batch {
    const struct rnn *rnn; // [count], of any architectures
    int count;             // B
};

// RNNs first .. first + count - 1 alone.
struct rnn_batch rnn_batch_part(const struct rnn_batch *batch, int first, int count);

// How many RNNs from `first` on (at least that one, at most `most`) have the same architecture as it.
int rnn_batch_alike(const struct rnn_batch *batch, int first, int most);

// Are gradients wanted of any RNN's weights?
bool rnn_batch_trained(const struct rnn_batch *batch);

// All weights of RNNs of one architecture as a tensor [B,P], whose gradient is passed on to each RNN's grad (it has none when no RNN has).
// index [P] (may be NULL) reorders them: column j is weight index[j] (see symmetry.h). index, weights and gradients have to outlive the
// pass, the batch itself need not.
struct tensor *rnn_batch_tensor(struct tape *tape, const struct rnn_batch *batch, const int *index);

#endif
