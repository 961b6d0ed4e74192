// State of struct emulation that its files share.
#ifndef TRAINING_EMULATION_INTERNAL_H
#define TRAINING_EMULATION_INTERNAL_H

#include "training/emulation.h"

#include <time.h>

struct emulation_internal {
    const struct dataset *data;
    uint64_t fingerprint; // of data, networks as they came, and recipe: what a checkpoint must agree in
    int *items[SPLIT_COUNT], count[SPLIT_COUNT];
    float *best_encoder, *best_emulator;
    int since_best;   // validations since then
    double train_sum; // of the losses since the last point of the curve
    int train_steps;
    int curve_capacity;
    struct timespec start;
    double seconds_before; // spent before a resumed checkpoint's last point
};

void emulation_add_point(struct emulation *e, uint64_t step, const char *split, double loss);

#endif
