// A layer of a Transformer encoder (Vaswani et al. 2017), torch.nn.TransformerEncoderLayer with norms after the residual sums, ReLU and
// feed-forward width 4W:
//     u = norm1(x + dropout(Attention(x) W_o^T + b_o));  y = norm2(u + dropout(dropout(relu(u W_1^T + b_1)) W_2^T + b_2)).
// Letters: B sequences, S tokens each, W width. Rows are sequence by sequence: b * S + s.
#ifndef NN_TRANSFORMER_H
#define NN_TRANSFORMER_H

#include "nn/dropout.h"
#include "nn/weights.h"

// Declares "PREFIX.self_attn.in_proj_weight" [3W,W] (queries, keys, values), "PREFIX.self_attn.in_proj_bias",
// "PREFIX.self_attn.out_proj.weight" and ".bias", "PREFIX.linear1...", "PREFIX.linear2...", "PREFIX.norm1...", "PREFIX.norm2...",
// initialised as PyTorch does; returns the first's index.
int transformer_params(struct params *p, const char *prefix, int width);

// The last Q tokens of each sequence after one layer [B*Q,W], from all tokens x [B*S,W]: where only these are wanted, queries and
// feed-forward of the others are not computed. The whole layer is one operation that goes through it sequence by sequence: its products are
// large, and what lies between them stays in cache.
struct tensor *transformer_layer(struct tape *tape, const struct weights *w, int first, struct tensor *x, int batch, int heads, int queries,
                                 const struct dropout *dropout);

#endif
