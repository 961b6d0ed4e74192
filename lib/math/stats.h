// Small numerical helpers for results and pictures; double precision, not for hot loops.
#ifndef MATH_STATS_H
#define MATH_STATS_H

double stats_mean(const double *x, int n);               // NaN for n = 0
double stats_deviation(const double *x, int n);          // root of the mean squared distance from the mean; NaN for n = 0; 0 for equal ones
double stats_median(const double *x, int n);             // of a copy; NaN for n = 0
double stats_quantile(const double *x, int n, double q); // linear interpolation between order statistics, as NumPy; NaN for n = 0

void stats_centre(double *x, int n, int d); // x [n,d]: each column less its mean; zeros where all are equal

// Principal component analysis of x [n, d], by eigenvectors of the covariance (Jacobi rotations): projected [n, k] on the first k
// components, share [k] of the total variance (may be NULL). Each component's sign is fixed by making its largest entry positive. k <= d.
void stats_pca(double *projected, double *share, const double *x, int n, int d, int k);

#endif
