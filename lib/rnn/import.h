// A network found in a foreign file, as weights in the order of rnn_params.
#ifndef RNN_IMPORT_H
#define RNN_IMPORT_H

#include "formats/network.h"
#include "rnn/rnn.h"

// *weights [rnn_size(arch)], to be freed; arch follows from the network. The embedding E [V,input] is folded into the first layer, which
// then reads one-hot tokens: W_ih' = W_ih E^T [.,V]. A missing read-out becomes the identity, missing biases zeros. STATUS_DATA, naming the
// tensor, when one can't be read or has an item that is not finite, and when the network has more than `most` weights or sizes beyond
// RNN_MAX_SIZE.
enum status rnn_of_network(const struct network *network, size_t most, struct rnn_arch *arch, float **weights,
                           struct error *error) MUST_CHECK;

#endif
