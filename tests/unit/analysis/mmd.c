#include "analysis/mmd.h"

#include "../check.h"

enum { LENGTH = 8, COUNT = 40, TRIALS = 300 };

// Strings of zeros and ones; a position repeats the one before it with probability `stay`: each position alone is a fair coin for any.
static void draw(int *rows, double stay, struct rng *rng) {
    for (int i = 0; i < COUNT; i++)
        for (int t = 0; t < LENGTH; t++) {
            bool keeps = t && rng_double(rng) < stay;
            rows[i * LENGTH + t] = keeps ? rows[i * LENGTH + t - 1] : t ? 1 - rows[i * LENGTH + t - 1] : (int)rng_below(rng, 2);
        }
}

static double rejections(double stay_x, double stay_y, uint64_t seed) {
    int x[COUNT * LENGTH], y[COUNT * LENGTH], rejected = 0;
    struct rng rng = rng_make(seed, 0, "mmd");
    for (int trial = 0; trial < TRIALS; trial++) {
        draw(x, stay_x, &rng);
        draw(y, stay_y, &rng);
        rejected += mmd_test(x, COUNT, y, COUNT, LENGTH, 99, &rng).p <= 0.05;
    }
    return (double)rejected / TRIALS;
}

// Two samples of two strings each, by hand: k(x,x') = (1/2 + 0 + 0) / 3 where one of two positions agrees.
static void test_value(void) {
    struct rng rng = rng_make(1, 0, "mmd");
    const int x[] = {0, 0, 0, 1}, y[] = {1, 1, 1, 1};
    struct mmd m = mmd_test(x, 2, y, 2, 2, 9, &rng);
    CHECK_CLOSE(m.squared, 1.0 / 6 + 1 - 2 * (0 + 0 + 1.0 / 6 + 1.0 / 6) / 4, 1e-6);
    CHECK(m.p >= 0.1 && m.p <= 1, "%g", m.p);
}

int main(void) {
    test_value();
    double null = rejections(0.7, 0.7, 1);
    CHECK(null > 0.01 && null < 0.1, "%g of equal ones are rejected, where 0.05 should be", null); // 3.2 deviations
    // The distribution at each position is the same: the Hamming kernel alone would see nothing.
    double power = rejections(0.5, 0.9, 2);
    CHECK(power > 0.95, "%g of unequal ones are found", power);
    return check_report("mmd");
}
