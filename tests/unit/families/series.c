#include "families/series.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static const struct train_recipe recipe = {
    .steps = 400, .batch = 16, .cell = &cell_lstm, .hidden = 10, .layers = 1, .rate = {0.01, 0.01, 0.001}, .weight_decay = 1e-4};

static struct trainee *trainee_of(const struct series *task, const struct train_recipe *r) {
    struct trainee *t = NULL;
    struct error error;
    const struct task with = task_make(&series_family, task);
    CHECK(series_family.trainee(&t, &with, &(struct train_setting){r, 1, 2, NULL}, &error) == STATUS_OK);
    return t;
}

static void test_gradient(const struct cell *cell) {
    enum { T = 6, B = 4 };
    struct train_recipe r = recipe;
    const struct series task = {.period = 8, .damping = 0.9, .length = T};
    float x[B * (T + 1)];
    r.cell = cell;
    r.hidden = 5;
    r.layers = 2;
    struct trainee *t = trainee_of(&task, &r);
    CHECK(t->arch.input == 1 && t->arch.output == 1 && !rnn_reads_tokens(&t->arch) && !rnn_answers_classes(&t->arch));
    struct rng rng = rng_make(4, 0, "check");
    for (int i = 0; i < B * (T + 1); i++)
        x[i] = rng_normal(&rng);
    size_t n = t->table.size;
    float *grad = malloc(n * sizeof *grad), *direction = malloc(n * sizeof *direction), *at = malloc(n * sizeof *at),
          *other = malloc(n * sizeof *other);
    memcpy(at, t->weights, n * sizeof *at);
    for (int k = 0; k < 8; k++) {
        double slope = 0, f[2];
        series_gradient(t, x, B, grad);
        for (size_t i = 0; i < n; i++) {
            direction[i] = rng_normal(&rng);
            slope += (double)grad[i] * (double)direction[i];
        }
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < n; i++)
                t->weights[i] = at[i] + (side ? 2e-4f : -2e-4f) * direction[i];
            f[side] = series_gradient(t, x, B, other);
        }
        memcpy(t->weights, at, n * sizeof *at);
        CHECK_CLOSE((f[1] - f[0]) / 4e-4, slope, 3e-3 * (1 + fabs(slope)));
    }
    free(grad);
    free(direction);
    free(at);
    free(other);
    trainee_free(t);
}

// Variance 1 at every position, the correlations of the process, noise that is what is left of them.
static void test_process(void) {
    const struct series tasks[] = {{4, 0.8, 60}, {24, 0.99, 60}, {9, 0.9, 60}};
    for (int k = 0; k < 3; k++) {
        enum { N = 20000, LENGTH = 12 };
        struct oscillator o = series_oscillator(&tasks[k]);
        struct rng rng = rng_make(2, (uint64_t)k, "process");
        double squares[LENGTH] = {0}, products = 0, noise = 0;
        for (int i = 0; i < N; i++) {
            float x[2 * LENGTH];
            series_draw(&o, LENGTH, &rng, x, 2);
            for (int t = 0; t < LENGTH; t++)
                squares[t] += (double)(x[2 * t] * x[2 * t]) / N;
            products += (double)(x[8] * x[10]) / N;
            double e = (double)x[10] - o.a1 * (double)x[8] - o.a2 * (double)x[6];
            noise += e * e / N;
        }
        for (int t = 0; t < LENGTH; t++)
            CHECK(fabs(squares[t] - 1) < 0.05, "task %d, position %d: %g", k, t, squares[t]);
        CHECK_CLOSE(products, o.rho1, 0.05);
        CHECK(fabs(noise / o.noise - 1) < 0.05, "%g, %g", noise, o.noise);
    }
}

static void test_ood(void) {
    struct series s = {.period = 18, .damping = 0.9, .length = 60};
    CHECK(!series_family.ood(&s, series_family.ood_share) && series_family.ood(&s, 1));
    s.period = 18.0001;
    CHECK(series_family.ood(&s, series_family.ood_share) && !series_family.ood(&s, 0));
}

static void test_training(void) {
    const struct series task = {.period = 10, .damping = 0.95, .length = 40};
    struct trainee *a = trainee_of(&task, &recipe), *b = trainee_of(&task, &recipe);
    for (int s = 0; s <= recipe.steps; s++) {
        CHECK(trainee_update(a) && trainee_update(b));
        if (s % 100 == 0) {
            trainee_performance(b, 70);
            struct rollouts r = trainee_rollouts(b, 30);
            rollouts_free(&r);
        }
        CHECK(a->loss == b->loss);
    }
    struct performance p = trainee_performance(a, 300);
    CHECK(isnan(p.accuracy) && strcmp(p.others[1].name, "excess") == 0 && p.others[1].value > 0.95 && p.others[1].value < 1.5, "%g",
          p.others[1].value);
    CHECK(p.others[2].value > 0.7, "%g", p.others[2].value);
    trainee_free(a);
    trainee_free(b);
}

int main(void) {
    for (int i = 0; cell_at(i); i++)
        test_gradient(cell_at(i));
    test_process();
    test_ood();
    test_training();
    return check_report("families/series");
}
