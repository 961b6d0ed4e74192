#include "math/stats.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

double stats_mean(const double *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return n > 0 ? sum / n : NAN;
}

// Of n that are `apart` from each other. A mean of equal numbers is rounded, and what they are off it is not quite 0.
static bool all_equal(const double *x, int n, int apart) {
    for (int i = 1; i < n; i++)
        if (x[(size_t)i * apart] != x[0])
            return false;
    return true;
}

double stats_deviation(const double *x, int n) {
    double mean = stats_mean(x, n), sum = 0;
    for (int i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    double deviation = sqrt(sum / n);
    return n > 0 && (all_equal(x, n, 1) || deviation <= 8 * DBL_EPSILON * fabs(mean)) ? 0 : deviation;
}

double stats_median(const double *x, int n) {
    return stats_quantile(x, n, 0.5);
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double sorted_quantile(const double *sorted, int n, double q) {
    const double position = q * (n - 1);
    const int low = (int)floor(position), high = low + 1 < n ? low + 1 : low;
    return sorted[low] + (position - low) * (sorted[high] - sorted[low]);
}

double stats_quantile(const double *x, int n, double q) {
    if (n <= 0)
        return NAN;
    double *sorted = memory_alloc(n * sizeof *sorted);
    memcpy(sorted, x, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    const double quantile = sorted_quantile(sorted, n, q);
    free(sorted);
    return quantile;
}

// --- Principal components ---

// One Jacobi rotation of the symmetric s [d,d] that makes s[p,q] zero; vectors [d,d] collects the rotations (Golub and Van Loan,
// section 8.5).
static void rotate(double *s, double *vectors, int d, int p, int q) {
    const double off = s[p * d + q];
    if (off == 0)
        return;
    const double theta = (s[q * d + q] - s[p * d + p]) / (2 * off);
    const double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), sine = t * c;
    for (int i = 0; i < d; i++) {
        const double x = s[i * d + p], y = s[i * d + q];
        s[i * d + p] = c * x - sine * y;
        s[i * d + q] = sine * x + c * y;
    }
    for (int i = 0; i < d; i++) {
        const double x = s[p * d + i], y = s[q * d + i];
        s[p * d + i] = c * x - sine * y;
        s[q * d + i] = sine * x + c * y;
    }
    s[p * d + q] = s[q * d + p] = 0;
    for (int i = 0; i < d; i++) {
        const double x = vectors[i * d + p], y = vectors[i * d + q];
        vectors[i * d + p] = c * x - sine * y;
        vectors[i * d + q] = sine * x + c * y;
    }
}

// The eigenvalues are left on s's diagonal, the eigenvectors are the columns of vectors.
static void eigenvectors(double *s, double *vectors, int d) {
    for (int i = 0; i < d * d; i++)
        vectors[i] = i % (d + 1) == 0;
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0, diagonal = 0;
        for (int p = 0; p < d; p++) {
            diagonal += s[p * d + p] * s[p * d + p];
            for (int q = p + 1; q < d; q++)
                off += s[p * d + q] * s[p * d + q];
        }
        if (!(off > 1e-30 * diagonal))
            return;
        for (int p = 0; p < d; p++)
            for (int q = p + 1; q < d; q++)
                rotate(s, vectors, d, p, q);
    }
}

void stats_centre(double *x, int n, int d) {
    for (int j = 0; j < d && n > 0; j++) {
        double mean = 0;
        for (int i = 0; i < n; i++)
            mean += x[(size_t)i * d + j] / n;
        mean = all_equal(x + j, n, d) ? x[j] : mean;
        for (int i = 0; i < n; i++)
            x[(size_t)i * d + j] -= mean;
    }
}

static double *centred_columns(const double *x, int n, int d) {
    double *centred = memory_calloc((size_t)n * d, sizeof *centred);
    memcpy(centred, x, (size_t)n * d * sizeof *centred);
    stats_centre(centred, n, d);
    return centred;
}

// s [d,d] = C' C / (n-1) of C [n,d].
static void covariance(double *s, const double *centred, int n, int d) {
    for (int i = 0; i < n; i++, centred += d)
        for (int p = 0; p < d; p++)
            for (int q = 0; q < d; q++)
                s[p * d + q] += centred[p] * centred[q] / (n > 1 ? n - 1 : 1);
}

// s [n,n] = C C' / (n-1), which has the same eigenvalues but for zeros.
static void products_of_rows(double *s, const double *centred, int n, int d) {
    for (int p = 0; p < n; p++)
        for (int q = 0; q <= p; q++) {
            double sum = 0;
            for (int j = 0; j < d; j++)
                sum += centred[(size_t)p * d + j] * centred[(size_t)q * d + j];
            s[p * n + q] = s[q * n + p] = sum / (n > 1 ? n - 1 : 1);
        }
}

// The column of the largest eigenvalue that is not yet taken; marks it as taken.
static int take_largest(const double *s, char *taken, int d) {
    int best = -1;
    for (int j = 0; j < d; j++)
        if (!taken[j] && (best < 0 || s[j * d + j] > s[best * d + best]))
            best = j;
    taken[best] = 1;
    return best;
}

// An eigenvector of either, in column j of vectors, as a direction v [d] of length 1 whose largest entry is positive: itself, or C' u / |C'
// u|.
static void direction(double *v, const double *vectors, int m, int j, const double *centred, int n, int d) {
    memset(v, 0, (size_t)d * sizeof *v);
    if (m == d)
        for (int i = 0; i < d; i++)
            v[i] = vectors[i * d + j];
    else
        for (int row = 0; row < n; row++)
            for (int i = 0; i < d; i++)
                v[i] += centred[(size_t)row * d + i] * vectors[row * m + j];
    double square = 0;
    int largest = 0;
    for (int i = 0; i < d; i++) {
        square += v[i] * v[i];
        if (fabs(v[i]) > fabs(v[largest]))
            largest = i;
    }
    const double length = copysign(m < d && square > 0 ? sqrt(square) : 1, v[largest]);
    for (int i = 0; i < d; i++)
        v[i] /= length;
}

void stats_pca(double *projected, double *share, const double *x, int n, int d, int k) {
    const int m = n < d ? n : d; // the smaller of the two matrices is the one whose eigenvectors are sought
    double *s = memory_calloc((size_t)m * m, sizeof *s), *vectors = memory_calloc((size_t)m * m, sizeof *vectors);
    double *centred = centred_columns(x, n, d), *v = memory_calloc(d, sizeof *v);
    char *taken = memory_calloc(m, 1);
    if (m == d)
        covariance(s, centred, n, d);
    else
        products_of_rows(s, centred, n, d);
    eigenvectors(s, vectors, m);
    double total = 0;
    for (int j = 0; j < m; j++)
        total += s[j * m + j];
    for (int component = 0; component < k; component++) {
        int j = component < m ? take_largest(s, taken, m) : -1;
        if (m < d && (j < 0 || s[j * m + j] <= 1e-12 * total))
            j = -1; // fewer than n have any variance
        if (j >= 0)
            direction(v, vectors, m, j, centred, n, d);
        for (int row = 0; row < n; row++) {
            double sum = 0;
            for (int i = 0; j >= 0 && i < d; i++)
                sum += centred[(size_t)row * d + i] * v[i];
            projected[(size_t)row * k + component] = sum;
        }
        if (share)
            share[component] = j >= 0 && total > 0 ? s[j * m + j] / total : 0;
    }
    free(s);
    free(vectors);
    free(centred);
    free(v);
    free(taken);
}
