// Prediction: training a predictor on labels (paper, section 4), alone on embeddings made before, or together with an encoder; and applying
// it.
#ifndef TRAINING_PREDICTION_H
#define TRAINING_PREDICTION_H

#include "stream/writer.h"
#include "training/augmentation.h"
#include "training/learner.h"
#include "training/predictor.h"

// Is a record's task in the predictors' training set? The training split (and what has no split) is, and half of the OOD tasks; validation
// and the other half are for judging. Which half is a pure function of the task (the offsets, or the rotation; the run where there is no
// task), the same for all seeds.
bool prediction_seen(const struct rnn_record *record);

struct prediction_recipe {
    struct learner_recipe learner;
    int hidden, layers;               // of the predictor
    struct augmentation augmentation; // of the RNNs that an encoder sees in training; zeroed: none
    int log_every;                    // steps a point of the training curve
};

struct prediction_point {
    uint64_t step;
    double loss; // mean since the last point
};

struct prediction {
    struct predictor *predictor; // owned; kind, classes and sizes follow from the data
    struct learner *learner;
    uint64_t used, left_out; // records for training and judging; of these, so many that don't tell the property (or no finite number)
    struct prediction_point *curve;
    int curve_count;
    uint64_t diverged_at; // the step whose loss or gradient was not finite; 0: none
    struct prediction_internal *internal;
};

// data are rnn records when there is an encoder, which is borrowed and trained in place, else embedding records. The property need not be
// settled. Records that don't tell it are left out. STATUS_DATA when one does not fit, and when none is for training.
enum status prediction_new(struct prediction **out, struct encoder *encoder, const struct property *property, const struct dataset *data,
                           const struct prediction_recipe *recipe, struct error *error) MUST_CHECK;
void prediction_free(struct prediction *p);

// Can a record be used by prediction_new, for each of some properties, together with those that were asked about before? As
// emulation_usable.
struct prediction_sift {
    const struct encoder *encoder; // NULL: of embeddings
    struct rnn_loader rnn;         // with one place
    int z;                         // numbers of the first embedding; 0 before it
    int count;                     // properties, and what is known of each
    struct property *properties;
    struct survey *surveys;
};
void prediction_sift_init(struct prediction_sift *s, const struct encoder *encoder, const struct property *properties, int count);
void prediction_sift_free(struct prediction_sift *s);
enum status prediction_usable(void *sift, const struct rnn_record *record, struct error *error);

// STATUS_DIVERGED when it can't go on: diverged_at is set then, and prediction_finish gives the networks of the curve's best point.
enum status prediction_step(struct prediction *p, double *loss, struct error *error) MUST_CHECK;
// The state so far in a file, and on from there, as emulation_save and emulation_resume: before prediction_finish.
enum status prediction_save(const struct prediction *p, const char *path, const struct writer_identity *identity,
                            struct error *error) MUST_CHECK;
enum status prediction_resume(struct prediction *p, const char *path, struct error *error) MUST_CHECK;
// Ends the curve, and evaluates on the records kept for judging; the predictor is then as it is in records. No step may follow.
enum status prediction_finish(struct prediction *p, struct predictor_losses *losses, struct error *error) MUST_CHECK;

// Applying a model to many records at once. Add records until the batch is full (count == PREDICTION_BATCH) or something else comes by;
// run; those of the first `count` of `records` that end well are then whole; set count to 0.
enum { PREDICTION_BATCH = 64 };

struct prediction_batch {
    const struct encoder *encoder;             // NULL: the records are embeddings
    struct encoder_identity identity;          // the encoder's
    const struct predictor *const *predictors; // [predictor_count], borrowed
    int predictor_count;
    const char *label;                         // written into each record; NULL: theirs stays
    struct packer **records[PREDICTION_BATCH]; // [predictor_count] prediction records of each
    struct rnn_name of[PREDICTION_BATCH];      // for messages
    int count;
    struct rnn_loader rnns; // with an encoder: the records' RNNs
    float *z;               // [PREDICTION_BATCH,Z], without
    double **predicted;     // [predictor_count][count,answers]
    struct tape tape;
};

// The predictors take z of one size, that of the encoder if there is one.
struct prediction_batch *prediction_batch_new(const struct encoder *encoder, const struct predictor *const *predictors, int predictor_count,
                                              const char *label);
void prediction_batch_free(struct prediction_batch *b); // may be NULL

// A prediction record has all that its record has but weights, rollouts, z and probes; the encoder, if there is one; predictor, mode,
// target, seen, truth (unless the record does not tell it), predicted. STATUS_DATA also when an embedding is of an encoder that a predictor
// does not know.
enum status prediction_batch_add(struct prediction_batch *b, const struct value *root, struct error *error) MUST_CHECK;
void prediction_batch_run(struct prediction_batch *b);
enum status prediction_batch_end(struct prediction_batch *b, int i, struct error *error) MUST_CHECK; // the records of the i-th

#endif
