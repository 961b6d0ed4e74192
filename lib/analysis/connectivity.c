#include "analysis/connectivity.h"

#include "base/memory.h"
#include "math/kernels.h"
#include "math/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct bend_recipe bend_published = {.steps = 1000, .rate = 0.1, .momentum = 0.9, .decay = 5e-4};

void curve_at(const struct curve *c, double t, float *w) {
    double s = 1 - t, from = c->bend ? s * s : s, to = c->bend ? t * t : t, bend = 2 * t * s;
    for (size_t i = 0; i < c->size; i++)
        w[i] = (float)(from * (double)c->from[i] + to * (double)c->to[i] + (c->bend ? bend * (double)c->bend[i] : 0));
}

// --- The bend ---

void bend_gradient(double t, const float *w, double decay, float *gradient, size_t size) {
    kernels()->axpy(gradient, (float)decay, w, size);
    kernels()->scale(gradient, (float)(2 * t * (1 - t)), size);
}

static double rate_at(const struct bend_recipe *r, int step) {
    double done = (double)step / r->steps;
    return r->rate * (done <= 0.5 ? 1 : done < 0.9 ? 1 - 0.99 * (done - 0.5) / 0.4 : 0.01);
}

int bend_train(float *bend, const float *from, const float *to, struct trainee *t, const struct bend_recipe *recipe, struct rng *rng) {
    size_t n = t->table.size;
    float *w = memory_alloc(n * sizeof *w), *gradient = memory_alloc(n * sizeof *gradient), *moving = memory_calloc(n, sizeof *moving);
    int diverged = -1;
    curve_at(&(struct curve){.size = n, .from = from, .to = to}, 0.5, bend);
    for (int step = 0; step < recipe->steps && diverged < 0; step++) {
        double at = rng_double(rng);
        curve_at(&(struct curve){n, from, to, bend}, at, w);
        if (!isfinite(trainee_gradient(t, w, gradient)))
            diverged = step;
        bend_gradient(at, w, recipe->decay, gradient, n);
        kernels()->scale(moving, (float)recipe->momentum, n);
        kernels()->axpy(moving, 1, gradient, n);
        kernels()->axpy(bend, (float)-rate_at(recipe, step), moving, n);
    }
    free(w);
    free(gradient);
    free(moving);
    return diverged;
}

// --- What is found along a path ---

// Wrong answers in per cent: on what the RNN is trained by, where the family tells that apart; NaN when it tells no accuracy.
static double error_of(const struct performance *p) {
    double accuracy = p->accuracy;
    for (int i = 0; i < PERFORMANCE_OTHERS && p->others[i].name; i++)
        if (strcmp(p->others[i].name, "train_accuracy") == 0)
            accuracy = p->others[i].value;
    return 100 * (1 - accuracy);
}

struct path_measured path_measure(const struct curve *c, struct trainee *t, int points, int batches, int samples) {
    size_t room = (size_t)points * sizeof(double);
    struct path_measured m = {points, memory_alloc(room), memory_alloc(room), memory_alloc(room), 0};
    m.length = sqrt(vectors_squared_distance(c->from, c->to, c->size));
    for (int i = 0; i < points; i++) {
        m.t[i] = (double)i / (points - 1);
        curve_at(c, m.t[i], t->weights);
        m.loss[i] = trainee_loss(t, t->weights, batches, NULL);
        struct performance p = trainee_performance(t, samples);
        m.error[i] = error_of(&p);
    }
    if (isnan(m.error[0])) {
        free(m.error);
        m.error = NULL;
    }
    return m;
}

void path_measured_free(struct path_measured *m) {
    free(m->t);
    free(m->loss);
    free(m->error);
    *m = (struct path_measured){0};
}

double path_barrier(const double *t, const double *loss, int points) {
    double worst = 0;
    for (int i = 0; i < points; i++)
        worst = fmax(worst, loss[i] - (1 - t[i]) * loss[0] - t[i] * loss[points - 1]);
    return worst;
}

double path_connectivity(const double *error, int points) {
    double mean = (error[0] + error[points - 1]) / 2, farthest = 0;
    for (int i = 0; i < points; i++)
        if (fabs(error[i] - mean) > fabs(farthest))
            farthest = mean - error[i];
    return farthest;
}
