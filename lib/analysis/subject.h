// The RNN of a record, in memory by itself and ready to be walked.
#ifndef ANALYSIS_SUBJECT_H
#define ANALYSIS_SUBJECT_H

#include "analysis/walker.h"
#include "records/rnn.h"

struct subject {
    struct rnn_arch arch;
    struct params table;
    float *weights; // [table.size]
    struct walker *walker;
};

// Needs neither the record nor its bytes afterwards. STATUS_DATA when a weight is missing, of another shape, or not finite; there is then
// nothing to close.
enum status subject_open(struct subject *out, const struct rnn_record *record, struct error *error) MUST_CHECK;
void subject_close(struct subject *s); // a zeroed one may be closed, too

#endif
