// Scores: from prediction and emulation records to one table by encoder and split. A cell is a measure over a row's records of one seed
// first, then the mean over seeds, with two intervals: over seeds, and over the tasks that were judged.
#ifndef TRAINING_SCORES_H
#define TRAINING_SCORES_H

#include "families/split.h"
#include "stream/field.h"
#include "training/measures.h"

enum { SCORE_NAME_SIZE = 160, SCORE_LABEL_SIZE = TEXT_FIELD_SIZE + 16 };

struct score_column {
    char name[SCORE_NAME_SIZE];    // "emulation_loss"
    char heading[SCORE_NAME_SIZE]; // "emulation loss", of a table for people
};

struct score_cell {
    int seeds; // that have such records; 0: none, the rest is undefined
    double mean;
    double low, high;           // 95 % interval over the seeds' values (Student's t); NaN with one seed
    double task_low, task_high; // 95 % interval over tasks (cluster bootstrap); NaN with one task
};

struct score_row {
    char label[SCORE_LABEL_SIZE]; // the records' `label`, else their encoder's type and mode; "majority" for the best constant answer
    char part[SCORE_NAME_SIZE];   // of the records: their split; of arcs, how the RNNs were made
    uint64_t records, tasks;      // judged, of all kinds and seeds; different tasks among them
    int seeds;                    // 0 for the best constant answer
    struct score_cell *cells;     // [column_count]
};

enum { SCORE_HEADS = 5 };

struct score_table {
    const char *heads[SCORE_HEADS]; // what label, part, seeds, records and tasks are called here; NULL: not there
    struct score_column *columns;
    int column_count; // those of the paper's properties, whether or not there are such records, then those of other fields by name
    struct score_row *rows;
    int row_count;
};

struct scores;

// all: also a row for the training split (and records without a split).
struct scores *scores_new(bool all);
void scores_free(struct scores *s); // may be NULL

// Adds a prediction or emulation record. Predictions about tasks that were seen in training are left out, but for rows of the training
// split. STATUS_DATA also when it must not be averaged with what is there: another encoder under the same label and seed, another mode of
// use or criterion, or another outcome for the same record.
enum status scores_add(struct scores *s, const struct value *record, struct error *error) MUST_CHECK;

// What was passed over so far: records that are there twice, and predictions of what nobody knows (no truth).
uint64_t scores_repeated(const struct scores *s);
uint64_t scores_untold(const struct scores *s);

// The rows, encoders in the order of their first record, and a "majority" row for each split that has predictions: the best constant answer
// to the very records judged, so no constant predictor does better. STATUS_DATA when no record was judged. Free with score_table_free.
enum status scores_table(const struct scores *s, uint64_t seed, struct score_table *out, struct error *error) MUST_CHECK;
void score_table_free(struct score_table *t);

#endif
