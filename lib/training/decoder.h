// The decoder: weights of RNNs out of embeddings. A multilayer perceptron tells each weight as so many deviations from its mean over a zoo:
//     w = mean + deviation * MLP(z),
// mean one for each weight, deviation one for each tensor (of its weights about those means). After Meynent et al., *Structure Is Not
// Enough* (2025), it is trained by what the weights are and by what they do:
//     structure  S = the mean of (MLP(z) - (w - mean) / deviation)^2 over all weights
//     behaviour  B = the mean of (q - p)^2, p what the RNN answers to its rollouts' inputs, q what the decoded one does: the softmax of
//                classes, or the numbers themselves
// Letters: B embeddings, Z numbers each, P weights of an RNN.
#ifndef TRAINING_DECODER_H
#define TRAINING_DECODER_H

#include "encoders/identity.h"
#include "training/rollouts.h"

struct decoder_config {
    int z, hidden, layers; // layers: hidden ones, 0: a linear map
};
extern const struct decoder_config decoder_default_config; // z 16, hidden 256, layers 1

struct decoder {
    struct decoder_config config;
    struct rnn_arch arch;    // of the RNNs that it makes
    struct params rnn_table; // their parameters
    struct params table;     // mlp.0.weight, mlp.0.bias, ... ; mean [P] and deviation [parameters], which aren't trained
    float *values;
    uint64_t seed, step;
    bool knows_encoder;              // false of a fresh one
    struct encoder_identity encoder; // whose embeddings it decodes
};

// Initialised from (seed, "decoder"), with mean 0 and deviation 1.
struct decoder *decoder_new(const struct decoder_config *config, const struct rnn_arch *arch, uint64_t seed);
void decoder_free(struct decoder *d); // may be NULL
enum status decoder_read(const struct model_record *record, struct decoder **out, struct error *error) MUST_CHECK;
void decoder_pack(struct packer *p, const struct decoder *d); // the whole record

// Sizes that can be counted, to be asked before decoder_new: STATUS_DATA otherwise.
enum status decoder_check(const struct decoder_config *config, const struct rnn_arch *arch, struct error *error) MUST_CHECK;
// Does it make RNNs of this architecture? STATUS_DATA with all that differs otherwise.
enum status decoder_fits(const struct decoder *d, const struct rnn_arch *arch, struct error *error) MUST_CHECK;

float *decoder_mean(const struct decoder *d);      // [P]
float *decoder_deviation(const struct decoder *d); // [parameters of an RNN]

// MLP(z) [B,P] of z [B,Z]; and the weights [B,P] that it stands for.
struct tensor *decoder_forward(struct tape *tape, const struct decoder *d, const struct weights *w, struct tensor *z);
struct tensor *decoder_weights(struct tape *tape, const struct decoder *d, struct tensor *y);

// S [1,1] of y = MLP(z) [B,P] against the weights of B RNNs.
struct tensor *decoder_structure(struct tape *tape, const struct decoder *d, struct tensor *y, const float *const *weights);
// B [1,1] of one RNN with weights [1,P], on the rollouts of the one it should be.
struct tensor *decoder_behaviour(struct tape *tape, const struct decoder *d, struct tensor *weights, const struct rollout_batch *rollouts);

// The weights [P] that the z of an embedding record stands for. STATUS_DATA when it has no such z, when another encoder made it, or when a
// weight is not finite.
enum status decoder_decode(const struct decoder *d, const struct value *embedding, struct tape *tape, float *weights,
                           struct error *error) MUST_CHECK;

#endif
