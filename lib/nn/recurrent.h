// Recurrent layers with shared weights, of any cell: whole sequences as one operation, or step by step. States start at zero.
// Letters: T steps, B batch, I inputs, H hidden, G blocks (cell.h). Sequences are time-major, row t * B + b.
#ifndef NN_RECURRENT_H
#define NN_RECURRENT_H

#include "nn/cell.h"
#include "nn/weights.h"

#include <stdint.h>

// Declares "PREFIXweight_ihSUFFIX" [GH,I], "PREFIXweight_hhSUFFIX" [GH,H], "PREFIXbias_ihSUFFIX" [GH], "PREFIXbias_hhSUFFIX" [GH], uniform
// (-bound, bound); returns the first's index. PyTorch's bound is 1/sqrt(H).
int recurrent_params(struct params *p, const struct cell *cell, float bound, const char *prefix, const char *suffix, int input, int hidden);

// Sets the forget gates' biases of an LSTM layer whose weight_ih has index `first`: bias_ih to `bias`, bias_hh to 0, so that a fresh layer
// remembers (Gers, Schmidhuber and Cummins 2000; Jozefowicz et al. 2015).
void recurrent_forget_bias(const struct params *p, float *values, int first, float bias);

// One layer over a whole sequence: h [T*B,H] from x [T*B,I]. `first` is the index of weight_ih.
struct tensor *recurrent_sequence(struct tape *tape, const struct cell *cell, const struct weights *w, int first, struct tensor *x,
                                  int steps);

// The same with one-hot inputs given as tokens [T*B] (a table look-up); they must stay valid until backward.
struct tensor *recurrent_sequence_tokens(struct tape *tape, const struct cell *cell, const struct weights *w, int first,
                                         const uint8_t *tokens, int steps, int batch);

// The same where the pre-activations of the inputs come from a table [V,GH], looked up by tokens [T*B]: both biases are in it (of blocks
// that are kept apart, bias_ih alone). opening [B,GH] is added to those of the first `opening_steps` steps (0 .. T; opening may be NULL
// when 0). The layer's own weight_ih and biases are not used (but for bias_hh of blocks that are kept apart): gradients go to table and
// opening.
struct tensor *recurrent_sequence_table(struct tape *tape, const struct cell *cell, const struct weights *w, int first,
                                        struct tensor *table, struct tensor *opening, int opening_steps, const uint8_t *tokens, int steps,
                                        int batch);

// One layer step by step, for inputs that depend on earlier outputs. recurrent_begin comes before the steps (it collects the weights'
// gradients of all steps in one product at the end of backward); at most `max_steps` steps. Each returns h_t [B,H].
struct recurrent;
struct recurrent *recurrent_begin(struct tape *tape, const struct cell *cell, const struct weights *w, int first, int max_steps, int batch);
struct tensor *recurrent_step(struct recurrent *run, struct tensor *x);

#endif
