#include "training/measures.h"

#include "base/memory.h"
#include "math/intervals.h"
#include "math/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t items(const struct judged *j) {
    return j->count * (size_t)j->answers;
}

// --- Emulations ---

static double mean_predicted(const struct judged *j) {
    return stats_mean(j->predicted, (int)items(j));
}

static double mean_difference(const struct judged *j) {
    double sum = 0;
    for (size_t i = 0; i < items(j); i++)
        sum += fabs(j->truth[i] - j->predicted[i]);
    return sum / (double)items(j);
}

// --- Classes ---

static int right_answers(const struct judged *j, size_t record) {
    int right = 0;
    for (int a = 0; a < j->answers; a++)
        right += j->truth[record * (size_t)j->answers + (size_t)a] == j->predicted[record * (size_t)j->answers + (size_t)a];
    return right;
}

// Of the answers.
static double share_right(const struct judged *j) {
    double sum = 0;
    for (size_t i = 0; i < j->count; i++)
        sum += (double)right_answers(j, i) / j->answers;
    return sum / (double)j->count;
}

// Of the records, all of whose answers have to be right.
static double share_exact(const struct judged *j) {
    double sum = 0;
    for (size_t i = 0; i < j->count; i++)
        sum += right_answers(j, i) == j->answers;
    return sum / (double)j->count;
}

static int compare_bytes(const void *a, const void *b, void *size) {
    return memcmp(a, b, *(const size_t *)size);
}

// The largest share of equal rows of x [n, width], which gets sorted.
static double largest_share(double *x, size_t n, size_t width) {
    size_t size = width * sizeof *x, most = 0, equal = 0;
    for (size_t i = 0; i < n * width; i++)
        x[i] += 0.0; // -0 and 0 are equal
    qsort_r(x, n, size, compare_bytes, &size);
    for (size_t i = 0; i < n; i++) {
        equal = i && memcmp(x + i * width, x + (i - 1) * width, size) == 0 ? equal + 1 : 1;
        most = equal > most ? equal : most;
    }
    return (double)most / (double)n;
}

static double most_common(const struct judged *t) {
    size_t size = t->count * (size_t)t->answers * sizeof(double);
    double *copy = memory_alloc(size);
    memcpy(copy, t->truth, size);
    double share = largest_share(copy, t->count, (size_t)t->answers);
    free(copy);
    return share;
}

// Each answer's most common value by itself.
static double most_common_each(const struct judged *t) {
    size_t n = t->count, answers = (size_t)t->answers;
    double *copy = memory_alloc(n * sizeof *copy), share = 0;
    for (size_t a = 0; a < answers; a++) {
        for (size_t i = 0; i < n; i++)
            copy[i] = t->truth[i * answers + a];
        share += largest_share(copy, n, 1) / (double)answers;
    }
    free(copy);
    return share;
}

// --- Numbers ---

static double squares(const struct judged *j) {
    double sum = 0;
    for (size_t i = 0; i < items(j); i++)
        sum += (j->truth[i] - j->predicted[i]) * (j->truth[i] - j->predicted[i]);
    return sum;
}

static double rmse(const struct judged *j) {
    return sqrt(squares(j) / (double)items(j));
}

// Answer a of all records, to be freed.
static double *column(const struct judged *j, const double *x, int a) {
    double *out = memory_alloc(j->count * sizeof *out);
    for (size_t i = 0; i < j->count; i++)
        out[i] = x[i * (size_t)j->answers + (size_t)a];
    return out;
}

// The squares that are left of the truths' distances from their mean, each answer's own; the mean has the least squared error of all
// constants.
static double squares_of_means(const struct judged *j) {
    double sum = 0;
    for (int a = 0; a < j->answers; a++) {
        double *truth = column(j, j->truth, a), deviation = stats_deviation(truth, (int)j->count);
        sum += deviation * deviation * (double)j->count;
        free(truth);
    }
    return sum;
}

