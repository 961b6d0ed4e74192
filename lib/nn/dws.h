// Operations of deep weight space networks (Navon et al. 2023; neural functionals, Zhou et al. 2023): features that have the shape of other
// networks' weights. Letters: B networks, R rows, K columns and C channels of one weight tensor. Features are position-major with their
// channels side by side, for all networks together: [B*R*K,C], so that a map of channels is one large product.
#ifndef NN_DWS_H
#define NN_DWS_H

#include "nn/weights.h"

// Features of one weight matrix.
struct grid {
    int rows, cols;           // R, K
    struct tensor *x;         // [B*R*K,C]; position (b,r,k) is row (b * R + r) * K + k
    struct tensor *row_means; // over rows, [B*K,C]
    struct tensor *col_means; // over columns, [B*R,C]
};

// x with its means.
struct grid grid_of(struct tape *tape, struct tensor *x, int rows, int cols);

// y[b,r,k] = W x[b,r,k] + bias + along_cols[b,k] + along_rows[b,r] + everywhere[b], then ReLU if relu, and the means of that. W [O,C], bias
// [1,O], along_cols [B*K,O], along_rows [B*R,O], everywhere [B,O]. in's own means are not used. With wants_means_only nobody may want y's
// gradient: it comes through its means.
struct grid grid_map(struct tape *tape, const struct grid *in, struct tensor *w, struct tensor *bias, struct tensor *along_cols,
                     struct tensor *along_rows, struct tensor *everywhere, bool relu, bool wants_means_only);

// y[p] = x[p] + e[:, p / inner % n], for x [P,C] and e [C,n].
struct tensor *add_embedding(struct tape *tape, struct tensor *x, struct tensor *e, int inner);

// y[g * n + i] = x[g * n + i] + shift[g], for x [G*n,C] and shift [G,C].
struct tensor *add_to_groups(struct tape *tape, struct tensor *x, struct tensor *shift);

// Means of n successive rows: [G*n,C] -> [G,C].
struct tensor *group_means(struct tape *tape, struct tensor *x, int n);

// The linear map of parts [R,C1], [R,C2], ... side by side: y [R,O] = [parts] W^T + b, W [O,C1+C2+...], b [1,O].
struct tensor *linear_parts(struct tape *tape, struct tensor *const *parts, int count, struct tensor *w, struct tensor *b);

#endif
