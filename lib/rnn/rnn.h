// The RNNs of a zoo: an LSTM of any depth with a linear read-out, in PyTorch's parameter order and names (paper, section 4.1).
#ifndef RNN_RNN_H
#define RNN_RNN_H

#include "nn/params.h"

struct rnn_arch {
    int input, hidden, layers, output;
};

enum { RNN_MAX_LAYERS = 16, RNN_MAX_SIZE = 65536 };

bool rnn_arch_equal(const struct rnn_arch *a, const struct rnn_arch *b);
bool rnn_arch_valid(const struct rnn_arch *arch); // all sizes positive and within sane limits (RNN_MAX_SIZE, RNN_MAX_LAYERS)

// lstm.weight_ih_l0 [4N,I], lstm.weight_hh_l0 [4N,N], lstm.bias_ih_l0 [4N], lstm.bias_hh_l0 [4N], ... _l1 ..., linear.weight [O,N],
// linear.bias [O]; all initialised uniform(-1/sqrt(N), 1/sqrt(N)).
void rnn_params(struct params *p, const struct rnn_arch *arch);
size_t rnn_size(const struct rnn_arch *arch); // the size of that table, in floats, without making it

#endif
