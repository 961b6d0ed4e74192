// rnn records of networks that were made from others.
#ifndef RECORDS_DERIVED_H
#define RECORDS_DERIVED_H

#include "records/rnn.h"

struct derivation {
    uint64_t run;                  // of the new network
    const struct rnn_name *second; // the other parent, of a merge; else NULL
    const char *how;               // "quantise 4": what was done, for people
    bool same; // does it compute what its parent computes? Then metrics and rollouts stay; otherwise they are left out, as they would be
               // the parent's
};

// Packs the record of `parent` with other weights [table->size], with `parent` {run, step}, `second` likewise if there is one, and `how`.
// The parent's own `parent`, `second`, `how` and `alignment`, and its name, are left out.
void derived_pack(struct packer *p, const struct rnn_record *parent, const struct params *table, const float *weights,
                  const struct derivation *derivation);

#endif
