// RNNs of records in memory, ready to be run or encoded: their weights are decoded into places whose memory is used again and again.
#ifndef RECORDS_LOADER_H
#define RECORDS_LOADER_H

#include "records/rnn.h"
#include "rnn/batch.h"
#include "rnn/forms.h"

struct rnn_loader {
    struct rnn *rnn; // [capacity] what was loaded into each place, as a batch takes it; zeroed before
    int capacity;
    float **weights; // [capacity] the places' memory
    size_t *room;    // [capacity] in floats
    struct rnn_forms forms;
};

void rnn_loader_init(struct rnn_loader *l, int capacity);
void rnn_loader_free(struct rnn_loader *l); // a zeroed one may be freed, too

// The RNN of a record, of whatever architecture, into place i. It needs neither the record nor its bytes afterwards. STATUS_DATA when
// weights are missing, have other shapes than the architecture says, or are not finite.
enum status rnn_loader_load(struct rnn_loader *l, int i, const struct rnn_record *record, struct error *error) MUST_CHECK;

// The RNNs in places 0 .. count - 1.
struct rnn_batch rnn_loader_batch(const struct rnn_loader *l, int count);

#endif
