// Are two records about the same RNN? Zoos number their runs from 0, so that a run and a step alone don't tell.
#ifndef RECORDS_SAME_H
#define RECORDS_SAME_H

#include "stream/value.h"

// Embeddings of norm 1 that are nearer to each other than this are of one RNN, if their records are: other batches round otherwise.
#define SAME_DISTANCE 1e-4

// Of the same run, step, seed, task and name, as far as they have them: what one has and the other lacks makes them different. A step that
// is missing is 0. Fields are compared by what they mean, whoever wrote them: 3 and 3.0, or other orders of keys, are the same. any_step:
// the step does not count. Files of one name that were imported apart are the same by this, so it takes what they do, or weigh, to tell.
bool same_rnn(const struct value *a, const struct value *b, bool any_step);
// Of the same run, step and task alone, where no more is known of one of them.
bool same_snapshot(const struct value *a, const struct value *b);

#endif
