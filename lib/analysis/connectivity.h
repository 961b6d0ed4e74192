// Mode connectivity: are two RNNs joined by a path of weights along which the loss stays low? (Garipov et al. 2018; as in the model zoo on
// phase transitions, Schuerholt et al. 2025.) A path leads from w_0 to w_1, straight,
//     gamma(t) = (1-t) w_0 + t w_1,
// or as a quadratic Bezier curve, whose bend w_b is trained from the midpoint on,
//     gamma(t) = (1-t)^2 w_0 + 2 t (1-t) w_b + t^2 w_1.
#ifndef ANALYSIS_CONNECTIVITY_H
#define ANALYSIS_CONNECTIVITY_H

#include "families/train.h"

struct curve {
    size_t size;
    const float *from, *to; // [size], borrowed
    const float *bend;      // [size], borrowed; NULL: a straight line
};

void curve_at(const struct curve *c, double t, float *w); // w [size] = gamma(t)

struct bend_recipe {
    int steps;
    double rate;     // of SGD: whole for half of the steps, then falling to a hundredth at 90 % of them
    double momentum; // v = momentum v + g, w = w - rate v
    double decay;    // minimised is the loss + decay / 2 |gamma(t)|^2
};
extern const struct bend_recipe bend_published; // 0.1, 0.9, 5e-4, and 1,000 steps

// The gradient of that for w_b, in place, from the loss' gradient at w = gamma(t): 2 t (1-t) (gradient + decay w).
void bend_gradient(double t, const float *w, double decay, float *gradient, size_t size);

// Trains the bend, in which the midpoint is found at the end of 0 steps, with one t of (0,1) and one batch of the trainee's for each step.
// Returns the step at which the loss was no longer finite (the training has diverged), or -1.
int bend_train(float *bend, const float *from, const float *to, struct trainee *t, const struct bend_recipe *recipe, struct rng *rng);

// At points equally far from each other, t = 0 .. 1.
struct path_measured {
    int points;
    double *t, *loss; // [points], the loss on the fixed evaluation set
    double *error;    // [points], wrong answers (of those that the RNN is trained by where they are told apart) in per cent; or NULL
    double length;    // |w_1 - w_0|
};
// Of `batches` batches and `samples` strings or images. Replaces the trainee's weights.
struct path_measured path_measure(const struct curve *c, struct trainee *t, int points, int batches, int samples);
void path_measured_free(struct path_measured *m);

// How far the loss rises above the line between its ends at worst: max over t of L(t) - (1-t) L_0 - t L_1, at least 0.
double path_barrier(const double *t, const double *loss, int points);
// (L_0 + L_1) / 2 - L(t*), where t* is where the two differ most: below 0 a barrier, above 0 the ends are not converged, near 0 connected.
double path_connectivity(const double *error, int points);

#endif
