#include "zoo/train.h"

#include "base/memory.h"
#include "nn/adamw.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/lstm.h"
#include "zoo/stepper.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct train_recipe train_paper_recipe = {.steps = 20000, .batch = 32, .hidden = 32, .layers = 2, .rate = {0.01, 0.003, 0.0003}, .weight_decay = 1e-4};

struct trainee_internal {
    struct language language;
    struct train_recipe recipe;
    uint64_t seed, run;
    struct rng batches;
    struct adamw adamw;
    struct tape tape;
    uint8_t *rows, *inputs, *labels; // [batch,length]; [T,batch] each
    int capacity;                    // rows they have room for
    float *grad;
};

struct trainee *trainee_new(const struct language *language, const struct train_recipe *recipe, uint64_t seed, uint64_t run) {
    struct trainee *t = memory_calloc(1, sizeof *t);
    struct trainee_internal *in = memory_calloc(1, sizeof *in);
    int symbols = language_symbols(language);
    t->arch = (struct rnn_arch){.input = symbols, .hidden = recipe->hidden, .layers = recipe->layers, .output = symbols};
    rnn_params(&t->table, &t->arch);
    t->weights = memory_calloc(t->table.size, sizeof(float));
    t->internal = in;
    in->language = *language;
    in->recipe = *recipe;
    in->seed = seed;
    in->run = run;
    in->batches = rng_make(seed, run, "batches");
    in->grad = memory_calloc(t->table.size, sizeof(float));
    struct rng rng = rng_make(seed, run, "weights");
    params_init(&t->table, t->weights, &rng);
    adamw_init(&in->adamw, &t->table, recipe->weight_decay);
    return t;
}

void trainee_free(struct trainee *t) {
    if (!t)
        return;
    adamw_free(&t->internal->adamw);
    tape_free(&t->internal->tape);
    free(t->internal->rows);
    free(t->internal->inputs);
    free(t->internal->labels);
    free(t->internal->grad);
    free(t->internal);
    free(t->weights);
    params_free(&t->table);
    free(t);
}

static void make_room(struct trainee_internal *in, int batch) {
    if (batch <= in->capacity)
        return;
    size_t bytes = (size_t)batch * (size_t)in->language.length;
    free(in->rows);
    free(in->inputs);
    free(in->labels);
    in->rows = memory_alloc(bytes);
    in->inputs = memory_alloc(bytes);
    in->labels = memory_alloc(bytes);
    in->capacity = batch;
}

// Rows to time-major inputs and next-token labels.
static void split_rows(struct trainee_internal *in, const uint8_t *rows, int batch) {
    int length = in->language.length;
    for (int b = 0; b < batch; b++)
        for (int t = 0; t < length - 1; t++) {
            in->inputs[t * batch + b] = rows[b * length + t];
            in->labels[t * batch + b] = rows[b * length + t + 1];
        }
}

double trainee_gradient(struct trainee *t, const uint8_t *rows, int batch, float *grad) {
    struct trainee_internal *in = t->internal;
    int T = in->language.length - 1, first = 4;
    make_room(in, batch);
    split_rows(in, rows, batch);
    memset(grad, 0, t->table.size * sizeof(float));
    struct weights w = {&t->table, t->weights, grad};
    tape_reset(&in->tape, true);
    struct tensor *h = lstm_sequence_tokens(&in->tape, &w, 0, in->inputs, T, batch);
    for (int l = 1; l < t->arch.layers; l++, first += 4)
        h = lstm_sequence(&in->tape, &w, first, h, T);
    struct tensor *loss = cross_entropy(&in->tape, linear_at(&in->tape, &w, first, h), in->labels);
    loss->grad[0] = 1;
    tape_backward(&in->tape);
    return t->loss = loss->value[0];
}

void trainee_apply(struct trainee *t, const float *grad) {
    const struct train_recipe *r = &t->internal->recipe;
    double at[] = {0, r->steps / 2.0, r->steps};
    double rate = schedule_linear(at, r->rate, 3, t->step > 0 ? t->step - 1 : 0);
    adamw_update(&t->internal->adamw, t->weights, grad, rate, 1);
    t->step++;
}

bool trainee_update(struct trainee *t) {
    struct trainee_internal *in = t->internal;
    make_room(in, in->recipe.batch);
    for (int b = 0; b < in->recipe.batch; b++)
        language_sample_row(&in->language, &in->batches, in->rows + (size_t)b * (size_t)in->language.length);
    trainee_gradient(t, in->rows, in->recipe.batch, in->grad);
    if (!isfinite(t->loss))
        return false;
    trainee_apply(t, in->grad);
    return true;
}

static void sample(const struct trainee *t, const char *purpose, int count, uint8_t *rows, float *log_p) {
    const struct trainee_internal *in = t->internal;
    char keyed[32];
    snprintf(keyed, sizeof keyed, "%s %d", purpose, t->step);
    struct rng rng = rng_make(in->seed, in->run, keyed);
    struct stepper *s = stepper_of_rnn(&t->arch, &t->table, t->weights);
    stepper_sample(s, &in->language, count, (struct stepper_opening){0}, &rng, rows, log_p);
    stepper_free(s);
}

struct performance trainee_performance(const struct trainee *t, int samples) {
    const struct language *l = &t->internal->language;
    uint8_t *rows = memory_alloc((size_t)samples * (size_t)l->length);
    sample(t, "performance", samples, rows, NULL);
    int strict = 0, accepted = 0;
    for (int i = 0; i < samples; i++) {
        struct verdict v = language_judge(l, rows + (size_t)i * (size_t)l->length);
        strict += v.strict;
        accepted += v.accepted;
    }
    free(rows);
    return (struct performance){(double)strict / samples, (double)accepted / samples};
}

void trainee_rollouts(const struct trainee *t, int count, uint8_t *rows, float *log_p) {
    sample(t, "rollouts", count, rows, log_p);
}
