// The whole state of a training in one file, so that an interrupted one goes on to the same bytes: a stream with one record of kind
// checkpoint, for the program that wrote it only.
#ifndef TRAINING_CHECKPOINT_H
#define TRAINING_CHECKPOINT_H

#include "stream/writer.h"

enum { CHECKPOINT_PARTS = 24 };

struct checkpoint_part {
    const char *name; // its key in the record
    enum { CHECKPOINT_COUNT /* uint64_t */, CHECKPOINT_INT /* not negative */, CHECKPOINT_REAL /* double */, CHECKPOINT_FLOATS } type;
    void *target;
    size_t size; // of floats
};

enum { CHECKPOINT_REALS = 8 };

// A point of a training curve, as a view of it: a list [step, split, reals ...] in the record.
struct checkpoint_point {
    uint64_t *step;
    const char **split;                  // one of split_names; NULL: the curve has none
    double *reals[CHECKPOINT_REALS + 1]; // ends with NULL
};

// What is saved and restored, as a view of the training's state.
struct checkpoint {
    const char *of;       // "emulate --fit", for messages
    uint64_t fingerprint; // of data, networks as they came, and recipe: a checkpoint goes on with no other training
    struct checkpoint_part parts[CHECKPOINT_PARTS + 1]; // ends with a zeroed one
    // The training curve: how many points it has, its i-th, and another one behind them, to be filled.
    int *points;
    void *context;
    struct checkpoint_point (*point)(void *context, int i);
    void (*add_point)(void *context);
};

// Written to a temporary file beside path, synced, renamed over it, and the directory synced: whatever happens, the old state or the new
// one is there.
enum status checkpoint_save(const struct checkpoint *c, const char *path, const struct writer_identity *identity,
                            struct error *error) MUST_CHECK;
// STATUS_NO_INPUT when there is no such file; STATUS_DATA when it is damaged or belongs to another training. After a failure the targets'
// values are undefined.
enum status checkpoint_load(const struct checkpoint *c, const char *path, struct error *error) MUST_CHECK;

#endif
