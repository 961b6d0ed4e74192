// Generating token strings: a stack of LSTM layers with a read-out, run without history or gradients, for many strings at once. The first
// layer's input is a table look-up, so a zoo RNN and an emulator (whose input projection folds into the table) are the same thing here.
#ifndef RNN_STEPPER_H
#define RNN_STEPPER_H

#include "base/rng.h"
#include "rnn/rnn.h"

struct stepper;

// layers >= 1 LSTM layers of one width; see stepper_of_rnn for the usual case.
struct stepper_layer {
    const float *w_ih, *w_hh, *b_ih, *b_hh; // [4H,I], [4H,H], [4H], [4H]; w_ih and the biases of the first layer are not read
};
struct stepper *stepper_new(int symbols, int hidden, int layers, int outputs, const struct stepper_layer *layer,
                            const float *token_table /* [symbols,4H], biases in */, const float *w_out /* [O,H] */, const float *b_out);
struct stepper *stepper_of_rnn(const struct rnn_arch *arch, const struct params *table, const float *weights);
void stepper_free(struct stepper *s);

// What is added to the first layer's pre-activations: nothing, or gates [count,4H] of each string at its first step or at every step.
struct stepper_opening {
    const float *gates; // NULL: nothing
    bool every;
};

// What a row of tokens is: `length` tokens, of which the first is bos and those from the end of the string on are eos.
struct token_rows {
    int length, bos, eos;
};

// Samples `count` rows [count, length] from BOS, by the network's own distribution. With log_p [count, length-1,
// symbols] (may be NULL) the rows are sampled to their end and the log-probabilities of all steps stored, otherwise sampling stops at the
// first EOS and the rest is EOS. Each row has random numbers of its own: results don't depend on `count`.
void stepper_sample(struct stepper *s, const struct token_rows *form, int count, struct stepper_opening opening, struct rng *rng,
                    uint8_t *rows, float *log_p);

#endif
