#include "math/intervals.h"

#include "base/memory.h"
#include "math/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// The probability that |T| < t (Abramowitz and Stegun, 26.7.3 and 26.7.4), with u = atan(t / sqrt(v)):
//     odd v   2/pi (u + sin u (cos u + 2/3 cos^3 u + ... + (2 4 ... (v-3)) / (1 3 ... (v-2)) cos^(v-2) u))
//     even v  sin u (1 + 1/2 cos^2 u + ... + (1 3 ... (v-3)) / (2 4 ... (v-2)) cos^(v-2) u)
static double within(double t, int v) {
    double u = atan(t / sqrt(v)), c = cos(u), sum = 0;
    double term = v % 2 ? c : 1;
    for (int k = v % 2 ? 3 : 2; k <= v; k += 2) {
        sum += term;
        term *= c * c * (k - 1) / k;
    }
    return v % 2 ? (u + sin(u) * sum) * M_2_PI : sin(u) * sum;
}

double interval_t(int freedom) {
    enum { AS_NORMAL = 1000 };
    double low = 1.9, high = 13;
    if (freedom > AS_NORMAL)
        freedom = AS_NORMAL; // 1.9623; the normal distribution has 1.9600
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (within(middle, freedom) < 0.95)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static struct interval about(double estimate, double half) {
    return (struct interval){estimate - half, estimate + half};
}

struct interval interval_of_mean(const double *x, int n) {
    if (n < 2)
        return (struct interval){NAN, NAN};
    return about(stats_mean(x, n), interval_t(n - 1) * stats_deviation(x, n) / sqrt(n - 1)); // s / sqrt(n), s^2 with n - 1
}

static void draw(int *drawn, int m, struct rng *rng) {
    for (int i = 0; i < m; i++)
        drawn[i] = (int)rng_below(rng, (uint64_t)m);
}

// Moments of each statistic's finite values.
static void add_moments(double *sums, const double *values, const double *estimates, int count) {
    for (int k = 0; k < count; k++) {
        double d = values[k] - estimates[k];
        if (!isfinite(d))
            continue;
        sums[3 * k]++;
        sums[3 * k + 1] += d;
        sums[3 * k + 2] += d * d;
    }
}

void interval_of_clusters(const struct clusters *c, const double *estimates, int rounds, struct rng *rng, struct interval *out) {
    int *drawn = memory_alloc((size_t)c->m * sizeof *drawn);
    double *values = memory_alloc((size_t)c->count * sizeof *values), *sums = memory_calloc(3 * (size_t)c->count, sizeof *sums);
    for (int r = 0; r < rounds && c->m > 1; r++) {
        draw(drawn, c->m, rng);
        c->statistics(c->context, drawn, values);
        add_moments(sums, values, estimates, c->count);
    }
    for (int k = 0; k < c->count; k++) {
        double n = sums[3 * k], mean = sums[3 * k + 1] / n, variance = fmax(sums[3 * k + 2] / n - mean * mean, 0);
        double half = n < 2 ? NAN : interval_t(c->m - 1) * sqrt(variance * c->m / (c->m - 1.0));
        out[k] = about(estimates[k], half);
    }
    free(drawn);
    free(values);
    free(sums);
}

// --- Kendall's tau ---

struct pair {
    double x, y;
};

static int compare_pairs(const void *a, const void *b) {
    const struct pair *p = a, *q = b;
    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    return (p->y > q->y) - (p->y < q->y);
}

static double pairs_of(double n) {
    return n * (n - 1) / 2;
}

// Sorts y [n] by merging, with a buffer [n]; returns how many pairs were in the wrong order.
static double merge_sort(double *y, double *buffer, size_t n) {
    if (n < 2)
        return 0;
    size_t half = n / 2, i = 0, j = half;
    double wrong = merge_sort(y, buffer, half) + merge_sort(y + half, buffer, n - half);
    for (size_t k = 0; k < n; k++) {
        bool right = i == half || (j < n && y[j] < y[i]);
        if (right && i < half)
            wrong += (double)(half - i);
        buffer[k] = right ? y[j++] : y[i++];
    }
    memcpy(y, buffer, n * sizeof *y);
    return wrong;
}

// Pairs of equal neighbours' groups in what is sorted: by x alone, or by both.
static double tied(const struct pair *p, size_t n, bool both) {
    double ties = 0, equal = 1;
    for (size_t i = 1; i <= n; i++) {
        if (i < n && p[i].x == p[i - 1].x && (!both || p[i].y == p[i - 1].y)) {
            equal++;
            continue;
        }
        ties += pairs_of(equal);
        equal = 1;
    }
    return ties;
}

double kendall_tau(const double *x, const double *y, size_t n) {
    struct pair *p = memory_alloc(n * sizeof *p);
    double *sorted = memory_alloc(2 * n * sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        p[i] = (struct pair){x[i], y[i]};
    qsort(p, n, sizeof *p, compare_pairs);
    double all = pairs_of((double)n), in_x = tied(p, n, false), in_both = tied(p, n, true), in_y = 0, equal = 1;
    for (size_t i = 0; i < n; i++)
        sorted[i] = p[i].y;
    double wrong = merge_sort(sorted, sorted + n, n);
    for (size_t i = 1; i <= n; i++) {
        bool same = i < n && sorted[i] == sorted[i - 1];
        in_y += same ? 0 : pairs_of(equal);
        equal = same ? equal + 1 : 1;
    }
    free(p);
    free(sorted);
    return (all - in_x - in_y + in_both - 2 * wrong) / sqrt((all - in_x) * (all - in_y)); // 0 / 0 is NaN
}
