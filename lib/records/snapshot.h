// An rnn record made from an RNN in training: one snapshot of a run.
#ifndef RECORDS_SNAPSHOT_H
#define RECORDS_SNAPSHOT_H

#include "records/recipe.h"

// Packs the whole record: keys of the task record that are unknown here, and its split, are carried along. Returns its performance; false
// when a weight or an answer is not finite: what is packed then is to be thrown away.
bool snapshot_pack(struct packer *p, const struct trainee *t, const struct task_record *task, uint64_t seed, int step,
                   const struct snapshot_recipe *recipe, struct performance *performance);

// Its rollouts alone: the map. Are all answers finite?
bool snapshot_pack_rollouts(struct packer *p, const struct trainee *t, int count);

// The skipped record of a run that has diverged after so many steps: run, step, seed, what the task record has, recipe and reason.
void snapshot_pack_diverged(struct packer *p, const struct task_record *task, uint64_t seed, int step,
                            const struct snapshot_recipe *recipe);

#endif
