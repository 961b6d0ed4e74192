// The predictor (paper, section 4): a multilayer perceptron that reads a property of an RNN off its embedding z. By the property's kind
// (records/property.h) it has
//     number   an output for each of the A answers, squared error of what is standardised; the answer is mean + deviation * output, in
//              double precision, as no float tells apart numbers whose mean is large against their deviation
//     classes  one answer: C logits, cross-entropy. A list: A * C logits, binary cross-entropy with one-hot truths (as the paper has it for
//              the offsets of a language). The largest logit is the answer
//     angle    two outputs for each answer, cosine and sine, squared error; their direction is the answer, 0 .. 360 degrees
// Letters: B samples, Z embedding, A answers a sample, C classes an answer.
#ifndef TRAINING_PREDICTOR_H
#define TRAINING_PREDICTOR_H

#include "encoders/identity.h"
#include "nn/weights.h"
#include "records/model.h"
#include "records/property.h"

struct predictor_config {
    int z, hidden, layers; // layers: hidden ones
};
extern const struct predictor_config predictor_default_config; // hidden 128, layers 2

// How the encoder came by its weights.
enum predictor_mode { MODE_FROZEN, MODE_TUNED, MODE_LABELS, MODE_UNKNOWN };
extern const char *const predictor_modes[]; // "frozen", "fine-tuned", "labels"; names of the three

struct predictor {
    struct property property; // its own
    struct predictor_config config;
    int answers;                                      // A
    double mean[ANSWERS_MAX], deviation[ANSWERS_MAX]; // of numbers; 0 and 1 when not trained, and in older records
    struct params table;                              // mlp.0.weight, mlp.0.bias, mlp.2.weight, ...
    float *values;
    uint64_t seed, step;
    enum predictor_mode mode;
    bool knows_encoders;               // false for records of before 0.2: nothing is checked then
    struct encoder_identity *encoders; // [encoder_count], whose embeddings it was trained on
    int encoder_count;
};

// What goes into the record's metrics beside weights: losses, NaN where there is none. Those of numbers are relative to the variance of the
// training set's truths: 1 is what their mean comes to.
struct predictor_losses {
    double train, validation, ood;
    uint64_t diverged_at; // the step at which the training diverged; 0: it did not
    uint64_t best_step;   // of the networks that are written
};

// Initialised from (seed, "predictor"); the property, which must be settled, is copied.
struct predictor *predictor_new(const struct property *property, const struct predictor_config *config, uint64_t seed);
void predictor_free(struct predictor *p); // may be NULL
enum status predictor_read(const struct model_record *record, struct predictor **out, struct error *error) MUST_CHECK;
void predictor_pack(struct packer *packer, const struct predictor *p, const struct predictor_losses *losses); // the whole record

// Notes an encoder, once.
void predictor_add_encoder(struct predictor *p, const struct encoder_identity *id);
// Was it trained on this encoder's embeddings? STATUS_DATA with the names of both otherwise.
enum status predictor_knows(const struct predictor *p, const struct encoder_identity *id, struct error *error) MUST_CHECK;

// Numbers of any scale are learned equally well when they are standardised. Before training: from now on each answer of truths [n,A] has
// mean 0 and deviation 1 for the network. Does nothing to classes and angles.
void predictor_standardise(struct predictor *p, const double *truth, int n);

// The mean loss [1,1] of z [B,Z] against truth [B,A]: property_value()s, of classes the places.
struct tensor *predictor_loss(struct tape *tape, const struct predictor *p, const struct weights *w, struct tensor *z, const double *truth);

// predicted [B,A] from z [B,Z]: values likewise; NaN where an output is not finite.
void predictor_predict(struct tape *tape, const struct predictor *p, struct tensor *z, double *predicted);

#endif
