// Central differences against reverse mode.
#ifndef GRAD_GRADCHECK_H
#define GRAD_GRADCHECK_H

#include "base/rng.h"
#include "grad/tape.h"

// Builds the computation on the tape and returns its scalar loss [1,1]. Leaves' gradients are accumulated by tape_backward.
typedef struct tensor *gradcheck_function(struct tape *tape, void *context);

// Compares d loss / d x [n] in `directions` random directions: with g the gradient from one backward pass (grad must be the memory that the
// function's leaves accumulate into; it is zeroed first) and u a random unit vector, |<g,u> - (f(x + h u) - f(x - h u)) / 2h| /
// max(|<g,u>|, |g| / sqrt(n), floor). Returns the largest such error, NaN if anything was NaN. x is restored.
double gradcheck(gradcheck_function *f, void *context, float *x, float *grad, int n, int directions, float h, double floor,
                 struct rng *rng);

#endif