static double deviation(const struct judged *j) {
    return j->answers == 1 ? stats_deviation(j->truth, (int)j->count) : sqrt(squares_of_means(j) / (double)items(j));
}

// 1 - sum (y - p)^2 / sum (y - mean)^2: the share of the variance that is explained.
static double r2(const struct judged *j) {
    double total = squares_of_means(j);
    return total > 0 ? 1 - squares(j) / total : NAN;
}

static double r2_of_means(const struct judged *j) {
    return squares_of_means(j) > 0 ? 0 : NAN;
}

// Mean over the answers.
static double tau(const struct judged *j) {
    double sum = 0;
    for (int a = 0; a < j->answers; a++) {
        double *truth = column(j, j->truth, a), *predicted = column(j, j->predicted, a);
        double one = kendall_tau(truth, predicted, j->count);
        sum += isnan(one) && j->count > 1 ? 0 : one; // a constant orders nothing
        free(truth);
        free(predicted);
    }
    return sum / j->answers;
}

static double nothing(const struct judged *j) {
    (void)j;
    return 0;
}

// --- Angles in degrees ---

static double angle_between(const struct judged *j) {
    double sum = 0;
    for (size_t i = 0; i < items(j); i++)
        sum += fabs(remainder(j->truth[i] - j->predicted[i], 360));
    return sum / (double)items(j);
}

static int compare_numbers(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The least mean distance of one angle from all of them. As a function of that angle it is made of straight lines that bend upwards at the
// truths only, so one of these is best. The truths in order, going round twice: x [2n], and their running sums.
static double from_median(const double *truth, size_t n) {
    double *x = memory_alloc(2 * n * sizeof *x), *sum = memory_alloc((2 * n + 1) * sizeof *sum), least = INFINITY;
    for (size_t i = 0; i < n; i++)
        x[i] = fmod(fmod(truth[i], 360) + 360, 360);
    qsort(x, n, sizeof *x, compare_numbers);
    sum[0] = 0;
    for (size_t i = 0; i < 2 * n; i++) {
        x[i] = i < n ? x[i] : x[i - n] + 360;
        sum[i + 1] = sum[i] + x[i];
    }
    for (size_t i = 0, half = 0; i < n; i++) {
        while (half < i + n && x[half] - x[i] <= 180)
            half++;
        double ahead = sum[half] - sum[i] - (double)(half - i) * x[i];
        double behind = (double)(i + n - half) * (x[i] + 360) - (sum[i + n] - sum[half]);
        least = fmin(least, (ahead + behind) / (double)n);
    }
    free(x);
    free(sum);
    return fmax(least, 0); // not -1e-14
}

static double from_median_angle(const struct judged *j) {
    double sum = 0;
    for (int a = 0; a < j->answers; a++) {
        double *truth = column(j, j->truth, a);
        sum += from_median(truth, j->count) / j->answers;
        free(truth);
    }
    return sum;
}

#define OF(kind) (1u << JUDGED_##kind)

const struct measure measures[] = {
    {"%s_loss", "%s loss", OF(LOSS), -INFINITY, INFINITY, mean_predicted, NULL},
    {"%s_difference", "%s |diff|", OF(CLONE), 0, 1, mean_difference, NULL},
    {"exact_%s", "exact %s", OF(CLASSES), 0, 1, share_exact, most_common},
    {"%s_each", "%s, each", OF(CLASSES), 0, 1, share_right, most_common_each},
    {"%s_rmse", "%s RMSE", OF(NUMBER) | OF(DEGREES), 0, INFINITY, rmse, deviation},
    {"%s_r2", "%s R2", OF(NUMBER), -INFINITY, 1, r2, r2_of_means},
    {"%s_tau", "%s tau", OF(NUMBER), -1, 1, tau, nothing},
    {"%s_angle", "%s angle", OF(DEGREES) | OF(ANGLE), 0, 180, angle_between, from_median_angle},
    {"%s_accuracy", "%s accuracy", OF(CLASS), 0, 1, share_exact, most_common},
    {0},
};
