// Cholesky's decomposition of small symmetric matrices.
#ifndef MATH_CHOLESKY_H
#define MATH_CHOLESKY_H

#include <stdbool.h>
#include <stddef.h>

// The lower triangle L of m = L L' [n,n], in place of m's own. False when m is not positive definite; m is destroyed then.
bool cholesky(double *m, size_t n);

// Solves L L' x = b: x [n] is in b.
void cholesky_solve(const double *l, double *b, size_t n);

#endif
