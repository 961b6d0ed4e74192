#include "families/train_internal.h"

#include "base/memory.h"
#include "math/kernels.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct train_recipe train_paper_recipe = {
    .steps = 20000, .batch = 32, .cell = &cell_lstm, .hidden = 32, .layers = 2, .rate = {0.01, 0.003, 0.0003}, .weight_decay = 1e-4};

struct trainee *trainee_new(const struct trainee_family *family, void *task, const struct rnn_arch *shape, double weight_decay,
                            const struct train_recipe *recipe, uint64_t seed, uint64_t run) {
    struct trainee *t = memory_calloc(1, sizeof *t);
    struct trainee_internal *in = memory_calloc(1, sizeof *in);
    t->arch = *shape;
    t->arch.cell = recipe->cell;
    t->arch.hidden = recipe->hidden;
    t->arch.layers = recipe->layers;
    rnn_params(&t->table, &t->arch);
    t->weights = memory_calloc(t->table.size, sizeof(float));
    t->internal = in;
    in->family = family;
    in->task = task;
    in->recipe = *recipe;
    in->seed = seed;
    in->run = run;
    in->batches = rng_make(seed, run, "batches");
    in->grad = memory_calloc(t->table.size, sizeof(float));
    struct rng rng = recipe->shared_start ? rng_make(recipe->init_seed, 0, "weights") : rng_make(seed, run, "weights");
    params_init(&t->table, t->weights, &rng);
    if (recipe->start)
        memcpy(t->weights, recipe->start, t->table.size * sizeof(float));
    adamw_init(&in->adamw, &t->table, weight_decay);
    return t;
}

void trainee_free(struct trainee *t) {
    if (!t)
        return;
    t->internal->family->free(t->internal->task);
    adamw_free(&t->internal->adamw);
    tape_free(&t->internal->tape);
    free(t->internal->grad);
    free(t->internal);
    free(t->weights);
    params_free(&t->table);
    free(t);
}

struct rng trainee_rng(const struct trainee *t, const char *purpose) {
    char keyed[32];
    snprintf(keyed, sizeof keyed, "%s %d", purpose, t->step);
    return rng_make(t->internal->seed, t->internal->run, keyed);
}

struct weights trainee_begin_pass(const struct trainee *t, float *grad) {
    if (grad)
        memset(grad, 0, t->table.size * sizeof(float));
    tape_reset(&t->internal->tape, grad != NULL);
    return (struct weights){&t->table, t->weights, grad};
}

struct tensor *trainee_readout(const struct trainee *t, const struct weights *w, struct tensor *h, int steps) {
    struct tape *tape = &t->internal->tape;
    for (int l = 1; l < t->arch.layers; l++)
        h = recurrent_sequence(tape, t->arch.cell, w, rnn_param(&t->arch, l, W_IH), h, steps);
    return linear_at(tape, w, rnn_readout(&t->arch), h);
}

double trainee_backward(struct trainee *t, struct tensor *loss) {
    loss->grad[0] = 1;
    tape_backward(&t->internal->tape);
    return t->loss = loss->value[0];
}

void trainee_apply(struct trainee *t, const float *grad) {
    const struct train_recipe *r = &t->internal->recipe;
    double at[] = {0, r->steps / 2.0, r->steps};
    double rate = schedule_linear(at, r->rate, 3, t->step > 0 ? t->step - 1 : 0);
    adamw_update(&t->internal->adamw, t->weights, grad, rate, 1);
    t->step++;
}

// The loss of other weights on the next batch, and its gradient unless that is NULL; the trainee's own weights and loss stay.
static double batch_pass(struct trainee *t, const float *weights, float *gradient) {
    float *own = t->weights;
    double own_loss = t->loss;
    t->weights = (float *)weights; // only read
    struct weights w = trainee_begin_pass(t, gradient);
    struct tensor *mean = t->internal->family->batch_loss(t, &w);
    double loss = gradient ? trainee_backward(t, mean) : mean->value[0];
    t->weights = own;
    t->loss = own_loss;
    return loss;
}

double trainee_loss(struct trainee *t, const float *weights, int batches, float *gradient) {
    struct trainee_internal *in = t->internal;
    struct rng saved = in->batches;
    float *part = gradient ? memory_alloc(t->table.size * sizeof *part) : NULL;
    double sum = 0;
    in->batches = rng_make(in->seed, in->run, "evaluation");
    if (gradient)
        memset(gradient, 0, t->table.size * sizeof *gradient);
    for (int i = 0; i < batches; i++) {
        sum += batch_pass(t, weights, part) / batches;
        if (gradient)
            kernels()->axpy(gradient, 1 / (float)batches, part, t->table.size);
    }
    in->batches = saved;
    free(part);
    return sum;
}

double trainee_gradient(struct trainee *t, const float *weights, float *gradient) {
    return batch_pass(t, weights, gradient);
}

bool trainee_update(struct trainee *t) {
    struct trainee_internal *in = t->internal;
    struct weights w = trainee_begin_pass(t, in->grad);
    if (!isfinite(trainee_backward(t, in->family->batch_loss(t, &w))))
        return false;
    trainee_apply(t, in->grad);
    return true;
}

void performance_pack(struct packer *p, const struct performance *performance) {
    if (!isnan(performance->accuracy)) {
        pack_key(p, "accuracy");
        pack_double(p, performance->accuracy);
    }
    for (int i = 0; i < PERFORMANCE_OTHERS && performance->others[i].name; i++) {
        pack_key(p, performance->others[i].name);
        pack_double(p, performance->others[i].value);
    }
}

struct performance trainee_performance(const struct trainee *t, int samples) {
    const struct trainee_family *family = t->internal->family;
    return family->performance(t, samples ? samples : family->samples);
}

struct rollouts trainee_rollouts(const struct trainee *t, int count) {
    return t->internal->family->rollouts(t, count);
}

float *trainee_sequences(const float *x, int steps, int count, int n) {
    float *out = memory_alloc((size_t)(steps * count) * (size_t)n * sizeof *out);
    for (int t = 0; t < steps; t++)
        for (int i = 0; i < count; i++, x += n)
            memcpy(out + ((size_t)i * (size_t)steps + (size_t)t) * (size_t)n, x, (size_t)n * sizeof *out);
    return out;
}

void rollouts_free(struct rollouts *r) {
    free(r->tokens);
    free(r->inputs);
    free(r->logits);
}
