// The curvature of a loss around given weights, from gradients alone (as PyHessian measures it: Yao et al. 2020; and the model zoo on phase
// transitions, Schuerholt et al. 2025): Hessian-vector products by central differences of gradients,
//     H v = (g(w + e v) - g(w - e v)) / 2e,
// the top eigenvalue by power iteration, the trace by Hutchinson's estimator.
#ifndef ANALYSIS_LANDSCAPE_H
#define ANALYSIS_LANDSCAPE_H

#include "base/rng.h"

#include <stddef.h>

// A loss of `size` weights. The same weights must give the same loss and gradient: a fixed evaluation set.
struct landscape {
    size_t size;
    double (*loss)(void *context, const float *weights, float *gradient); // returns the loss and writes gradient [size]
    void *context;
};

// hv [size] = H v at w; step is |e v| / |w|.
void landscape_hessian_times(const struct landscape *l, const float *w, const float *v, double step, float *hv);

// The eigenvalue of largest absolute value: power iteration from a random direction, at most 100 products, until |new - old| / (|old| +
// 1e-6) < 1e-3.
double landscape_top_eigenvalue(const struct landscape *l, const float *w, struct rng *rng);

// Hutchinson: the mean of v'Hv over random v of -1 and 1, at least 10 and at most `most` of them, until the mean moves by less than 1e-3 of
// |mean| + 1e-6.
struct landscape_trace {
    double trace, standard_error;
    int draws;
};
// share [count] (may be NULL) becomes the part of the trace that tensors of [offset[i], offset[i+1]) have: the sum of v_i (Hv)_i over their
// entries; offset has count + 1.
struct landscape_trace landscape_trace(const struct landscape *l, const float *w, int most, struct rng *rng, double *share,
                                       const size_t *offset, int count);

#endif
