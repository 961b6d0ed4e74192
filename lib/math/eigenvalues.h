// Eigenvalues of general real matrices, for small ones (some hundred rows).
#ifndef MATH_EIGENVALUES_H
#define MATH_EIGENVALUES_H

#include <stdbool.h>

// The n eigenvalues of a [n,n], which is destroyed, by size, the largest first: re and im [n]. By a reduction to Hessenberg form
// (elimination with pivots) and Francis' QR steps (Wilkinson and Reinsch 1971, hqr). False when they don't converge, as with numbers that
// are not finite.
bool eigenvalues(double *a, int n, double *re, double *im);

#endif
