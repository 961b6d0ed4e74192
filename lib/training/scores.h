// Scores: from prediction and emulation records to one table by encoder and split, with means and intervals over seeds.
#ifndef TRAINING_SCORES_H
#define TRAINING_SCORES_H

#include "records/fields.h"
#include "zoo/language.h"

// What is measured. Each is a mean over a row's records of one seed first, then over seeds.
enum score {
    SCORE_EMULATION_LOSS,   // emulation records: loss
    SCORE_CLONE_DIFFERENCE, // emulation records: |accuracy - clone_accuracy|
    SCORE_EXACT_TASK,       // predictions of the task: all offsets right
    SCORE_OFFSET_ACCURACY,  // predictions of the task: share of the offsets that are right
    SCORE_ACCURACY_ERROR,   // predictions of the accuracy: root of the mean squared error
    SCORE_COUNT
};

struct score_info {
    const char *name;    // "emulation_loss"
    const char *heading; // of a table for people
    bool root;           // the root of the mean is reported: records hold squares
};
extern const struct score_info score_infos[SCORE_COUNT];

struct score_cell {
    int seeds;              // that have such records; 0: none, the rest is undefined
    double mean, low, high; // over the seeds' means; a bootstrapped 95 % interval, of one point when there is one seed
};

struct score_row {
    char label[TEXT_FIELD_SIZE]; // the records' `label`, else their encoder's type; "majority" for the best constant answer
    enum split split;
    uint64_t records; // judged, of all kinds and seeds
    int seeds;        // 0 for the best constant answer
    struct score_cell cells[SCORE_COUNT];
};

struct scores;

// all: also a row for the training split (and records without a split).
struct scores *scores_new(bool all);
void scores_free(struct scores *s); // may be NULL

// Adds a prediction or emulation record. Predictions that were seen in training count only in the row of the training split.
enum status scores_add(struct scores *s, const struct value *record, struct error *error) MUST_CHECK;

// The rows, encoders in the order of their first record, and a "majority" row for each split that has predictions: the best constant answer
// to the very records judged, so no constant predictor does better. *rows is allocated, free() it. STATUS_DATA when no record was judged.
enum status scores_table(const struct scores *s, uint64_t seed, struct score_row **rows, int *count, struct error *error) MUST_CHECK;

#endif
