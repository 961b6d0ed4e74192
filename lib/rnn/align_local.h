// The last steps of an alignment: small changes, each of which makes the RNN more like the reference, until there is none, or for a few
// rounds. Scales of units (ReLU) are fitted to the reference; a unit's sign is flipped (LSTM, GRU, tanh); two units of a layer exchange
// their places. What is found is a local optimum.
#ifndef RNN_ALIGN_LOCAL_H
#define RNN_ALIGN_LOCAL_H

#include "rnn/rnn.h"

// `unit` and `scale` [layers,hidden] say how b is read (symmetry_apply). Both functions change them, the first one only `scale`, such that
// the squared distance of b so read from a shrinks or stays, and return it. a and b are flat vectors with merged biases.
double align_fit_scales(const struct rnn_arch *arch, const float *a, const float *b, int *unit, float *scale);
double align_local(const struct rnn_arch *arch, const float *a, const float *b, int *unit, float *scale);

#endif
