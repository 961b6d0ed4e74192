// Several RNNs of one architecture, each with its own weights, as the encoders get them.
#ifndef RNN_BATCH_H
#define RNN_BATCH_H

#include "grad/tape.h"
#include "rnn/rnn.h"

struct rnn_batch {
    struct rnn_arch arch;
    const struct params *table;  // rnn_params of arch
    int count;                   // B
    const float *const *weights; // B flat vectors
    float *const *grads;         // B flat vectors to accumulate the weights' gradients into, or NULL
};

// All weights as a tensor [B,P], whose gradient is passed on to batch->grads (it has none when that is NULL). index [P] (may be NULL)
// reorders them: column j is weight index[j] (see symmetry.h). index, weights and gradients have to outlive the pass, the batch itself need
// not.
struct tensor *rnn_batch_tensor(struct tape *tape, const struct rnn_batch *batch, const int *index);

#endif
