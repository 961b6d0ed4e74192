// How alike two RNNs of the same inputs and outputs are, whatever their cells and sizes: in what they answer to shared inputs, in the
// geometry of their states, and, where their architectures are one, in their weights.
#ifndef ANALYSIS_COMPARE_H
#define ANALYSIS_COMPARE_H

#include "analysis/sequences.h"

struct likeness {
    int positions; // that were compared
    bool finite;   // are all answers finite? If not, nothing else of the answers means anything
    // Answers as distributions over classes or next tokens: means over positions, and the greatest.
    double total_variation, total_variation_max; // 0.5 sum |p - q|
    double kl, kl_max, kl_reverse;               // of a from b: sum p log(p / q), in nats; of b from a: sum q log(q / p)
    double agreement;                            // share of positions with the same most probable class
    // Answers as numbers.
    double mean_squared, absolute_max;
    // Centred kernel alignment of the last layers' h over all positions; NaN where a network's states do not move.
    double cka, cka_debiased; // the latter also for fewer than four positions, and where all states but one are equal
    double cosine;            // of all weights; NaN for different architectures
    double *by_position;      // [longest] total variation (or squared difference) at each position, a mean over sequences
    int longest;
};

// `numbers`: the answers are numbers, not logits. sequences must suit both (sequences_check).
void compare_networks(struct likeness *out, struct specimen *a, struct specimen *b, const struct sequences *sequences, bool numbers);
void likeness_free(struct likeness *l);

// Its numbers, by their names in pair records, into a map; those that are not defined are left out.
void likeness_pack_metrics(struct packer *p, const struct likeness *l, bool numbers);

// Linear CKA (Kornblith et al. 2019) of x [n,p] and y [n,q], columns centred in place: |X'Y|^2 / (|X'X| |Y'Y|), Frobenius norms. Debiased:
// with |X'Y|^2 replaced by |X'Y|^2 - n/(n-2) sum_i |x_i|^2 |y_i|^2 + |X|^2 |Y|^2 / ((n-1)(n-2)), likewise below the line (Kornblith's
// published code, after Szekely and Rizzo 2014). NaN where it is 0/0.
void compare_cka(double *x, int p, double *y, int q, int n, double *cka, double *debiased);

// Cosine of two flat vectors; NaN when one is zero.
double compare_cosine(const float *a, const float *b, size_t n);

#endif
