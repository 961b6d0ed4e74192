// One layer of one RNN for plain runs over rows, with weights of its own: what the stepper and interrogations have in common. All by the
// kernels' products, never by BLIS, whose results depend on the number of rows.
#ifndef RNN_LAYER_H
#define RNN_LAYER_H

#include "nn/cell.h"

// Letters as in cell.h. The transposed copies are there because a product with few rows is fast only when the other operand's rows are
// long.
struct layer {
    const struct cell *cell;
    int input, hidden;
    float *w_ih_t, *w_hh_t; // [I,GH], [H,GH]
    float *bias;            // [GH]: bias_ih + bias_hh; of blocks that are kept apart bias_ih alone
    float *alone;           // [AH]: bias_hh of these blocks
};

// Floats of memory that layer_make takes.
size_t layer_size(const struct cell *cell, int input, int hidden);
// From weight_ih [GH,I], weight_hh [GH,H], bias_ih [GH], bias_hh [GH], which are copied into memory, which stays the caller's. weight_ih
// may be NULL (with input 0) in a layer whose inputs never pass through layer_inputs.
struct layer layer_make(const struct cell *cell, int input, int hidden, const float *const weights[RNN_PARTS], float *memory);

// Pre-activations gates [R,(G+A)H] of a step: those from inputs x [R,I], biases included, and what the states before, h [R,H], add to them
// (NULL: zero).
void layer_inputs(const struct layer *l, float *gates, const float *x, int rows);
void layer_recurrence(const struct layer *l, float *gates, const float *h, int rows);

#endif
