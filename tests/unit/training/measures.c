#include "training/measures.h"

#include "../check.h"
#include "base/rng.h"

#include <string.h>

static const struct measure *find(const char *name) {
    const struct measure *m = measures;
    while (m->name && strcmp(m->name, name) != 0)
        m++;
    CHECK(m->name, "no measure %s", name);
    return m;
}

static double measure(const char *name, int count, int answers, const double *truth, const double *predicted) {
    return find(name)->value(&(struct judged){.answers = answers, .count = (size_t)count, .truth = truth, .predicted = predicted});
}

static double best(const char *name, int count, int answers, const double *truth) {
    return find(name)->best_constant(&(struct judged){.answers = answers, .count = (size_t)count, .truth = truth, .predicted = truth});
}

static double angular_error(double truth, double predicted) {
    return measure("%s_angle", 1, 1, &truth, &predicted);
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
    CHECK_CLOSE(best("%s_angle", n, 1, values), least, 1e-9);
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

static void test_numbers(void) {
    const double truth[] = {1, 2, 3, 6}, predicted[] = {2, 2, 4, 4};
    CHECK_CLOSE(measure("%s_rmse", 4, 1, truth, predicted), sqrt(1.5), 1e-12);
    CHECK_CLOSE(measure("%s_r2", 4, 1, truth, predicted), 1 - 6 / 14.0, 1e-12);
    CHECK_CLOSE(measure("%s_tau", 4, 1, truth, predicted), 4 / sqrt(6 * 4), 1e-12);
    CHECK_CLOSE(best("%s_rmse", 4, 1, truth), sqrt(14 / 4.0), 1e-12);
    CHECK(measure("%s_tau", 4, 1, truth, (double[]){5, 5, 5, 5}) == 0 && isnan(measure("%s_r2", 2, 1, (double[]){1, 1}, truth)));
    const double same[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}; // whose mean is not 0.1 in rounded numbers
    CHECK(isnan(measure("%s_r2", 7, 1, same, (double[]){1, 2, 3, 4, 5, 6, 7})) && isnan(best("%s_r2", 7, 1, same)));
    CHECK(best("%s_rmse", 7, 1, same) == 0 && isnan(measure("%s_r2", 3, 1, (double[]){0.3, 0.1 + 0.2, 0.3}, truth)));
    const double pairs[] = {1, 10, 3, 20}, constant[] = {2, 15, 2, 15}; // two answers a record: each has its own mean
    CHECK_CLOSE(measure("%s_r2", 2, 2, pairs, constant), 0, 1e-12);
    CHECK_CLOSE(best("%s_rmse", 2, 2, pairs), sqrt((1 + 1 + 25 + 25) / 4.0), 1e-12);
}

static void test_classes(void) {
    const double truth[] = {1, 2, 1, 0, -1, 2}, predicted[] = {1, 2, 1, 2, 2, -1};
    CHECK_CLOSE(measure("exact_%s", 3, 2, truth, predicted), 1 / 3.0, 1e-12);
    CHECK_CLOSE(measure("%s_each", 3, 2, truth, predicted), 0.5, 1e-12);
    CHECK_CLOSE(best("exact_%s", 3, 2, truth), 1 / 3.0, 1e-12);
    CHECK_CLOSE(best("%s_each", 3, 2, truth), 2 / 3.0, 1e-12);
    CHECK_CLOSE(best("%s_accuracy", 6, 1, truth), 1 / 3.0, 1e-12);
}

static void test_table(void) {
    for (const struct measure *m = measures; m->name; m++) {
        CHECK(strstr(m->name, "%s") && strstr(m->heading, "%s") && m->value && m->of && m->least < m->greatest, "%s", m->name);
        for (const struct measure *k = measures; k < m; k++)
            CHECK(strcmp(m->name, k->name) != 0 && strcmp(m->heading, k->heading) != 0);
    }
    for (int kind = 0; kind <= JUDGED_ANGLE; kind++) {
        int count = 0;
        for (const struct measure *m = measures; m->name; m++)
            count += (m->of >> kind & 1) && (kind <= JUDGED_CLONE || m->best_constant);
        CHECK(count > 0, "nothing measures kind %d", kind);
    }
}

int main(void) {
    test_angular_error();
    test_best_angle();
    test_numbers();
    test_classes();
    test_table();
    return check_report("training/measures");
}
