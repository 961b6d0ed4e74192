// The path of weights between two RNNs of one task, as they are and with the second one's units aligned with the first one's.
#ifndef ANALYSIS_PAIR_PATH_H
#define ANALYSIS_PAIR_PATH_H

#include "analysis/connectivity.h"
#include "analysis/pair.h"

struct path_options {
    bool bent;                 // a Bezier curve; else a straight line
    int points;                // at which it is measured
    int batch, batches;        // strings or images in a batch; batches of the evaluation set
    int samples;               // by which errors are told
    struct bend_recipe recipe; // of the bend
    uint64_t seed;
    struct image_sets *images;
};

struct pair_path {
    struct path_measured raw, aligned;
    double cosine_aligned; // of all weights as they are, each bias by itself (compare_cosine)
};

// STATUS_DATA when there is no loss that both share, or no path: RNNs of other architectures or tasks; when the training of a bend
// diverges; when a loss is not finite.
enum status pair_path_measure(struct pair_path *out, const struct net *a, const struct net *b, const struct path_options *options,
                              struct error *error) MUST_CHECK;
void pair_path_free(struct pair_path *p);

// Into a map: the metrics barrier, connectivity (where errors are told) and length, and their likes of the aligned RNN, *_aligned; the keys
// path and path_aligned, {t, loss, error}.
void pair_path_pack_metrics(struct packer *p, const struct pair_path *x);
void pair_path_pack(struct packer *p, const struct pair_path *x);

#endif
