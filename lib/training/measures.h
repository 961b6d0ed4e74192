// What predictions and emulations are judged by: lines of a table.
#ifndef TRAINING_MEASURES_H
#define TRAINING_MEASURES_H

#include "training/predictor.h"

enum measure_id {
    MEASURE_EMULATION_LOSS,   // emulation records: loss
    MEASURE_CLONE_DIFFERENCE, // emulation records: |accuracy - clone_accuracy|
    MEASURE_EXACT_TASK,       // predictions of the task: all offsets right
    MEASURE_OFFSET_ACCURACY,  // predictions of the task: share of the offsets that are right
    MEASURE_ACCURACY_ERROR,   // predictions of numbers: root of the mean squared error
    MEASURE_ROTATION_ERROR,
    MEASURE_ROTATION_ANGLE, // predictions of the rotation: mean absolute difference on the circle
    MEASURE_GAP_ERROR,
    MEASURE_STEP_ACCURACY, // predictions of the step: share that is right
    MEASURE_COUNT
};

// The truths of all judged predictions of a target, [count, answers].
struct truths {
    double *values;
    size_t count, capacity;
    int answers;
};

struct measure {
    const char *name;    // "emulation_loss"
    const char *heading; // of a table for people
    bool root;           // the root of the mean is reported: `of` is a square
    // Of predictions of a target, other ones are of emulation records and have no functions.
    enum target_id target;
    double (*of)(const double *truth, const double *predicted, int answers);
    double (*best_constant)(const struct truths *t); // what the best constant answer comes to; count > 0
};
extern const struct measure measures[MEASURE_COUNT];

#endif
