#include "training/measures.h"

#include "base/memory.h"
#include "math/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- Classes ---

static double share_right(const double *truth, const double *predicted, int answers) {
    int right = 0;
    for (int a = 0; a < answers; a++)
        right += truth[a] == predicted[a];
    return (double)right / answers;
}

static double all_right(const double *truth, const double *predicted, int answers) {
    return share_right(truth, predicted, answers) == 1;
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

static double most_common(const struct truths *t) {
    size_t size = t->count * (size_t)t->answers * sizeof(double);
    double *copy = memory_alloc(size);
    memcpy(copy, t->values, size);
    double share = largest_share(copy, t->count, (size_t)t->answers);
    free(copy);
    return share;
}

// Each answer's most common value by itself.
static double most_common_each(const struct truths *t) {
    size_t n = t->count, answers = (size_t)t->answers;
    double *copy = memory_alloc(n * sizeof *copy), share = 0;
    for (size_t a = 0; a < answers; a++) {
        for (size_t i = 0; i < n; i++)
            copy[i] = t->values[i * answers + a];
        share += largest_share(copy, n, 1) / (double)answers;
    }
    free(copy);
    return share;
}

// --- Numbers ---

static double square(const double *truth, const double *predicted, int answers) {
    (void)answers;
    return (*truth - *predicted) * (*truth - *predicted);
}

// The mean has the least squared error of all constants.
static double deviation(const struct truths *t) {
    return stats_deviation(t->values, (int)t->count);
}

// --- Angles in degrees ---

static double angle_between(const double *truth, const double *predicted, int answers) {
    (void)answers;
    return fabs(remainder(*truth - *predicted, 360));
}

static int compare_numbers(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The least mean distance of one angle from all of them. As a function of that angle it is made of straight lines that bend upwards at the
// truths only, so one of these is best. The truths in order, going round twice: x [2n], and their running sums.
static double from_median_angle(const struct truths *t) {
    size_t n = t->count;
    double *x = memory_alloc(2 * n * sizeof *x), *sum = memory_alloc((2 * n + 1) * sizeof *sum), least = INFINITY;
    for (size_t i = 0; i < n; i++)
        x[i] = fmod(fmod(t->values[i], 360) + 360, 360);
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

const struct measure measures[MEASURE_COUNT] = {
    [MEASURE_EMULATION_LOSS] = {"emulation_loss", "emulation loss", .of = NULL},
    [MEASURE_CLONE_DIFFERENCE] = {"clone_difference", "clone |diff|", .of = NULL},
    [MEASURE_EXACT_TASK] = {"exact_task", "exact task", false, TARGET_TASK, all_right, most_common},
    [MEASURE_OFFSET_ACCURACY] = {"offset_accuracy", "per offset", false, TARGET_TASK, share_right, most_common_each},
    [MEASURE_ACCURACY_ERROR] = {"accuracy_rmse", "accuracy RMSE", true, TARGET_ACCURACY, square, deviation},
    [MEASURE_ROTATION_ERROR] = {"rotation_rmse", "rotation RMSE", true, TARGET_ROTATION, square, deviation},
    [MEASURE_ROTATION_ANGLE] = {"rotation_angle", "angular error", false, TARGET_ROTATION, angle_between, from_median_angle},
    [MEASURE_GAP_ERROR] = {"gap_rmse", "gap RMSE", true, TARGET_GAP, square, deviation},
    [MEASURE_STEP_ACCURACY] = {"step_accuracy", "step accuracy", false, TARGET_STEP, all_right, most_common},
};
