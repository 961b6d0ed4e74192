// An rnn record made from an RNN in training: one snapshot of a run.
#ifndef RECORDS_SNAPSHOT_H
#define RECORDS_SNAPSHOT_H

#include "records/task.h"
#include "families/train.h"

// How much of the RNN's doing is looked at for each snapshot (see trainee_rollouts and trainee_performance).
struct snapshot_sizes {
    int rollouts, samples;
};

// Packs the whole record: keys of the task record that are unknown here, and its split, are carried along. Returns its performance; false,
// with nothing packed, when a weight is not finite.
bool snapshot_pack(struct packer *p, const struct trainee *t, const struct task_record *task, uint64_t seed, int step,
                   struct snapshot_sizes sizes, struct performance *performance);

#endif
