// What RNNs are given to read for their rollouts: sequences of one length, side by side. R rows, T steps, I inputs.
#ifndef ANALYSIS_READING_H
#define ANALYSIS_READING_H

#include "base/error.h"
#include "base/rng.h"
#include "rnn/rnn.h"

struct reading {
    int rows, steps;
    uint8_t *tokens; // [R,T], or NULL
    float *numbers;  // [R,T,I], or NULL
};

// Independent numbers, or tokens, which are all as likely.
struct noise {
    bool normal;            // numbers with this mean and deviation; otherwise uniform ones within the range
    double mean, deviation; // tokens are never normal
    double range[2];
};

void reading_free(struct reading *r);

// Tokens are a byte each: STATUS_DATA when the RNN reads more kinds of them.
enum status reading_check(const struct rnn_arch *arch, struct error *error) MUST_CHECK;

// Sequences of a text or a .npy file (analysis/sequences.h). STATUS_DATA when something does not fit the RNN, or lengths differ.
enum status reading_of_file(struct reading *out, const char *bytes, size_t size, const struct rnn_arch *arch,
                            struct error *error) MUST_CHECK;

// out->rows and out->steps are set already. STATUS_DATA: normal tokens.
enum status reading_of_noise(struct reading *out, const struct noise *noise, const struct rnn_arch *arch, struct rng *rng,
                             struct error *error) MUST_CHECK;

// Lengthens rows of tokens to [R,T+1], by the token that the RNN thinks likeliest after its answers [R,T,O]: rollouts of generators end so.
void reading_add_choices(struct reading *r, const struct rnn_arch *arch, const float *answers);

#endif
