#include "nn/adamw.h"

#include "../check.h"

#include <string.h>

static void test_clip(void) {
    float g[3] = {3, 0, 4};
    double norm = 0;
    CHECK_CLOSE(adamw_clip(g, 3, 1, &norm), 1 / (5 + 1e-6), 1e-12);
    CHECK_CLOSE(norm, 5, 1e-12);
    CHECK(adamw_clip(g, 3, 10, NULL) == 1);
    CHECK(adamw_clip(g, 3, 0, &norm) == 1 && norm == 5);
    CHECK(adamw_clip(g, 3, -1, NULL) == 1);
    g[1] = NAN;
    adamw_clip(g, 3, 1, &norm);
    CHECK(isnan(norm), "the norm must show a NaN");
}

// Against the definition in double, with an unused parameter in the middle; scale multiplies the gradient.
static void test_update(void) {
    enum { N = 7, STEPS = 50 };
    struct params p = {0};
    params_add(&p, INIT_CONSTANT, 0, 1, (int[]){3}, "a");
    params_add(&p, INIT_CONSTANT, 0, 1, (int[]){2}, "unused");
    params_add(&p, INIT_CONSTANT, 0, 1, (int[]){2}, "b");
    p.list[1].unused = true;
    float w[N] = {1, -2, 3, 4, 5, -6, 7}, g[N];
    double x[N], m[N] = {0}, v[N] = {0}, rate = 0.01, decay = 0.1, scale = 0.5;
    for (int i = 0; i < N; i++)
        x[i] = w[i];
    struct adamw a;
    adamw_init(&a, &p, decay);
    for (int t = 1; t <= STEPS; t++) {
        for (int i = 0; i < N; i++) {
            g[i] = (float)sin(t * (i + 1));
            double gs = g[i] * scale;
            m[i] = 0.9 * m[i] + 0.1 * gs;
            v[i] = 0.999 * v[i] + 0.001 * gs * gs;
            if (i != 3 && i != 4) {
                x[i] -= rate * decay * x[i];
                x[i] -= rate / (1 - pow(0.9, t)) * m[i] / (sqrt(v[i]) / sqrt(1 - pow(0.999, t)) + 1e-8);
            }
        }
        adamw_update(&a, w, g, rate, scale);
    }
    CHECK(a.updates == STEPS);
    for (int i = 0; i < N; i++)
        CHECK_CLOSE(w[i], x[i], 2e-6 * fabs(x[i]));
    CHECK(w[3] == 4 && w[4] == 5 && a.m[3] == 0 && a.v[4] == 0, "unused parameters are left alone");
    adamw_free(&a);
    params_free(&p);
}

// The first step has the size of the rate, whatever the gradient's: an error of 1e-5 of it is too much.
static void test_first_step(void) {
    struct params p = {0};
    params_add(&p, INIT_CONSTANT, 0, 1, (int[]){2}, "w");
    struct adamw a;
    adamw_init(&a, &p, 0);
    float w[2] = {0, 0}, g[2] = {3, -0.02f};
    adamw_update(&a, w, g, 1, 1);
    CHECK_CLOSE(w[0], -1, 1.5e-6);
    CHECK_CLOSE(w[1], 1, 1.5e-6);
    adamw_free(&a);
    params_free(&p);
}

static void test_schedule(void) {
    const double x[] = {0, 100, 200}, y[] = {1, 0.5, 0.1}, same[] = {0, 0, 0};
    CHECK(schedule_linear(x, y, 3, -1) == 1 && schedule_linear(x, y, 3, 0) == 1);
    CHECK_CLOSE(schedule_linear(x, y, 3, 50), 0.75, 1e-12);
    CHECK_CLOSE(schedule_linear(x, y, 3, 100), 0.5, 1e-12);
    CHECK_CLOSE(schedule_linear(x, y, 3, 150), 0.3, 1e-12);
    CHECK_CLOSE(schedule_linear(x, y, 3, 200), 0.1, 1e-12);
    CHECK(schedule_linear(x, y, 3, 1e9) == 0.1);
    CHECK(schedule_linear(same, y, 3, 0) == 1 && schedule_linear(same, y, 3, 1) == 0.1);
}

int main(void) {
    test_clip();
    test_update();
    test_first_step();
    test_schedule();
    return check_report("nn/adamw");
}
