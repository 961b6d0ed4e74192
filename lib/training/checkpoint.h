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

// What is saved and restored, as a view of the training's state.
struct checkpoint {
    const char *of;       // "emulate --fit", for messages
    uint64_t fingerprint; // of data, networks as they came, and recipe: a checkpoint goes on with no other training
    struct checkpoint_part parts[CHECKPOINT_PARTS + 1]; // ends with a zeroed one
    // The training curve: its points, each a list, and reading one, which is put behind the others; false when it is none.
    int *points;
    void *context;
    void (*pack_point)(struct packer *p, const void *context, int i);
    bool (*read_point)(void *context, const struct value *point);
};

// Written to a temporary file beside path, synced, renamed over it, and the directory synced: whatever happens, the old state or the new
// one is there.
enum status checkpoint_save(const struct checkpoint *c, const char *path, const struct writer_identity *identity,
                            struct error *error) MUST_CHECK;
// STATUS_NO_INPUT when there is no such file; STATUS_DATA when it is damaged or belongs to another training. After a failure the targets'
// values are undefined.
enum status checkpoint_load(const struct checkpoint *c, const char *path, struct error *error) MUST_CHECK;

#endif
