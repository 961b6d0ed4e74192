// Where an RNN's state comes to rest while its input is held (Sussillo and Barak 2013): points x with x = F(x, u), F one step of the RNN
// and u the input, found as minima of
//     q(x) = 1/2 |x - F(x, u)|^2
// by Levenberg and Marquardt's method with the Jacobian of F from central differences. Around a point the RNN does what the Jacobian there
// does: it is stable when all its eigenvalues are smaller than 1. Where q is small but not tiny the state creeps: a slow point; a unit that
// counts has no better one under the token that it counts.
#ifndef ANALYSIS_FIXED_POINTS_H
#define ANALYSIS_FIXED_POINTS_H

#include "analysis/walker.h"
#include "base/rng.h"

struct fixed_point {
    float *state; // [S], as the walker has it: for each layer h [H] and, of an LSTM, c [H]
    double q;
    double *re, *im; // [S] eigenvalues of the Jacobian, the largest first
    bool stable;
    int starts; // that came here
};

// What is held: a token, or a row of I numbers where `numbers` is not NULL.
struct held_input {
    int token;
    const float *numbers;
};

// The minima of q that are at most most_q, each once (two differ when any number of their states does by 1e-3 or more), from `count` states
// to start from [count,S], each of which goes on for `settle` steps first; those first that most starts came to. Points farther from the
// starts' centre than ten times their mean distance from it are none, nor are those whose eigenvalues don't converge. Returns how many;
// free with fixed_points_free.
int fixed_points_find(struct fixed_point **list, struct walker *w, const struct held_input *input, const float *starts, int count,
                      int settle, double most_q);
void fixed_points_free(struct fixed_point *list, int count);

// The Jacobian of F at x [S]: jacobian [S,S], row i the derivatives of F_i. f [S] (may be NULL) receives F(x).
void fixed_points_jacobian(struct walker *w, const struct held_input *input, const float *x, double *jacobian, float *f);

#endif
