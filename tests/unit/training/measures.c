#include "training/measures.h"

#include "../check.h"
#include "base/rng.h"

#include <string.h>

static double angular_error(double truth, double predicted) {
    return measures[MEASURE_ROTATION_ANGLE].of(&truth, &predicted, 1);
}

static void test_angular_error(void) {
    CHECK(angular_error(10, 30) == 20 && angular_error(30, 10) == 20);
    CHECK(angular_error(359, 1) == 2 && angular_error(1, 359) == 2 && angular_error(0, 360) == 0);
    CHECK(angular_error(90, 270) == 180 && angular_error(0, 181) == 179 && angular_error(350, -370) == 0);
}

// No angle at all is better than the best constant, and one of them is as good.
static void check_best_angle(const double *values, int n) {
    double least = INFINITY;
    for (int c = 0; c < 3600 + n; c++) {
        double constant = c < 3600 ? 0.1 * c : values[c - 3600], sum = 0;
        for (int i = 0; i < n; i++)
            sum += angular_error(values[i], constant);
        least = fmin(least, sum / n);
    }
    struct truths t = {.values = (double *)values, .count = (size_t)n, .answers = 1};
    CHECK_CLOSE(measures[MEASURE_ROTATION_ANGLE].best_constant(&t), least, 1e-9);
}

static void test_best_angle(void) {
    struct rng rng = rng_make(1, 0, "angles");
    double values[40];
    for (int round = 0; round < 40; round++) {
        double width = round % 2 ? 360 : 60;
        for (int i = 0; i <= round; i++)
            values[i] = (round % 3 ? 330 : -720) + width * rng_double(&rng); // about 0, or all round; also out of [0, 360)
        check_best_angle(values, round + 1);
    }
    check_best_angle((double[]){5, 5, 5}, 3);
    check_best_angle((double[]){0, 180}, 2);
    check_best_angle((double[]){0, 90, 180, 270}, 4);
    check_best_angle((double[]){-1e-18, 359}, 2);
}

static void test_table(void) {
    for (int m = 0; m < MEASURE_COUNT; m++) {
        CHECK(measures[m].name && measures[m].heading && !measures[m].of == !measures[m].best_constant, "measure %d", m);
        for (int k = 0; k < m; k++)
            CHECK(strcmp(measures[m].name, measures[k].name) != 0 && strcmp(measures[m].heading, measures[k].heading) != 0);
    }
    for (int t = 0; t < TARGET_COUNT; t++) {
        int count = 0;
        for (int m = 0; m < MEASURE_COUNT; m++)
            count += measures[m].of && measures[m].target == (enum target_id)t;
        CHECK(count > 0, "nothing measures %s", target_table[t].name);
    }
}

int main(void) {
    test_angular_error();
    test_best_angle();
    test_table();
    return check_report("training/measures");
}
