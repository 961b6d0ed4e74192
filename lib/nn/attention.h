// Scaled dot-product attention of several heads over one sequence (Vaswani et al. 2017, equation 1), as torch.nn.MultiheadAttention has it
// between its projections in and out. Head h owns columns h*D .. h*D+D-1, D = width / heads:
//     A = softmax(Q K^T / sqrt(D)), row by row;  O = dropout(A) V.
// Letters: Q queries, S tokens, W width. The weights A [Q,S] are never kept: backward computes them again, some rows at a time, so that
// they stay in cache (Dao et al. 2022).
#ifndef NN_ATTENTION_H
#define NN_ATTENTION_H

#include "nn/dropout.h"

struct attention {
    int queries, tokens, width, heads;
    struct dropout dropout;
};

size_t attention_scratch(const struct attention *a); // floats of scratch memory that either function needs

// out [Q,W] from q [Q,W] and keys_values [S,2W] (each row: W keys, W values).
void attention_forward(const struct attention *a, float *out, const float *q, const float *keys_values, float *scratch);

// dq [Q,W] and dkeys_values [S,2W], both overwritten, from dout [Q,W] and what forward had and gave.
void attention_backward(const struct attention *a, float *dq, float *dkeys_values, const float *dout, const float *out, const float *q,
                        const float *keys_values, float *scratch);

#endif
