// The dynamics of RNNs' states as linear systems that their inputs drive, x' = A x + B u, and how alike two of these are, whatever the
// coordinates of the states: dynamical similarity analysis (Ostrow et al., NeurIPS 2023) with inputs (InputDSA, arXiv 2510.25943).
#ifndef ANALYSIS_DYNAMICS_H
#define ANALYSIS_DYNAMICS_H

#include "analysis/sequences.h"

// What happens to one RNN while it reads: the states of sequence after sequence, each from the start on, so one more than it has inputs.
struct course {
    const double *states; // [n + count, d]
    const int *lengths;   // [count] inputs of each sequence, n in all
    int count, d;
};

struct linear_system {
    int rank, inputs;
    double *a, *b; // [rank,rank], [rank,inputs]
    double told;   // R2: the share of the next states' variance that A x + B u tells; NaN where they are all one, A and B are 0 then
};

// x: the first principal coordinates of the states, `rank` of them or as many as vary, each of variance 1. Least squares over all
// transitions, everything centred: (A B) = argmin sum |x' - A x - B u|^2, with a ridge of 1e-8 of the variance. inputs [n,m] are u.
void linear_system_fit(struct linear_system *out, const struct course *course, const double *inputs, int m, int rank);
void linear_system_free(struct linear_system *s);

struct dynamics {
    int rank; // 0: there is nothing to compare, as the states of one, or the inputs, do not move
    // Angles, 0 to pi: of what inputs do to the states in all later steps, K = (B, AB, A'B, A^2 B, A'^2 B, ...), of A, and of B, each
    // between x's and y's turned by the orthogonal C that makes |K_x - C K_y| least: arccos(tr(X' C Y) / (|X| |Y|)). NaN where one is 0.
    double all, state, input;
    double told; // the lesser R2 of the two; NaN where one is
};

// Of two systems of one rank and the same inputs.
struct dynamics dynamics_distance(const struct linear_system *x, const struct linear_system *y);

// Of two RNNs that read the same sequences, which must suit both (sequences_check): states are h (and c) of all layers, u the principal
// coordinates of the inputs, each of variance 1.
struct dynamics dynamics_compare(struct specimen *a, struct specimen *b, const struct sequences *sequences, int rank);

void dynamics_pack_metrics(struct packer *p, const struct dynamics *d); // those that are defined, into a map

#endif
