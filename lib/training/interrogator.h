// An interrogator: an encoder with all that makes an embedding say something. An emulator, predictors with what their confidence is worth,
// and an index of the zoo, by which an RNN's relatives are found and how unlike the zoo it is. Letters: Z an embedding's size.
#ifndef TRAINING_INTERROGATOR_H
#define TRAINING_INTERROGATOR_H

#include "math/neighbours.h"
#include "training/emulator.h"
#include "training/predictor.h"

// How far a predictor can be trusted, measured on held-out RNNs. Of classes: confidence = softmax(logits / T) (Guo et al. 2017), where
//     T = temperature (loss / usual_loss)^exponent
// as an embedding by which an RNN is imitated badly tells little of it. loss is that of the RNN's clone; when it is not known, T =
// temperature.
struct calibration {
    double temperature, exponent, usual_loss;
    double error;  // the expected calibration error over ten bins, each half of the RNNs judged with the temperature of the other
    double right;  // share of right answers
    double within; // of numbers and angles: nine of ten answers are no farther off than this
    int answers;   // that were judged
};

// One answer of a predictor.
struct opinion {
    struct label label;
    double confidence; // of classes; NaN otherwise
};

struct zoo_index {
    int count, size;            // n, Z
    float *z;                   // [n,Z]
    const struct value **entry; // [n] maps: run, step, task, arch, ...
    double *distances;          // [distance_count], ascending: of held-out RNNs to their nearest ones
    int distance_count;
    double *losses; // [loss_count], ascending: with which the emulator imitates held-out RNNs
    int loss_count;
};

// Embeddings with their records.
struct embedded {
    int count, size;
    float *z;                    // [count,size]
    const struct value **record; // [count]
    double *loss;                // [count]: with which the emulator imitates it; NaN when that is not known
};

// Measures a predictor on embeddings that it was not trained on; runs tell the two halves. Records that don't tell the property are left
// out. STATUS_DATA when none is left.
enum status calibration_measure(struct calibration *out, const struct predictor *p, const struct embedded *held_out,
                                struct error *error) MUST_CHECK;
void calibration_pack(struct packer *packer, const struct calibration *c, const struct predictor *p); // the whole record
enum status calibration_read(struct calibration *out, const struct value *record, struct error *error) MUST_CHECK;

// All answers [p->answers] to z [Z]; texts are the predictor's own. loss: of the clone, NaN when there is none.
void opinion_of(struct opinion *out, const struct predictor *p, const struct calibration *c, const float *z, double loss);

// At most `most` of the zoo, evenly, and the distances and losses of the held-out.
struct zoo_index zoo_index_make(const struct embedded *zoo, const struct embedded *held_out, int most);
void zoo_index_pack(struct packer *p, const struct zoo_index *index); // the whole record
// Entries point into the record. STATUS_DATA when something is missing or of another shape.
enum status zoo_index_read(struct zoo_index *out, const struct value *record, struct error *error) MUST_CHECK;
void zoo_index_free(struct zoo_index *index);

// The share of held-out RNNs that are nearer to the zoo than this distance, or imitated with less loss than this; NaN when none was
// measured.
double zoo_index_nearer(const struct zoo_index *index, double distance);
double zoo_index_easier(const struct zoo_index *index, double loss);

#endif
