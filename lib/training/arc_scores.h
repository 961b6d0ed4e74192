// Lineages judged: arc records that carry the truth (rnn-lineage --truth) to a score_table. A row is a label and how the RNNs were made in
// truth ("root", "snapshot", "quantise 4"), and a row for all. An arc is a pair of a child and a parent; a merge has two arcs, a root none.
//
//   right      share of the RNNs whose parents are exactly the true ones, roots among them
//   precision  right arcs / arcs found                   recall   right arcs / true arcs
//   direction  right arcs / arcs found between two RNNs that are parent and child in truth, whichever is which
//   roots      of all RNNs only: precision = true roots / roots found, recall = roots found / true roots
//   families   of all RNNs only: adjusted Rand index of the families found and the true ones (who hangs together by true arcs)
//   undecided  share of the RNNs whose arc says so
//
// Intervals are over true families (cluster bootstrap): what hangs together is no independent sample.
#ifndef TRAINING_ARC_SCORES_H
#define TRAINING_ARC_SCORES_H

#include "training/scores.h"

struct arc_scores;

struct arc_scores *arc_scores_new(void);
void arc_scores_free(struct arc_scores *s); // may be NULL
uint64_t arc_scores_count(const struct arc_scores *s);

// STATUS_DATA without a key `truth`, and for an RNN that is there twice under the same label.
enum status arc_scores_add(struct arc_scores *s, const struct value *record, struct error *error) MUST_CHECK;

// STATUS_DATA when a true parent is not among the RNNs of its label: then nobody can find it. Free with score_table_free.
enum status arc_scores_table(struct arc_scores *s, uint64_t seed, struct score_table *out, struct error *error) MUST_CHECK;

// The adjusted Rand index of two partitions a, b [n] (Hubert and Arabie 1985); 1 when both are trivial alike.
double adjusted_rand(const uint64_t *a, const uint64_t *b, size_t n);

#endif
