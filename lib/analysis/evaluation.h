// The loss that the RNN of a record was trained for, at any weights.
#ifndef ANALYSIS_EVALUATION_H
#define ANALYSIS_EVALUATION_H

#include "families/family.h"
#include "records/rnn.h"

// A trainee that is made for its losses alone (trainee_loss, trainee_gradient, trainee_performance), in batches of so many strings or
// images. Its evaluation set and batches are functions of the seed and of the task, not of the run, so that RNNs of one task can be
// compared. STATUS_DATA when RNNs of such a task aren't trained, or not of such an architecture; of images what finding them says. The
// caller frees it (trainee_free).
enum status evaluation_open(struct trainee **out, const struct rnn_record *record, int batch, uint64_t seed, struct image_sets *images,
                            struct error *error) MUST_CHECK;

#endif
