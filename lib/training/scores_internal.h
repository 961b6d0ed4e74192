// What scores.c gathers and score_table.c sums up.
#ifndef TRAINING_SCORES_INTERNAL_H
#define TRAINING_SCORES_INTERNAL_H

#include "base/table.h"
#include "encoders/identity.h"
#include "records/property.h"
#include "training/predictor.h"
#include "training/scores.h"

// Judged records of one encoder: truth and predicted [count, answers], and their tasks.
struct record_list {
    int answers;
    size_t count, capacity;
    double *truth, *predicted;
    uint64_t *task;
};

struct seed_records {
    uint64_t seed;
    struct encoder_identity encoder;
    struct record_list list;
};

// The records of one row about one target.
struct outcomes {
    enum judged_kind kind;
    enum predictor_mode mode;
    char criterion[TEXT_FIELD_SIZE];
    struct seed_records *seeds;
    int seed_count;
};

struct group {
    char label[SCORE_LABEL_SIZE];
    struct group_split {
        struct outcomes *cells; // [cell_count] by target; those beyond are empty
        int cell_count;
        uint64_t records;
        struct table tasks, seeds; // sets
    } split[SPLIT_COUNT];
};

// What is predicted, or one of emulation's two.
struct score_target {
    char name[PROPERTY_NAME_SIZE];
    unsigned kinds; // that occur: 1 << enum judged_kind
    int answers;    // 0: not known yet
};

struct scores {
    bool all;
    struct score_target *targets; // the fixed ones first
    int target_count;
    struct group *groups;
    int group_count;
    struct table outcomes; // of each record that has a run: a hash of what it is about -> of what it says
    uint64_t repeated, untold, alone;
};

enum { TARGET_EMULATION, TARGET_KL_REVERSE, TARGET_CLONE, FIXED_TARGETS = 8 };

struct judged cell_judged(enum judged_kind kind, const struct record_list *list);
void record_list_add(struct record_list *list, int answers, const double *truth, const double *predicted, uint64_t task);
void record_list_free(struct record_list *list);

#endif
