// A network's parameters in use: one table, one flat vector of values, and, for training, one of gradients. Lanes that share values but
// have their own gradients are several struct weights over the same value.
#ifndef NN_WEIGHTS_H
#define NN_WEIGHTS_H

#include "grad/tape.h"
#include "nn/params.h"

struct weights {
    const struct params *table;
    float *value;
    float *grad; // NULL: no gradient wanted
};

// Parameter `index` as a leaf [rows, cols]; vectors are one row.
struct tensor *weights_leaf(struct tape *tape, const struct weights *w, int index);

#endif
