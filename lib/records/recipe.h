// How the RNN of a record was trained: its recipe, and whether an output of train-rnn can be taken up by another call.
#ifndef RECORDS_RECIPE_H
#define RECORDS_RECIPE_H

#include "records/rnn.h"
#include "records/task.h"

// A recipe, and how much of the RNN's doing is looked at for each snapshot (see trainee_rollouts and trainee_performance).
struct snapshot_recipe {
    const struct train_recipe *train; // NULL: it was not trained, and nothing is said of a recipe
    const struct rnn_origin {
        struct rnn_name name;
        uint32_t crc32;             // of train->start
    } * parent;                     // of which RNN the training goes on, or NULL
    const struct image_set *images; // which it is trained with, or NULL
    int rollouts, samples;          // samples 0: as many as the family has when it is not said
};

// Packs the map of the key `recipe`: {steps, batch, rate [3], weight_decay, init_seed, start, images, rollouts, samples}, init_seed, start
// and images only where there are such. A weight decay that is the task's own is written as the task has it. The architecture is the
// record's.
void recipe_pack(struct packer *p, const struct snapshot_recipe *recipe, const struct task *task);

// Packs the keys parent and how, when the training goes on from another RNN.
void recipe_pack_parent(struct packer *p, const struct snapshot_recipe *recipe);

// Would this record (kind rnn or skipped) of a run have come about by training this task by this recipe? STATUS_DATA otherwise, with what
// differs: what the task record has beside its seed, the architecture, the recipe; a record without a recipe, of an older version, by how
// many rollouts it has.
enum status recipe_matches(const struct value *record, const struct task_record *task, const struct snapshot_recipe *recipe,
                           struct error *error) MUST_CHECK;

#endif
