// Scores: from prediction and emulation records to one table by encoder and split, with means and intervals over seeds. A measure is a mean
// over a row's records of one seed first, then over seeds.
#ifndef TRAINING_SCORES_H
#define TRAINING_SCORES_H

#include "training/measures.h"

struct score_cell {
    int seeds;              // that have such records; 0: none, the rest is undefined
    double mean, low, high; // over the seeds' means; a bootstrapped 95 % interval, of one point when there is one seed
};

struct score_row {
    char label[TEXT_FIELD_SIZE]; // the records' `label`, else their encoder's type; "majority" for the best constant answer
    enum split split;
    uint64_t records; // judged, of all kinds and seeds
    int seeds;        // 0 for the best constant answer
    struct score_cell cells[MEASURE_COUNT];
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
