// Networks made from others by changing their weights: what people do to models, and what analyses of lineage and of symmetries have to see
// through.
#ifndef RNN_PERTURB_H
#define RNN_PERTURB_H

#include "nn/params.h"

// All change a flat vector [table->size] in place.

// Gaussian noise of `relative` times the standard deviation of each tensor.
void perturb_noise(float *weights, const struct params *table, double relative, struct rng *rng);

// Symmetric uniform quantisation of each tensor to `bits` (2 .. 16): w becomes the nearest multiple of s = max |w| / (2^(bits-1) - 1).
void perturb_quantise(float *weights, const struct params *table, int bits);

// Magnitude pruning: zeroes that share of the entries of all matrices together whose absolute values are least, of equal ones the first;
// vectors stay.
void perturb_prune(float *weights, const struct params *table, double share);

// w = share * w + (1 - share) * other.
void perturb_merge(float *weights, const float *other, size_t size, double share);

#endif
