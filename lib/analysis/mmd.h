// Are two samples of strings of one distribution? Maximum mean discrepancy with kernels on strings, and a permutation test (Gretton et al.
// 2012; Gao, Liang and Guestrin, Model Equality Testing, ICLR 2025, with the Hamming kernel).
//
// The Hamming kernel, the share of positions with equal tokens, sees the distribution at each position and no more: its MMD^2 is, in
// expectation, the mean over positions of |p_i - q_i|^2. Networks that differ only in how positions hang together would pass. So the kernel
// here is the mean of three: equal tokens, equal pairs of neighbours, and equal strings.
#ifndef ANALYSIS_MMD_H
#define ANALYSIS_MMD_H

#include "base/rng.h"

struct mmd {
    double squared; // unbiased, so that it may be negative
    double p;       // (1 + number of permutations with at least that) / (permutations + 1)
};

// x [m,length] and y [n,length], rows of tokens, all padded alike; m and n at least 2. Memory: (m + n)^2 floats.
struct mmd mmd_test(const int *x, int m, const int *y, int n, int length, int permutations, struct rng *rng);

#endif
