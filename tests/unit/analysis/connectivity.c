// Paths between weights: where they lead, the gradient of a bend against finite differences, what training a bend does, and what is told
// of a path.
#include "analysis/connectivity.h"

#include "../check.h"
#include "families/language.h"

#include <string.h>

enum { N = 3, SEED = 3, MAX = 2000 };

static void test_curves(void) {
    const float from[N] = {1, 2, 3}, to[N] = {3, 2, -1}, bend[N] = {10, 0, 1};
    float w[N];
    const struct curve straight = {N, from, to, NULL}, bent = {N, from, to, bend};
    curve_at(&straight, 0.25, w);
    CHECK(w[0] == 1.5f && w[1] == 2 && w[2] == 2);
    curve_at(&bent, 0.25, w); // 9/16 from + 6/16 bend + 1/16 to
    CHECK_CLOSE(w[0], (9 + 60 + 3) / 16.0, 1e-6);
    CHECK_CLOSE(w[1], (18 + 0 + 2) / 16.0, 1e-6);
    CHECK_CLOSE(w[2], (27 + 6 - 1) / 16.0, 1e-6);
    for (int end = 0; end < 2; end++) {
        curve_at(&bent, end, w);
        CHECK(memcmp(w, end ? to : from, sizeof w) == 0);
    }
}

static void test_numbers(void) {
    const double t[] = {0, 0.25, 0.5, 0.75, 1}, loss[] = {1, 1.4, 1.9, 4, 3}, falling[] = {2, 1.5, 1, 0.5, 0};
    CHECK_CLOSE(path_barrier(t, loss, 5), 1.5, 1e-12); // at 3/4: 4 - 2.5
    CHECK(path_barrier(t, falling, 5) == 0);
    CHECK_CLOSE(path_connectivity((const double[]){10, 12, 40, 11, 14}, 5), -28, 1e-12); // a barrier
    CHECK_CLOSE(path_connectivity((const double[]){30, 20, 5, 20, 34}, 5), 27, 1e-12);   // ends that are not converged
    CHECK(path_connectivity((const double[]){5, 5, 5}, 3) == 0);
}

static struct trainee *trained(uint64_t run, int steps) {
    struct language language = {.tokens = 2, .length = 8, .max_n = 3};
    struct train_recipe recipe = train_paper_recipe;
    recipe.batch = 64;
    recipe.hidden = 6;
    recipe.layers = 1;
    recipe.steps = 300;
    struct trainee *t = trainee_of_language(&language, &recipe, SEED, run);
    for (int i = 0; i < steps; i++)
        trainee_update(t);
    return t;
}

// d/dw_b of loss(gamma(t)) + decay/2 |gamma(t)|^2 on a fixed set.
static double objective(struct trainee *t, const struct curve *c, double at, double decay) {
    float w[MAX];
    double square = 0;
    curve_at(c, at, w);
    for (size_t i = 0; i < c->size; i++)
        square += (double)w[i] * (double)w[i];
    return trainee_loss(t, w, 1, NULL) + decay / 2 * square;
}

static void test_gradient(void) {
    const double at = 0.3, decay = 0.05, e = 5e-3;
    struct trainee *a = trained(0, 100), *b = trained(1, 100);
    size_t n = a->table.size;
    float bend[MAX], w[MAX], g[MAX];
    const struct curve c = {n, a->weights, b->weights, bend};
    curve_at(&(struct curve){n, a->weights, b->weights, NULL}, 0.5, bend);
    curve_at(&c, at, w);
    trainee_loss(a, w, 1, g);
    bend_gradient(at, w, decay, g, n);
    for (size_t i = 0; i < n; i += 7) {
        float was = bend[i];
        bend[i] = was + (float)e;
        double up = objective(a, &c, at, decay);
        bend[i] = was - (float)e;
        double down = objective(a, &c, at, decay);
        bend[i] = was;
        CHECK_CLOSE(g[i], (up - down) / (2 * e), 1e-4);
    }
    trainee_free(a);
    trainee_free(b);
}

// Of two runs the straight way leads over a barrier, the trained curve over a lower one; and what is measured along a path leaves its ends.
static void test_training(void) {
    struct trainee *a = trained(0, 300), *b = trained(1, 300), *judge = trained(2, 0);
    size_t n = a->table.size;
    float bend[MAX];
    struct bend_recipe recipe = bend_published;
    struct rng rng = rng_make(SEED, 0, "bend");
    struct path_measured line = path_measure(&(struct curve){n, a->weights, b->weights, NULL}, judge, 9, 2, 50);
    recipe.steps = 300;
    CHECK(bend_train(bend, a->weights, b->weights, judge, &recipe, &rng) == -1);
    struct path_measured bent = path_measure(&(struct curve){n, a->weights, b->weights, bend}, judge, 9, 2, 50);
    CHECK(line.loss[0] == bent.loss[0] && line.loss[8] == bent.loss[8] && line.error[8] == bent.error[8]);
    CHECK(line.loss[0] == trainee_loss(judge, a->weights, 2, NULL));
    double straight = path_barrier(line.t, line.loss, 9), curved = path_barrier(bent.t, bent.loss, 9);
    CHECK(straight > 0.2 && curved < 0.3 * straight, "%g, %g", straight, curved);
    recipe.rate = 1e30;
    CHECK(bend_train(bend, a->weights, b->weights, judge, &recipe, &rng) > 0);
    path_measured_free(&line);
    path_measured_free(&bent);
    trainee_free(a);
    trainee_free(b);
    trainee_free(judge);
}

int main(void) {
    test_curves();
    test_numbers();
    test_gradient();
    test_training();
    return check_report("analysis/connectivity");
}
