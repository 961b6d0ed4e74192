// The RNN of a record, in memory by itself and ready to be walked.
#ifndef ANALYSIS_SPECIMEN_H
#define ANALYSIS_SPECIMEN_H

#include "analysis/walker.h"
#include "records/rnn.h"

struct specimen {
    struct rnn_arch arch;
    struct params table;
    float *weights; // [table.size]
    struct walker *walker;
};

// Needs neither the record nor its bytes afterwards. STATUS_DATA when a weight is missing, of another shape, or not finite; there is then
// nothing to close.
enum status specimen_open(struct specimen *out, const struct rnn_record *record, struct error *error) MUST_CHECK;
void specimen_close(struct specimen *s); // a zeroed one may be closed, too

#endif
