// Rollouts of any RNN: what it answers to sequences that it is given, or that it says by itself.
// Letters: R rows, T steps, I inputs, O outputs.
#ifndef RNN_ROLLOUT_H
#define RNN_ROLLOUT_H

#include "rnn/stepper.h"

// The answers [R,T,O] (raw) to rows of tokens [R,T], each below I, or (with tokens NULL) of numbers [R,T,I].
void rollout_read(struct stepper *s, const struct rnn_arch *arch, const uint8_t *tokens, const float *numbers, int rows, int steps,
                  float *answers);

// Rows of tokens [R,T+1] that an RNN says by itself (rnn_tells_tokens), each token drawn by the probabilities that the RNN gives, and these
// probabilities' logarithms [R,T,O]. Rows begin with `first`, or, when it is -1, row i with token i mod I. All rows
// draw from one rng: what a row says depends on how many there are.
void rollout_sample(struct stepper *s, const struct rnn_arch *arch, int first, int rows, int steps, struct rng *rng, uint8_t *tokens,
                    float *log_p);

#endif
