// State of struct emulation that its files share.
#ifndef TRAINING_EMULATION_INTERNAL_H
#define TRAINING_EMULATION_INTERNAL_H

#include "training/emulation.h"

#include <time.h>

struct emulation_internal {
    const struct dataset *data;
    uint64_t fingerprint; // of data, networks as they came, and recipe: what a checkpoint must agree in
    int *items[SPLIT_COUNT], count[SPLIT_COUNT];
    // Of the answers in training, where they are numbers: the emulator learns (answer - mean) / deviation, and is made one that answers
    // with the numbers themselves at the end. NULL: they are classes.
    double *mean, deviation;              // [O]
    double train_sum;                     // of the losses since the last point of the curve
    double encoder_norms, emulator_norms; // sums of gradient norms since then
    int train_steps;
    size_t curve_capacity;
    struct timespec start;
    double seconds_before; // spent before a resumed checkpoint's last point
};

extern const struct learner_task emulation_task; // its context is the struct emulation

// Adds to the curve, with the seconds of now.
void emulation_add_point(struct emulation *e, const struct curve_point *point);

// Adds a point for each split, and gives the loss on the one by which networks are judged: validation, or train when there is none.
// STATUS_DIVERGED when a loss is not finite.
enum status emulation_judge_splits(struct emulation *e, double *judged, struct error *error) MUST_CHECK;

#endif
