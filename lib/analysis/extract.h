// An automaton of an RNN that accepts, or that never stops talking: prefixes after which it does the same are one state.
//
// A place's *row* is what the RNN answers there and after each of some suffixes; places whose rows differ by no more than a tolerance are
// merged, breadth first from the start. Then automaton and RNN read the same samples. Where they differ too often, a suffix is found in the
// shortest sample on which they do (Rivest and Schapire 1993) that tells two merged places apart, and all is built anew. This is L*
// (Angluin 1987; Weiss, Goldberg and Yahav 2018 and 2019 for RNNs) with a tolerance in two places: without one, the noise of a trained
// network makes many states of few.
#ifndef ANALYSIS_EXTRACT_H
#define ANALYSIS_EXTRACT_H

#include "analysis/automaton.h"
#include "base/rng.h"

struct extract_options {
    bool generates;   // answers are next tokens' probabilities; otherwise classes, of which the greatest counts
    double tolerance; // of generators: two answers are one when no probability differs by more
    double threshold; // of generators: a letter of a smaller probability is not gone on with
    double error;     // merging is refined while more than this share of the samples' positions differ
    int samples;      // of each measurement of the error
    int most_states;  // `truncated` when there would be more
    uint64_t seed;
};

struct extraction {
    struct automaton automaton; // of a generator with p
    double error;               // share of positions of fresh samples at which automaton and RNN differ
    int suffixes, rounds;       // rows' width at the end, and how often it was built
    bool truncated;
    int *counterexample;       // the shortest word found on which they differ, by walks that go on from each state; NULL: none was found
    int counterexample_length; // in tokens
};

// speech->most_tokens is the samples' length. Samples of a generator are its own words; those of a classifier go from each state on alike,
// by letters drawn at random.
void extract(struct extraction *out, struct walker *w, const struct speech *speech, const struct extract_options *options);
void extraction_free(struct extraction *e);

#endif
