// The ceiling line: what can be said of an RNN by one who knows its family of tasks. Listen to some strings that it writes, and count which
// task most of them are of. No encoder, no training: it needs the family's own knowledge (struct family, of_words) and rollouts.
#ifndef TRAINING_SAMPLED_H
#define TRAINING_SAMPLED_H

#include "records/property.h"
#include "records/rnn.h"

// Packs a prediction record of the property, a field of the task, from the record's first `strings` rollouts. Its encoder is {"sampled", 0,
// 0}, and so is its label (unless it is not NULL). Where no string is of any task, the answer is a task drawn at random, by run and step.
// STATUS_DATA when the family knows no such thing, the property is none of its targets', or there are fewer rollouts.
enum status sampled_pack(struct packer *packer, const struct rnn_record *record, const struct property *property, int strings,
                         const char *label, struct error *error) MUST_CHECK;

#endif
