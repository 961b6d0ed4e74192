#include "nn/params.h"

#include "../check.h"

#include <string.h>

static void test_table(void) {
    struct params p = {0};
    CHECK(params_find(&p, "a") == -1);
    CHECK(params_add(&p, INIT_UNIFORM, 0.5f, 2, (int[]){30, 40}, "layer%d.weight", 7) == 0);
    CHECK(params_add(&p, INIT_CONSTANT, 1.5f, 1, (int[]){40}, "bias") == 1);
    CHECK(params_add(&p, INIT_NORMAL, 2, 3, (int[]){2, 30, 50}, "embedding") == 2);
    CHECK(p.count == 3 && p.size == 1200 + 40 + 3000);
    CHECK(params_find(&p, "layer7.weight") == 0 && params_find(&p, "embedding") == 2 && params_find(&p, "layer") == -1);
    CHECK(p.list[1].offset == 1200 && p.list[2].offset == 1240 && p.list[2].size == 3000);
    CHECK(params_rows(&p.list[0]) == 30 && params_cols(&p.list[0]) == 40);
    CHECK(params_rows(&p.list[1]) == 1 && params_cols(&p.list[1]) == 40);
    CHECK(params_rows(&p.list[2]) == 2 && params_cols(&p.list[2]) == 1500);
    params_free(&p);
    CHECK(p.count == 0 && p.size == 0 && !p.list);
}

static void test_growth(void) {
    struct params p = {0};
    char name[16];
    for (int i = 0; i < 100; i++)
        params_add(&p, INIT_CONSTANT, (float)i, 1, (int[]){1}, "p%d", i);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "p%d", i);
        CHECK(params_find(&p, name) == i && p.list[i].scale == (float)i, "%d", i);
    }
    params_free(&p);
}

static void test_init(void) {
    enum { N = 10000 };
    static float values[3 * N], again[3 * N];
    struct params p = {0};
    params_add(&p, INIT_UNIFORM, 0.25f, 2, (int[]){100, N / 100}, "uniform");
    params_add(&p, INIT_NORMAL, 3, 1, (int[]){N}, "normal");
    params_add(&p, INIT_CONSTANT, 1, 1, (int[]){N}, "constant");
    struct rng a = rng_make(1, 2, "weights"), b = rng_make(1, 2, "weights");
    params_init(&p, values, &a);
    params_init(&p, again, &b);
    CHECK(memcmp(values, again, sizeof values) == 0);
    double square[2] = {0}, sum[2] = {0}, largest = 0;
    for (int k = 0; k < N; k++) {
        largest = fmax(largest, fabsf(values[k]));
        for (int i = 0; i < 2; i++) {
            sum[i] += values[i * N + k];
            square[i] += values[i * N + k] * values[i * N + k];
        }
        CHECK(values[2 * N + k] == 1);
    }
    CHECK(largest <= 0.25 && largest > 0.249, "%g", largest);
    CHECK_CLOSE(sum[0] / N, 0, 0.01);
    CHECK_CLOSE(sqrt(square[0] / N), 0.25 / sqrt(3), 0.005);
    CHECK_CLOSE(sum[1] / N, 0, 0.1);
    CHECK_CLOSE(sqrt(square[1] / N), 3, 0.1);
    params_free(&p);
}

// Gumbel noise has mean 0.5772 and variance pi^2 / 6, and P(g < x) = exp(-exp(-x)); the largest of log p + g is drawn by p.
static void test_gumbel(void) {
    enum { N = 20000 };
    static float values[2 * N];
    struct params p = {0};
    params_add(&p, INIT_GUMBEL, 1, 2, (int[]){N, 2}, "gumbel");
    struct rng rng = rng_make(1, 2, "weights");
    params_init(&p, values, &rng);
    double sum = 0, square = 0, below = 0, drawn = 0;
    for (int k = 0; k < 2 * N; k++) {
        CHECK(isfinite(values[k]));
        sum += (double)values[k];
        square += pow((double)values[k], 2);
        below += values[k] < 0;
    }
    for (int k = 0; k < N; k++)
        drawn += log(0.2) + (double)values[2 * k] > log(0.8) + (double)values[2 * k + 1];
    CHECK_CLOSE(sum / (2 * N), 0.5772, 0.02);
    CHECK_CLOSE(square / (2 * N) - pow(sum / (2 * N), 2), 1.6449, 0.05);
    CHECK_CLOSE(below / (2 * N), exp(-1), 0.01);
    CHECK_CLOSE(drawn / N, 0.2, 0.01);
    params_free(&p);
}

int main(void) {
    test_table();
    test_growth();
    test_init();
    test_gumbel();
    return check_report("nn/params");
}
