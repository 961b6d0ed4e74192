// Which network was made from which: the parents of a set of networks of one architecture, from their weights alone. The ideas are those of
// MoTHer (Horwitz et al. 2024: kurtosis tells the direction of training, distances tell who is near) and of the model atlas (Horwitz et al.
// 2025: quantised networks are leaves, a merge has two parents), with the rules that hold for RNNs of a zoo. Weights of one family point in
// similar directions, those of strangers do not. Copies, merges and what was quantised or pruned are leaves. The other networks of a family
// are connected by its shortest tree (the minimum spanning tree of Euclidean distances), which hangs from the network of least kurtosis:
// training from random weights raises it, from the first steps on and by much more than later training may lower it again.
#ifndef ANALYSIS_LINEAGE_H
#define ANALYSIS_LINEAGE_H

#include "nn/params.h"

#include <stdbool.h>
#include <stdint.h>

// What one network tells of itself.
struct lineage_traits {
    double kurtosis;   // sum over the chosen tensors of the excess kurtosis m4 / m2^2 - 3
    double zero_share; // of exact zeros among all weights of matrices
    int bits; // of the fewest-valued matrix: log2 of the number of its distinct values, rounded up; 32 when there are more than 65536
};

// chosen [table->count] says which tensors the kurtosis is summed over; the other traits are those of all matrices.
struct lineage_traits lineage_traits(const struct params *table, const float *weights, const bool *chosen);

enum lineage_direction {
    LINEAGE_RISING,
    LINEAGE_FALLING
}; // of the kurtosis from parent to child: training from scratch, specialising fine-tuning

struct lineage_options {
    double related; // cosine above which two networks are of one family (measured on trained LSTMs: own .49 .. 1, strangers below .08)
    double margin;  // networks whose kurtosis is within this of the root's might be the root instead: arcs between are undecided
    enum lineage_direction direction;
    const double *time; // [n] when each network was made, where that is known: then the parent is the nearest relative that is earlier;
                        // NULL: not known
};

enum lineage_how { LINEAGE_ROOT, LINEAGE_TRAINED, LINEAGE_COPIED, LINEAGE_QUANTISED, LINEAGE_PRUNED, LINEAGE_MERGED };
extern const char *const lineage_how_names[]; // "root", "trained", "copied", "quantised", "pruned", "merged"

struct lineage_arc {
    int parent, second;      // indices; -1: none. second: the other parent of a merge
    double share;            // of `parent` in a merge
    double distance, cosine; // to the parent; NaN for a root
    double margin;           // by how much the child's kurtosis is beyond the parent's, in the direction of the options; NaN for a root
    enum lineage_how how;
    bool undecided; // the direction is the likelier one, but the margin is too small and nothing else tells
    int family;     // networks that are related, directly or through others, have the same number: 0, 1, ...
};

// arcs [n] from weights [n] flat vectors of `size` floats. The cost is n^2 * size / 2 multiply-adds, and for each network all pairs of its
// relatives, of at most 512 of them, are looked at as the parents of a merge.
void lineage_infer(struct lineage_arc *arcs, const float *const *weights, const struct lineage_traits *traits, int n, size_t size,
                   const struct lineage_options *options);

#endif
