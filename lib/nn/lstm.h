// LSTM layers with shared weights (Hochreiter and Schmidhuber 1997, with forget gates), PyTorch's gate order i,f,g,o and two biases:
//     z = W_ih x + b_ih + W_hh h + b_hh;  c' = sig(f) c + sig(i) tanh(g);  h' = sig(o) tanh(c');  h, c start at zero.
// Letters: T steps, B batch, I inputs, H hidden. Sequences are time-major, row t * B + b.
#ifndef NN_LSTM_H
#define NN_LSTM_H

#include "nn/weights.h"

#include <stdint.h>

// Declares "PREFIXweight_ihSUFFIX" [4H,I], "PREFIXweight_hhSUFFIX" [4H,H], "PREFIXbias_ihSUFFIX" [4H], "PREFIXbias_hhSUFFIX" [4H],
// uniform(-1/sqrt(H), 1/sqrt(H)); returns the first's index.
int lstm_params(struct params *p, const char *prefix, const char *suffix, int input, int hidden);

// One layer over a whole sequence as one operation: h [T*B,H] from x [T*B,I]. `first` is the index of weight_ih.
struct tensor *lstm_sequence(struct tape *tape, const struct weights *w, int first, struct tensor *x, int steps);

// The same with one-hot inputs given as tokens [T*B] (a table look-up); they must stay valid until backward.
struct tensor *lstm_sequence_tokens(struct tape *tape, const struct weights *w, int first, const uint8_t *tokens, int steps, int batch);

// The same where the pre-activations of the inputs come from a table [V,4H] (biases included), looked up by tokens [T*B]; opening [B,4H] is
// added to those of the first `opening_steps` steps (0 .. T; opening may be NULL when 0). The layer's own weight_ih and biases are not
// used: gradients go to table and opening.
struct tensor *lstm_sequence_table(struct tape *tape, const struct weights *w, int first, struct tensor *table, struct tensor *opening,
                                   int opening_steps, const uint8_t *tokens, int steps, int batch);

// One layer step by step, for inputs that depend on earlier outputs. lstm_begin comes before the steps (it collects the weights' gradients
// of all steps in one product at the end of backward); at most `max_steps` steps. Each returns h_t [B,H].
struct lstm_run;
struct lstm_run *lstm_begin(struct tape *tape, const struct weights *w, int first, int max_steps, int batch);
struct tensor *lstm_step(struct lstm_run *run, struct tensor *x);

#endif
