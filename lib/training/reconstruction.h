// Training an encoder and a decoder together: RNNs have to come back from their embeddings, by what their weights are (structure S) and by
// what they do (behaviour B, decoder.h):
//     L = beta S / s + (1 - beta) B / b,
// s and b being S and B of the networks as they came, on the first batch's worth of training RNNs.
#ifndef TRAINING_RECONSTRUCTION_H
#define TRAINING_RECONSTRUCTION_H

#include "records/loader.h"
#include "stream/writer.h"
#include "training/decoder.h"
#include "training/learner.h"

struct reconstruction_recipe {
    struct learner_recipe learner;
    double structure; // beta, 0 .. 1
    int rollouts;     // of each RNN in a step, drawn anew each time
    uint64_t steps;
    int validate_every;
    int patience; // validations without improvement before stopping; 0 = never stop early
};

// One point of the training curve.
struct reconstruction_point {
    uint64_t step;
    const char *split;                 // "train" (mean since the last point; of the loss alone), "validation", "ood"
    double loss, structure, behaviour; // NaN: not measured
};

struct reconstruction {
    struct encoder *encoder;
    struct decoder *decoder;
    struct learner *learner; // its best loss is on the validation split (on train when there is none)
    struct reconstruction_recipe recipe;
    struct reconstruction_point *curve;
    int curve_count;
    bool stopped;         // out of patience, or diverged
    uint64_t diverged_at; // the step whose loss, gradient or validation was not finite; 0: none
    struct reconstruction_internal *internal;
};

// encoder and decoder are borrowed and trained in place; a decoder of step 0 gets mean and deviation of the training RNNs. STATUS_DATA when
// the data have no rollouts, or rollouts of different lengths, or other RNNs than both are for.
enum status reconstruction_new(struct reconstruction **out, struct encoder *encoder, struct decoder *decoder, const struct dataset *data,
                               const struct reconstruction_recipe *recipe, struct error *error) MUST_CHECK;
void reconstruction_free(struct reconstruction *r); // may be NULL

// Can an RNN be used by reconstruction_new together with those that were asked about before? The dataset_sift of a zoo in which some can't.
struct reconstruction_sift {
    const struct encoder *encoder;
    const struct decoder *decoder;
    struct rnn_loader rnn; // with one place
    uint64_t steps, rank;  // of the rollouts of the first; 0 before it
};
enum status reconstruction_usable(void *sift, const struct rnn_record *record, struct error *error);

// One step, and ending a training, as emulation.h has them: the best networks are put into encoder and decoder, with their step.
enum status reconstruction_step(struct reconstruction *r, double *loss, struct error *error) MUST_CHECK;
enum status reconstruction_finish(struct reconstruction *r, struct error *error) MUST_CHECK;

// Checkpoints, as emulation.h has them.
enum status reconstruction_save(const struct reconstruction *r, const char *path, const struct writer_identity *identity,
                                struct error *error) MUST_CHECK;
enum status reconstruction_resume(struct reconstruction *r, const char *path, struct error *error) MUST_CHECK;

#endif
