// Series: a task is a damped oscillator that noise drives; an RNN reads a number at a time and tells the next one.
//     x_t = a1 x_(t-1) + a2 x_(t-2) + e_t,     a1 = 2 r cos(2 pi / p),  a2 = -r^2,  e_t normal, of such a variance that x has variance 1
#ifndef FAMILIES_SERIES_H
#define FAMILIES_SERIES_H

#include "families/family.h"

enum { SERIES_DEFAULT_LENGTH = 60, SERIES_MAX_LENGTH = 4096 };

#define SERIES_LONGEST_PERIOD 1000.0 // of what is read; drawn are periods of 4 to 24

struct series {
    double period;  // p, in steps, at least 2
    double damping; // r, 0 .. 1; 1 would be none
    int length;     // T, numbers read
};

// Period 4 .. 24, uniform in its logarithm; damping uniform in 0.8 .. 0.99; length must be set. A pure function of rng.
void series_draw_task(struct series *task, struct rng *rng);

// The process: x_t's weights on the two numbers before it, its correlation with the last one, and the variance of e, which is the least
// squared error that any prediction can have in the long run:
//     rho1 = a1 / (1 - a2),     noise = 1 - a1 rho1 - a2 (a1 rho1 + a2)
struct oscillator {
    double a1, a2, rho1, noise;
};
struct oscillator series_oscillator(const struct series *task);

// A series of n numbers at `stride` from each other, stationary from the first number on.
void series_draw(const struct oscillator *o, int n, struct rng *rng, float *x, int stride);

// The loss of given series [batch, length + 1] and the gradient [table.size], without an update.
double series_gradient(struct trainee *t, const float *series, int batch, float *grad);

extern const struct family series_family;

#endif
