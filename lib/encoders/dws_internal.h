// The layers of deep weight space networks, one by one. Matrix m = 2 l is layer l's weight_ih, 2 l + 1 its weight_hh, and the last, 2 L,
// the read-out; each has its bias.
#ifndef ENCODERS_DWS_INTERNAL_H
#define ENCODERS_DWS_INTERNAL_H

#include "encoders/encoder.h"
#include "nn/dws.h"

enum { DWS_MAX_MATRICES = 2 * RNN_MAX_LAYERS + 1 };

// Features of B RNNs.
struct dws_features {
    struct grid matrix[DWS_MAX_MATRICES];
    struct tensor *bias[DWS_MAX_MATRICES]; // [B*R,C]
    bool pooled;                           // all are means over positions, [B,C], as of matrices of one row and one column
};

void dws_input(struct tape *tape, const struct encoder *e, const struct rnn_batch *batch, struct dws_features *f);
// Replaces features by those after layer `layer`: learned embeddings added, the equivariant map, ReLU unless it is the last. Gradients
// reach the features before the last layer through their means only.
void dws_layer(struct tape *tape, const struct encoder *e, const struct weights *w, int layer, struct dws_features *f);
struct dws_features dws_pooled(struct tape *tape, const struct encoder *e, const struct dws_features *f);

#endif
