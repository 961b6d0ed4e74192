// The predictor (paper, section 4): a multilayer perceptron that reads properties of an RNN off its embedding z. What it predicts is its
// target, a line of a table:
//     task      formal languages: the offset, one of 6, of each letter but the first; logits [B, answers * 6], binary cross-entropy on
//     one-hot targets accuracy  the RNN's own accuracy (metrics.accuracy); one output, squared error
// Letters: B samples, Z embedding, A answers a sample, C classes an answer.
#ifndef TRAINING_PREDICTOR_H
#define TRAINING_PREDICTOR_H

#include "nn/weights.h"
#include "records/model.h"

enum { PREDICTOR_MAX_ANSWERS = LANGUAGE_MAX_TOKENS - 1 };

enum target_loss { TARGET_BINARY_CROSS_ENTROPY, TARGET_SQUARED_ERROR };

struct target {
    const char *name;
    bool per_letter;  // an answer for each letter but the first; otherwise one answer
    int classes, low; // an answer is an integer of low .. low + classes - 1, predicted by arg max; classes 0: a number
    enum target_loss loss;
    // The truth about a record, [answers]. STATUS_DATA when the record does not tell it.
    enum status (*truth)(const struct rnn_record *record, int answers, double *truth, struct error *error);
};

extern const char *const target_names;              // "task|accuracy"
const struct target *target_find(const char *name); // NULL when there is none

struct predictor_config {
    int z, hidden, layers; // layers: hidden ones
    int tokens;            // letters of the languages; only for targets with an answer per letter
};
extern const struct predictor_config predictor_default_config; // hidden 128, layers 2

struct predictor {
    const struct target *target;
    struct predictor_config config;
    int answers;
    struct params table; // mlp.0.weight, mlp.0.bias, mlp.2.weight, ...
    float *values;
    uint64_t seed, step;
};

// What goes into the record's metrics beside weights: losses, NaN where there is none.
struct predictor_losses {
    double train, validation, ood;
};

struct predictor *predictor_new(const struct target *target, const struct predictor_config *config,
                                uint64_t seed); // initialised from (seed, "predictor")
void predictor_free(struct predictor *p);       // may be NULL
enum status predictor_read(const struct model_record *record, struct predictor **out, struct error *error) MUST_CHECK;
void predictor_pack(struct packer *packer, const struct predictor *p, const struct predictor_losses *losses); // the whole record

// The truth about a record, [answers].
enum status predictor_truth(const struct predictor *p, const struct rnn_record *record, double *truth, struct error *error) MUST_CHECK;

// The mean loss [1,1] of z [B,Z] against truth [B,A].
struct tensor *predictor_loss(struct tape *tape, const struct predictor *p, const struct weights *w, struct tensor *z, const double *truth);

// predicted [B,A] from z [B,Z].
void predictor_predict(struct tape *tape, const struct predictor *p, struct tensor *z, double *predicted);

#endif
