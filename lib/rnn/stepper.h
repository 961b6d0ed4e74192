// Running an RNN without history or gradients, for many strings at once: step by step on tokens or numbers, with states that can be read,
// set and copied, or sampling whole rows of tokens. What a string does never depends on the others.
// Letters: n strings, I inputs, H hidden units, G blocks of which A are kept apart (nn/cell.h), O outputs.
#ifndef RNN_STEPPER_H
#define RNN_STEPPER_H

#include "base/rng.h"
#include "rnn/rnn.h"

struct stepper;
enum { STEPPER_BLOCK = 128 }; // a capacity that samples fast: so many strings' states stay in the near caches

// For up to `capacity` strings (>= 1) at a time. The weights are copied.
struct stepper *stepper_of_rnn(const struct rnn_arch *arch, const struct params *table, const float *weights, int capacity);
// The same for a stack of layers whose first one is given tokens only, by a table of the pre-activations of its inputs: tokens
// [arch.input,GH], with biases in it as recurrent_sequence_table has them (so an emulator, whose input projection folds into the table, is
// like an RNN here). layer[l] are weight_ih [GH,H], weight_hh [GH,H], bias_ih [GH], bias_hh [GH]; of the first layer weight_ih and bias_ih
// are not read. w_out [O,H], b_out [O].
struct stepper *stepper_of_layers(const struct rnn_arch *arch, const float *const layer[][RNN_PARTS], const float *tokens,
                                  const float *w_out, const float *b_out, int capacity);
void stepper_free(struct stepper *s);

// `count` new strings, whose states are zero.
void stepper_start(struct stepper *s, int count);
// A step of all strings: on tokens [n] (each below I), or on numbers [n,I] (not in a stepper_of_layers).
void stepper_tokens(struct stepper *s, const uint8_t *tokens);
void stepper_numbers(struct stepper *s, const float *numbers);
// The answers to the last step, [n,O].
const float *stepper_logits(const struct stepper *s);

// The states of layer l after the last step, [n,H], to be read or written; c is NULL where the cell has none.
float *stepper_h(struct stepper *s, int layer);
float *stepper_c(struct stepper *s, int layer);
// The activations of the last step, [n,(G+A)H] (see cell.forward), when stepper_keep_gates has been called before it.
void stepper_keep_gates(struct stepper *s);
const float *stepper_gates(const struct stepper *s, int layer);
// From now on there are `count` strings, the i-th with the states that string from[i] has had; from [count] may have any string any number
// of times. Logits and gates are those of no string until the next step.
void stepper_select(struct stepper *s, const int *from, int count);

// What is added to the first layer's pre-activations: nothing, or gates [count,GH] of each string at its first step or at every step.
struct stepper_opening {
    const float *gates; // NULL: nothing
    bool every;
};

// What a row of tokens is: `length` tokens, of which the first is bos and those from the end of the string on are eos.
struct token_rows {
    int length, bos, eos;
};

// Samples `count` rows [count, length] from BOS, by the network's own distribution, whatever the stepper's capacity. With log_p [count,
// length-1, symbols] (may be NULL) the rows are sampled to their end and the log-probabilities of all steps stored, otherwise sampling
// stops at the first EOS and the rest is EOS. Each row has random numbers of its own: results don't depend on `count`.
void stepper_sample(struct stepper *s, const struct token_rows *form, int count, struct stepper_opening opening, struct rng *rng,
                    uint8_t *rows, float *log_p);

#endif
