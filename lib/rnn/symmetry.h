// Changes of an RNN's weights that leave what it computes unchanged: hidden units may be permuted (paper, section 3.1), and each unit's
// state may be multiplied by what its cell allows (cell_symmetry): by -1, or by any positive number.
#ifndef RNN_SYMMETRY_H
#define RNN_SYMMETRY_H

#include "base/rng.h"
#include "rnn/rnn.h"

// The reordering of all weights that belongs to one permutation [H] a layer: new unit j of layer l is old unit permutations[l][j]. Weight j
// of the new RNN is weight index[j] of the old one; index has room for rnn_size(arch) numbers.
void symmetry_index(int *index, const struct rnn_arch *arch, int *const *permutations);

// The same for random permutations.
void symmetry_random_index(int *index, const struct rnn_arch *arch, struct rng *rng);

// The general form: unit k of layer l of the new RNN is unit[l * H + k] of the old one, with its state times scale[l * H + k]. With p and s
// of the layer, q and r of the layer below it (or of the layer itself for weight_hh),
//     new weight of block b, row i, column k = f old[b, p(i), q(k)] / r(k), f = s(i) for the candidate's block and 1 for gates; biases
//     likewise without columns.
// weights and out [rnn_size] must not overlap.
void symmetry_apply(float *out, const float *weights, const struct rnn_arch *arch, const int *unit, const float *scale);

// Puts bias_ih + bias_hh into bias_ih and zero into bias_hh, in place, where only their sum counts (all blocks but those that the cell
// keeps apart).
void symmetry_merge_biases(float *weights, const struct rnn_arch *arch);

// A random one for symmetry_apply: permuted units if `permute`; if `rescale`, signs, or scales between 1/2 and 2 (uniform in the
// logarithm), as the cell allows.
void symmetry_random(int *unit, float *scale, const struct rnn_arch *arch, bool permute, bool rescale, struct rng *rng);

// Moves normal amounts of that deviation between the two biases of each row, b_ih + d and b_hh - d, in place, where only their sum counts.
void symmetry_shift_biases(float *weights, const struct rnn_arch *arch, double deviation, struct rng *rng);
// Exchanges the two biases of each such row with probability 1/2.
void symmetry_swap_biases(float *weights, const struct rnn_arch *arch, struct rng *rng);

#endif
