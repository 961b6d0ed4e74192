// Batches of RNNs of one architecture, for tests and benchmarks.
#ifndef UNIT_ALIKE_H
#define UNIT_ALIKE_H

#include "rnn/batch.h"

// room [count]; weights [count] flat vectors, grads likewise or NULL. All is borrowed.
static inline struct rnn_batch alike(struct rnn *room, const struct rnn_arch *arch, const struct params *table, int count,
                                     const float *const *weights, float *const *grads) {
    for (int b = 0; b < count; b++)
        room[b] = (struct rnn){.arch = arch, .table = table, .weights = weights[b], .grad = grads ? grads[b] : NULL};
    return (struct rnn_batch){room, count};
}

#endif
