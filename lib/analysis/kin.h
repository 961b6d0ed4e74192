// Networks whose units were permuted, flipped or scaled are strangers to their origin by their weights. This finds such copies among many
// networks and brings all into the order and signs of their relatives, so that weights can be compared (see align.h and lineage.h).
#ifndef ANALYSIS_KIN_H
#define ANALYSIS_KIN_H

#include "rnn/rnn.h"

struct kin_options {
    double related; // cosine above which networks are of one family as they are
    double kin;     // cosine after alignment above which two families are one (trained LSTMs: strangers up to .49, relatives from .62)
    int candidates; // alignments that are tried for each family
};

// weights [n] flat vectors of the architecture, changed in place. Returns how many networks were changed. Candidates are the pairs whose
// fingerprints, which no symmetry changes, are nearest.
int kin_align(float *const *weights, int n, const struct rnn_arch *arch, const struct kin_options *options);

#endif
