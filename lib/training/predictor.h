// The predictor (paper, section 4): a multilayer perceptron that reads properties of an RNN off its embedding z. What it predicts is its
// target, a line of a table:
//     task      formal languages: the offset, one of 6, of each letter but the first; logits [B, answers * 6], binary cross-entropy with
//               one-hot truths
//     step      the training step; logits [B, classes], a class for each step that the data have; cross-entropy
//     accuracy  the RNN's own accuracy (metrics.accuracy); one output, squared error
//     gap       its generalisation gap (metrics.generalisation_gap); likewise
//     rotation  sequential MNIST: the angle of the images, in degrees; likewise, so that 359 degrees are far from 0, as in the paper
// Letters: B samples, Z embedding, A answers a sample, C classes an answer.
#ifndef TRAINING_PREDICTOR_H
#define TRAINING_PREDICTOR_H

#include "nn/weights.h"
#include "records/model.h"

enum { PREDICTOR_MAX_ANSWERS = 7, PREDICTOR_MAX_CLASSES = 255 };

enum target_id { TARGET_TASK, TARGET_STEP, TARGET_ACCURACY, TARGET_GAP, TARGET_ROTATION, TARGET_COUNT };

enum target_loss { TARGET_BINARY_CROSS_ENTROPY, TARGET_CROSS_ENTROPY, TARGET_SQUARED_ERROR };

struct target {
    const char *name;
    bool per_letter;       // an answer for each letter but the first, a list in records; otherwise one answer
    enum target_loss loss; // squared error: the answer is a number; otherwise one of C integers, predicted by arg max:
    int classes, low;      // low .. low + classes - 1; classes 0: those that occur in the data
    const char *metric;    // the metric that is the truth, if it is one
    // The truth about a record, [answers]. STATUS_DATA when the record does not tell it.
    enum status (*truth)(const struct target *target, const struct rnn_record *record, int answers, double *truth, struct error *error);
};

extern const struct target target_table[TARGET_COUNT];
extern const char *const target_names;              // "task|step|..."
const struct target *target_find(const char *name); // NULL when there is none

struct predictor_config {
    int z, hidden, layers; // layers: hidden ones
    int tokens;            // letters of the languages; only for targets with an answer per letter
    int class_count;       // C and the classes, ascending; given only for targets whose classes are those of the data
    int64_t classes[PREDICTOR_MAX_CLASSES];
};
extern const struct predictor_config predictor_default_config; // hidden 128, layers 2

struct predictor {
    const struct target *target;
    struct predictor_config config;
    int answers;
    double mean, deviation; // a number is predicted as mean + deviation * output; 0 and 1 but during training
    struct params table;    // mlp.0.weight, mlp.0.bias, mlp.2.weight, ...
    float *values;
    uint64_t seed, step;
};

// What goes into the record's metrics beside weights: losses, NaN where there is none. Those of numbers are relative to the variance of the
// training set's truths: 1 is what their mean comes to.
struct predictor_losses {
    double train, validation, ood;
    uint64_t diverged_at; // the step at which the training diverged; 0: it did not
};

struct predictor *predictor_new(const struct target *target, const struct predictor_config *config,
                                uint64_t seed); // initialised from (seed, "predictor")
void predictor_free(struct predictor *p);       // may be NULL
enum status predictor_read(const struct model_record *record, struct predictor **out, struct error *error) MUST_CHECK;
void predictor_pack(struct packer *packer, const struct predictor *p, const struct predictor_losses *losses); // the whole record

int predictor_answers(const struct target *target, const struct predictor_config *config); // A

// The truth about a record, [answers].
enum status predictor_truth(const struct predictor *p, const struct rnn_record *record, double *truth, struct error *error) MUST_CHECK;

// Makes a truth one of the config's classes, where they are those of the data. STATUS_DATA when there are too many.
enum status predictor_add_class(struct predictor_config *config, const struct target *target, double truth, struct error *error) MUST_CHECK;

// Numbers of any scale are learned equally well when they are standardised. Before training: from now on truths [n] have mean 0 and
// deviation 1 for the network. After it: the same function, but with mean and deviation put into the weights, as records have it.
// Neither does anything to classes.
void predictor_standardise(struct predictor *p, const double *truth, int n);
void predictor_unstandardise(struct predictor *p);

// The mean loss [1,1] of z [B,Z] against truth [B,A], whose classes the predictor must have.
struct tensor *predictor_loss(struct tape *tape, const struct predictor *p, const struct weights *w, struct tensor *z, const double *truth);

// predicted [B,A] from z [B,Z].
void predictor_predict(struct tape *tape, const struct predictor *p, struct tensor *z, double *predicted);

#endif
