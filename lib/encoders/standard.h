// Numbers of mean 0 and deviation 1: y = (x - shift) * scale, column by column. Shift and scale are frozen parameters of an encoder, whose
// table has them only where its config asks for them:
//     standard.shift, standard.scale    of what it reads of the weights: measured once, over a zoo, when it is made
//     z.shift, z.scale                  of z before it gets unit norm: measured along with training, over the RNNs of the last steps
#ifndef ENCODERS_STANDARD_H
#define ENCODERS_STANDARD_H

#include "encoders/encoder.h"

// Adds the parameters that the config asks for behind all others, and notes where. They begin as 0 and 1, which changes nothing.
void standard_declare(struct encoder *e);

// (x - shift) * scale of x [R,F], where `shift` is the index of a shift [F] that its scale follows; x itself where it is 0. The backward
// pass takes both as constants.
struct tensor *standardised(struct tape *tape, const struct encoder *e, int shift, struct tensor *x);

// The same where shift and scale have one number for each parameter of RNNs of this table, whose weights are x [R,table->size].
struct tensor *standardised_by_tensor(struct tape *tape, const struct encoder *e, int shift, const struct params *table, struct tensor *x);

// Measures features over RNNs, by Welford's method: add each, then settle. A column that is constant keeps scale 1.
struct standard_fit;
struct standard_fit *standard_fit_new(struct encoder *e); // e has standard.shift
void standard_fit_add(struct standard_fit *f, const struct rnn_batch *batch);
void standard_fit_settle(struct standard_fit *f); // writes e's parameters, and frees f

// Moves z.shift and z.scale towards mean and deviation of z [rows,Z], raw, by the share max(1 / step, 0.01): in the first hundred steps
// they are those of all RNNs so far. step counts from 1; e has z.shift.
void standard_follow_z(struct encoder *e, const float *z, int rows, uint64_t step);

#endif
