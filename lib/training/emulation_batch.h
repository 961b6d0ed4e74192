// Judging a model on many records at once, which is several times as fast as one by one: the encoder reads them together.
#ifndef TRAINING_EMULATION_BATCH_H
#define TRAINING_EMULATION_BATCH_H

#include "encoders/identity.h"
#include "records/loader.h"
#include "stream/reader.h"
#include "training/emulation.h"

// Add records until the batch is full (count == EMULATION_BATCH) or something else comes by; run; then judge each of the first `count`; set
// count to 0.
enum { EMULATION_BATCH = 32 };

struct emulation_batch {
    const struct encoder *encoder;
    struct encoder_identity identity; // the encoder's
    struct judge *judge;              // borrowed
    const char *label;                // written into each record; NULL: theirs stays
    struct packer *emulation;         // the emulation record of the one that was judged last
    int count;
    const struct tensor *z; // [count,Z] of those that ran
    struct held_rnn *held;  // [EMULATION_BATCH] copies of the rnn records that wait
    struct rnn_loader rnns; // their RNNs
    struct tape tape;
};

struct emulation_batch *emulation_batch_new(const struct encoder *encoder, struct judge *judge, const char *label);
void emulation_batch_free(struct emulation_batch *b); // may be NULL

// An emulation record has all that its rnn record has but weights and rollouts, + encoder, loss, accuracy (of the RNN) and clone_accuracy.
enum status emulation_batch_add(struct emulation_batch *b, const struct value *root, struct error *error) MUST_CHECK;
void emulation_batch_run(struct emulation_batch *b);
enum status emulation_batch_judge(struct emulation_batch *b, int i, struct error *error) MUST_CHECK;

#endif
