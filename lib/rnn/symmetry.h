// Permutations of hidden units: they reorder an RNN's weights and leave what it computes unchanged (paper, section 3.1).
#ifndef RNN_SYMMETRY_H
#define RNN_SYMMETRY_H

#include "base/rng.h"
#include "rnn/rnn.h"

// The reordering of all weights that belongs to one permutation [H] a layer: new unit j of layer l is old unit permutations[l][j]. Weight j
// of the new RNN is weight index[j] of the old one; index has room for rnn_size(arch) numbers.
void symmetry_index(int *index, const struct rnn_arch *arch, int *const *permutations);

// The same for random permutations.
void symmetry_random_index(int *index, const struct rnn_arch *arch, struct rng *rng);

#endif
