// 95 % intervals that cover what they say, also with few samples (tests/unit/math/intervals.c simulates it), and Kendall's tau.
#ifndef MATH_INTERVALS_H
#define MATH_INTERVALS_H

#include "base/rng.h"

#include <stdbool.h>
#include <stddef.h>

struct interval {
    double low, high; // NaN where there is none
};

// The 0.975 quantile of Student's t with `freedom` >= 1 degrees of freedom: 12.71, 4.30, 3.18 ... 1.96.
double interval_t(int freedom);

// Of the mean of x [n], whose items are independent: mean +- t(n-1) s / sqrt(n). None for n < 2.
struct interval interval_of_mean(const double *x, int n);

// Of a statistic of items that come in m independent clusters (records of a task), however they depend on each other within one: the
// statistic is computed anew for `rounds` draws of m clusters with replacement (cluster bootstrap; Cameron, Gelbach and Miller 2008), and
// the interval is estimate +- t(m-1) sqrt(m/(m-1)) times the deviation of these. Percentiles of the draws would be too narrow for few
// clusters. `statistics` computes `count` statistics of the drawn clusters [m] at once; those that are not finite are left out. None for m
// < 2.
struct clusters {
    int m, count;
    void (*statistics)(void *context, const int *drawn, double *out);
    void *context;
};
void interval_of_clusters(const struct clusters *c, const double *estimates, int rounds, struct rng *rng, struct interval *out);

// Kendall's tau-b of pairs (x, y) [n], O(n log n) (Knight 1966): (concordant - discordant) / sqrt((pairs - ties in x) (pairs - ties in y)).
// NaN when all x or all y are equal.
double kendall_tau(const double *x, const double *y, size_t n);

#endif
