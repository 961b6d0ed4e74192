// Augmentation: encoders that read weights see each RNN in another form at each step (Shamsian et al. 2024). Which form is a function of
// the lane's random numbers, so of (seed, step, lane). In this order, where asked for:
//
//   mixup       theta = a theta_0 + (1 - a) theta_1, a uniform, theta_1 the next RNN of the lane that has the same architecture: as it is
//               (direct), in a random form of the same function (permuted), or aligned to theta_0 (aligned)
//   permute, rescale, swap-bias, shift-bias=S       forms that compute the same: order of the units; their signs, or scales (ReLU); the two
//               biases of a unit's gate exchanged, with probability 1/2; normal amounts of deviation S moved between them
//   noise=F     normal noise of F deviations of each tensor
//   dropout=P   weights of matrices set to zero with probability P (those that stay are not scaled)
#ifndef TRAINING_AUGMENTATION_H
#define TRAINING_AUGMENTATION_H

#include "encoders/encoder.h"
#include "records/loader.h"
#include "training/rollouts.h"

enum mixup { MIXUP_NONE, MIXUP_DIRECT, MIXUP_PERMUTED, MIXUP_ALIGNED };

struct augmentation {
    bool permute, rescale, swap_bias;
    double shift_bias, noise, dropout; // 0: none
    enum mixup mixup;
};

// From "permute,rescale,shift-bias=0.5,mixup=aligned". STATUS_USAGE that names what it does not know.
enum status augmentation_parse(struct augmentation *out, const char *text, struct error *error) MUST_CHECK;
bool augmentation_any(const struct augmentation *a);
// STATUS_DATA when the encoder looks at no weights and asks for forms that compute the same: it could not see them.
enum status augmentation_check(const struct augmentation *a, const struct encoder *encoder, struct error *error) MUST_CHECK;
uint64_t augmentation_hash(uint64_t h, const struct augmentation *a); // h itself when there is none

// What RNN i of a lane is mixed with: its own share of the weights, 1 when there is nobody.
struct mixture {
    int other;
    float share;
};

// Draws a mixture for each of the first `count` RNNs of the loader.
void augmentation_draw(const struct augmentation *a, const struct rnn_loader *l, int count, struct rng *rng, struct mixture *mix);

// What RNN `column` of a batch is to answer is mixed as its weights will be: with what `other`, an RNN of the same architecture, answers to
// the same inputs, as probabilities where these are classes.
void augmentation_mix_answers(struct rollout_batch *r, int column, const struct rnn *other, float share);

// Brings the first `count` RNNs of the loader into their forms, in place.
void augmentation_apply(const struct augmentation *a, struct rnn_loader *l, int count, const struct mixture *mix, struct rng *rng);

#endif
