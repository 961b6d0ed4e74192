#include "math/stats.h"

#include "../check.h"
#include "base/rng.h"

static void check_quantiles(void) {
    const double x[] = {4, 1, 3, 2};
    CHECK(stats_mean(x, 4) == 2.5);
    CHECK(stats_median(x, 4) == 2.5 && stats_median(x, 3) == 3 && x[0] == 4);
    CHECK(stats_quantile(x, 4, 0) == 1 && stats_quantile(x, 4, 1) == 4);
    CHECK_CLOSE(stats_quantile(x, 4, 0.25), 1.75, 1e-15);
    CHECK(stats_deviation(x, 1) == 0 && stats_deviation((double[]){1, 1, 5, 5}, 4) == 2 && isnan(stats_deviation(x, 0)));
    const double same[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, nearly[] = {0.3, 0.1 + 0.2, 0.3}; // means that are rounded
    for (int n = 1; n <= 7; n++)
        CHECK(stats_deviation(same, n) == 0);
    CHECK(stats_deviation(nearly, 3) == 0 && stats_deviation((double[]){1e9, 1e9 + 1e-5}, 2) > 0);
    CHECK(isnan(stats_mean(x, 0)) && isnan(stats_median(x, 0)) && isnan(stats_quantile(x, 0, 0.5)));
}

// A column whose entries are equal leaves zeros, whatever their mean is rounded to.
static void check_centre(void) {
    enum { MOST = 30 };
    for (int n = 1; n <= MOST; n++) {
        double x[2 * MOST], sum = 0;
        for (int i = 0; i < n; i++) {
            x[2 * i] = 0.1;
            x[2 * i + 1] = 7 + 0.1 * i;
        }
        stats_centre(x, n, 2);
        for (int i = 0; i < n; i++) {
            CHECK(x[2 * i] == 0, "%d: %g", n, x[2 * i]);
            CHECK_CLOSE(x[2 * i + 1], 0.1 * i - 0.05 * (n - 1), 1e-12);
            sum += x[2 * i + 1];
        }
        CHECK_CLOSE(sum, 0, 1e-12);
    }
}

// Data along two known orthogonal directions.
static void check_pca(void) {
    enum { N = 500, D = 5 };
    double x[N * D], projected[N * 2], share[2], all[N * D], sum = 0;
    const double u[D] = {0.6, 0, -0.8, 0, 0}, v[D] = {0, 1, 0, 0, 0};
    struct rng rng = rng_make(2, 1, "stats");
    for (int i = 0; i < N; i++) {
        const double a = 3 * rng_normal(&rng), b = rng_normal(&rng);
        for (int j = 0; j < D; j++)
            x[i * D + j] = 7 * j + a * u[j] + b * v[j];
    }
    stats_pca(projected, share, x, N, D, 2);
    CHECK_CLOSE(share[0] + share[1], 1, 1e-12);
    CHECK_CLOSE(share[0], 0.9, 0.03);
    double distance = 0, original = 0; // distances are kept by the projection on both directions
    for (int i = 1; i < N; i++) {
        for (int j = 0; j < D; j++)
            original += pow(x[i * D + j] - x[j], 2);
        distance += pow(projected[i * 2] - projected[0], 2) + pow(projected[i * 2 + 1] - projected[1], 2);
    }
    CHECK_CLOSE(distance / original, 1, 1e-12);
    // The largest entry of the first direction is that of column 2, which is made positive.
    double covariance = 0;
    for (int i = 0; i < N; i++)
        covariance += projected[i * 2] * (x[i * D + 2] - 14);
    CHECK(covariance > 0);
    stats_pca(all, NULL, x, N, D, D);
    for (int i = 0; i < N * D; i++)
        sum += all[i];
    CHECK_CLOSE(sum, 0, 1e-9);
    stats_pca(projected, share, x, 1, D, 2);
    CHECK(projected[0] == 0 && share[0] == 0);
}

// Fewer rows than columns, which takes another way: the same rows twice have the same components.
static void check_pca_of_few(void) {
    enum { N = 6, D = 9, K = 8 };
    double x[2 * N * D], few[N * K], many[2 * N * K], share_few[K], share_many[K];
    struct rng rng = rng_make(3, 1, "stats");
    for (int i = 0; i < N * D; i++)
        x[i] = x[N * D + i] = 5 + rng_normal(&rng);
    stats_pca(few, share_few, x, N, D, K);
    stats_pca(many, share_many, x, 2 * N, D, K);
    for (int c = 0; c < K; c++) {
        CHECK_CLOSE(share_few[c], share_many[c], 1e-12);
        for (int i = 0; i < N; i++)
            CHECK_CLOSE(few[i * K + c], many[i * K + c], 1e-9);
    }
    CHECK(share_few[N - 2] > 0.01 && share_few[N - 1] == 0 && few[N - 1] == 0);
}

int main(void) {
    check_quantiles();
    check_centre();
    check_pca_of_few();
    check_pca();
    return check_report("math/stats");
}
