#include "math/intervals.h"

#include "../check.h"
#include "math/stats.h"

#include <string.h>

// Tables of Student's t.
static void test_quantiles(void) {
    const struct {
        int freedom;
        double t;
    } known[] = {{1, 12.7062}, {2, 4.3027}, {3, 3.1824}, {4, 2.7764}, {5, 2.5706}, {10, 2.2281}, {14, 2.1448}, {30, 2.0423}, {100, 1.9840}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        CHECK_CLOSE(interval_t(known[i].freedom), known[i].t, 1e-4);
    CHECK_CLOSE(interval_t(1 << 30), 1.96, 5e-3);
}

static void test_mean(void) {
    struct interval i = interval_of_mean((double[]){0.02, 0.03, 0.10}, 3); // mean 0.05, s 0.043589
    CHECK_CLOSE(i.low, 0.05 - 4.302653 * 0.0435890 / sqrt(3), 1e-6);
    CHECK_CLOSE(i.high, 0.05 + 4.302653 * 0.0435890 / sqrt(3), 1e-6);
    i = interval_of_mean((double[]){7}, 1);
    CHECK(isnan(i.low) && isnan(i.high));
    i = interval_of_mean((double[]){7, 7}, 2);
    CHECK(i.low == 7 && i.high == 7);
}

enum { TRIALS = 4000 };

static void check_coverage(const char *what, int n, int covered, int trials) {
    double share = (double)covered / trials;
    CHECK(share >= 0.93 && share <= 0.97, "%s, n = %d: a 95 %% interval covers %.1f %%", what, n, 100 * share);
}

// How often the interval over seeds has the true mean in it.
static void test_coverage_of_seeds(void) {
    const int sizes[] = {2, 3, 5, 10, 15};
    struct rng rng = rng_make(1, 0, "coverage");
    for (int k = 0; k < 5; k++) {
        int covered = 0;
        for (int t = 0; t < TRIALS; t++) {
            double x[15];
            for (int i = 0; i < sizes[k]; i++)
                x[i] = 3 + 0.5 * rng_normal(&rng);
            struct interval i = interval_of_mean(x, sizes[k]);
            covered += i.low <= 3 && 3 <= i.high;
        }
        check_coverage("seeds", sizes[k], covered, TRIALS);
    }
}

// Records of m tasks, some of each, as an encoder's predictions are: right with a chance that is the task's own.
struct zoo {
    int m, records[64];
    double right[64];
};

static void share_right(void *context, const int *drawn, double *out) {
    const struct zoo *z = context;
    double right = 0, records = 0;
    for (int i = 0; i < z->m; i++) {
        right += z->right[drawn[i]];
        records += z->records[drawn[i]];
    }
    out[0] = right / records;
    out[1] = NAN; // a measure that is not defined
}

static struct zoo zoo_of(int m, struct rng *rng) {
    struct zoo z = {.m = m};
    for (int t = 0; t < m; t++) {
        double chance = rng_double(rng);
        z.records[t] = 2 + (int)rng_below(rng, 5);
        for (int r = 0; r < z.records[t]; r++)
            z.right[t] += rng_double(rng) < chance;
    }
    return z;
}

static void test_coverage_of_tasks(void) {
    const int sizes[] = {8, 16, 32, 64}, rounds[] = {400, 400, 100, 100};
    struct rng rng = rng_make(2, 0, "coverage");
    for (int k = 0; k < 4; k++) {
        enum { FEWER = 2000 };
        int covered = 0, in_order[64];
        for (int t = 0; t < FEWER; t++) {
            struct zoo zoo = zoo_of(sizes[k], &rng);
            double share[2];
            struct interval i[2];
            for (int j = 0; j < 64; j++)
                in_order[j] = j;
            share_right(&zoo, in_order, share);
            interval_of_clusters(&(struct clusters){.m = zoo.m, .count = 2, .statistics = share_right, .context = &zoo}, share, rounds[k],
                                 &rng, i);
            covered += i[0].low <= 0.5 && 0.5 <= i[0].high;
            CHECK(isnan(i[1].low) && isnan(i[1].high));
        }
        check_coverage("tasks", sizes[k], covered, FEWER);
    }
}

// Pair by pair.
static double slow_tau(const double *x, const double *y, int n) {
    double order = 0, x_pairs = 0, y_pairs = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++) {
            int a = (x[i] > x[k]) - (x[i] < x[k]), b = (y[i] > y[k]) - (y[i] < y[k]);
            order += a * b;
            x_pairs += a * a;
            y_pairs += b * b;
        }
    return order / sqrt(x_pairs * y_pairs);
}

static void test_tau(void) {
    struct rng rng = rng_make(3, 0, "tau");
    double x[50], y[50];
    for (int round = 0; round < 300; round++) {
        int n = 2 + (int)rng_below(&rng, 49), levels = round % 3 ? 6 : 1000; // with ties, and without
        for (int i = 0; i < n; i++) {
            x[i] = (double)rng_below(&rng, (uint64_t)levels);
            y[i] = (double)rng_below(&rng, (uint64_t)levels) + (round % 2 ? x[i] : 0);
        }
        double slow = slow_tau(x, y, n), fast = kendall_tau(x, y, (size_t)n);
        CHECK(isnan(slow) ? isnan(fast) : fabs(slow - fast) < 1e-12, "%d pairs: %g, not %g", n, fast, slow);
    }
    CHECK(kendall_tau((double[]){1, 2, 3}, (double[]){10, 20, 30}, 3) == 1 &&
          kendall_tau((double[]){1, 2, 3}, (double[]){3, 2, 1}, 3) == -1);
    CHECK(isnan(kendall_tau((double[]){1, 1}, (double[]){1, 2}, 2)) && isnan(kendall_tau(x, y, 1)));
}

int main(void) {
    test_quantiles();
    test_mean();
    test_coverage_of_seeds();
    test_coverage_of_tasks();
    test_tau();
    return check_report("math/intervals");
}
