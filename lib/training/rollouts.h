// Rollouts of several RNNs side by side: the emulator's inputs and targets.
#ifndef TRAINING_ROLLOUTS_H
#define TRAINING_ROLLOUTS_H

#include "nn/loss.h"
#include "records/rnn.h"
#include "training/emulator.h"

// Time-major, position t * columns + column. A zeroed struct is a valid empty one.
struct rollout_batch {
    int steps, columns;
    uint8_t *tokens, *labels; // [T*B]; labels, where answers are classes: the next token where it is known and among the outputs, else the
                              // RNN's own choice (arg max)
    float *inputs;            // [T*B,I], for continuous inputs
    float *targets;           // [T*B,O] the RNN's logits, log-probabilities or numbers
    bool continuous;          // the inputs are
    bool standardised;        // the targets are (rollout_batch_standardise)
    size_t capacity;          // positions there is room for
};

void rollout_batch_free(struct rollout_batch *r);

// Can an emulator be trained and judged on this record? STATUS_DATA when it has no rollouts, or too many tokens or classes.
enum status rollouts_check(const struct rnn_record *record, struct error *error) MUST_CHECK;

// Are all logits numbers, or the logarithm of 0? STATUS_DATA otherwise.
enum status rollouts_check_logits(const struct rnn_record *record, struct error *error) MUST_CHECK;

// Copies rollout `which` of a record into `column` of `columns`. Column 0 must be loaded first: it settles steps and form, and STATUS_DATA
// is returned when another column's differ. All columns are from RNNs of one architecture that passed rollouts_check.
enum status rollout_batch_load(struct rollout_batch *r, const struct rnn_record *record, uint64_t which, int column, int columns,
                               struct error *error) MUST_CHECK;

// Targets that are numbers become (answer - mean[o]) / deviation; their loss is that of an emulator that answers likewise, until another
// rollout is loaded into column 0.
void rollout_batch_standardise(struct rollout_batch *r, const double *mean, double deviation, int outputs);

// Does the criterion go with such answers? mse goes with numbers, all others with classes.
enum status criterion_check(enum criterion criterion, const struct rnn_arch *arch, struct error *error) MUST_CHECK;

// Between which the middle 99 % of the inputs of a record's rollouts lie, where they are numbers; false when there are none, or all are the
// same.
bool rollouts_range(const struct rnn_record *record, double range[2]);

// The emulation loss of an emulator that is given z [columns,Z]. kl_reverse (may be NULL) receives the value of that criterion; NaN where
// answers are numbers.
struct tensor *rollout_batch_loss(struct tape *tape, const struct emulator *e, const struct weights *w, struct tensor *z,
                                  const struct rollout_batch *r, enum criterion criterion, double *kl_reverse);

#endif
