// State of struct reconstruction that its files share.
#ifndef TRAINING_RECONSTRUCTION_INTERNAL_H
#define TRAINING_RECONSTRUCTION_INTERNAL_H

#include "training/reconstruction.h"

struct reconstruction_internal {
    const struct dataset *data;
    uint64_t fingerprint; // of data, networks as they came, and recipe: what a checkpoint must agree in
    int *items[SPLIT_COUNT], count[SPLIT_COUNT];
    double structure_unit, behaviour_unit; // s and b
    double train_sum;                      // of the losses since the last point of the curve
    int train_steps;
    size_t curve_capacity;
};

extern const struct learner_task reconstruction_task; // its context is the struct reconstruction

void reconstruction_add_point(struct reconstruction *r, const struct reconstruction_point *point); // to the curve

#endif
