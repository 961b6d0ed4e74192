// Prediction: training a predictor on labels (paper, section 4), alone on embeddings made before, or together with an encoder; and applying it.
#ifndef TRAINING_PREDICTION_H
#define TRAINING_PREDICTION_H

#include "training/learner.h"
#include "training/predictor.h"

// Is a task in the predictors' training set? The training split (and what has no split) is, and half of the OOD tasks; validation and the other half are for judging.
// Which half is a pure function of the task, the same for all seeds.
bool prediction_seen(const char *split, const struct task *task);

struct prediction_recipe {
    struct learner_recipe learner;
    int hidden, layers; // of the predictor
    int log_every;      // steps a point of the training curve
};

struct prediction_point {
    uint64_t step;
    double loss; // mean since the last point
};

struct prediction {
    struct predictor *predictor; // owned; sizes follow from the data
    struct learner *learner;
    struct prediction_point *curve;
    int curve_count;
    struct prediction_internal *internal;
};

// data are rnn records when there is an encoder, which is borrowed and trained in place, else embedding records. STATUS_DATA when a record does not fit or
// does not tell the truth, and when none is for training.
enum status prediction_new(struct prediction **out, struct encoder *encoder, const struct target *target, const struct dataset *data,
                           const struct prediction_recipe *recipe, struct error *error) MUST_CHECK;
void prediction_free(struct prediction *p);

enum status prediction_step(struct prediction *p, double *loss, struct error *error) MUST_CHECK;
// Ends the curve, and evaluates on the records kept for judging.
enum status prediction_finish(struct prediction *p, struct predictor_losses *losses, struct error *error) MUST_CHECK;

// The answers about one record: an rnn record when there is an encoder, else an embedding record. predicted [answers].
enum status prediction_apply(struct tape *tape, const struct encoder *encoder, const struct predictor *predictor, const struct rnn_record *record,
                             double *predicted, struct error *error) MUST_CHECK;

// Packs a prediction record: all that the record has but weights, rollouts, z and probes; encoder (unless NULL); label (unless NULL); predictor, target, truth, predicted, seen.
void prediction_pack(struct packer *packer, const struct rnn_record *record, const struct encoder *encoder, const char *label, const struct predictor *predictor,
                     const double *truth, const double *predicted);

#endif
