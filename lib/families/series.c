#include "families/series.h"

#include "base/memory.h"
#include "families/train_internal.h"
#include "nn/loss.h"
#include "nn/recurrent.h"
#include "stream/field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 };

static const double shortest = 4, longest = 24, least_damping = 0.8, most_damping = 0.99;

// --- Tasks ---

void series_draw_task(struct series *task, struct rng *rng) {
    task->period = shortest * pow(longest / shortest, rng_double(rng));
    task->damping = least_damping + (most_damping - least_damping) * rng_double(rng);
}

static void draw_task(void *body, struct rng *rng) {
    series_draw_task(body, rng);
}

static enum status read_task(const struct value *task, void *body, struct error *error) {
    struct series *s = body;
    enum status status = field_number(task, "period", "task", 2, SERIES_LONGEST_PERIOD, &s->period, error);
    if (status == STATUS_OK)
        status = field_number(task, "damping", "task", 0, 1, &s->damping, error);
    if (status == STATUS_OK && s->damping == 1)
        status = error_set(error, STATUS_DATA, "task: with a damping of 1 there is no end to how large the numbers get");
    return status == STATUS_OK ? field_int(task, "length", "task", 1, SERIES_MAX_LENGTH, &s->length, error) : status;
}

static void pack_task(struct packer *p, const void *body) {
    const struct series *s = body;
    pack_key(p, "period");
    pack_double(p, s->period);
    pack_key(p, "damping");
    pack_double(p, s->damping);
    pack_key(p, "length");
    pack_i64(p, s->length);
}

static int task_key(const void *body, char text[FAMILY_KEY_SIZE]) {
    const struct series *s = body;
    return snprintf(text, FAMILY_KEY_SIZE, "series %.17g %.17g", s->period, s->damping);
}

// The longest periods: the last share of the logarithms of 4 .. 24; by default those above 18.
static bool is_ood(const void *body, double share) {
    return share > 0 && ((const struct series *)body)->period > longest * pow(shortest / longest, share);
}

// --- The process ---

struct oscillator series_oscillator(const struct series *task) {
    double r = task->damping, a1 = 2 * r * cos(2 * M_PI / task->period), a2 = -r * r, rho1 = a1 / (1 - a2);
    return (struct oscillator){a1, a2, rho1, 1 - a1 * rho1 - a2 * (a1 * rho1 + a2)};
}

void series_draw(const struct oscillator *o, int n, struct rng *rng, float *x, int stride) {
    double deviation = sqrt(o->noise), before = rng_normal(rng), last = o->rho1 * before + sqrt(1 - o->rho1 * o->rho1) * rng_normal(rng);
    for (int t = 0; t < n; t++) {
        x[(size_t)t * (size_t)stride] = (float)before;
        double next = o->a1 * last + o->a2 * before + deviation * rng_normal(rng);
        before = last;
        last = next;
    }
}

// --- Training: squared error of the next number at all positions ---

struct training {
    struct series task;
    struct oscillator oscillator;
    int capacity; // series that there is room for
    float *x;     // [T+1, capacity], time-major: T inputs, and one number later as many targets
};

static void make_room(struct training *in, int count) {
    if (count <= in->capacity)
        return;
    free(in->x);
    in->x = memory_alloc((size_t)(in->task.length + 1) * (size_t)count * sizeof *in->x);
    in->capacity = count;
}

static void free_task(void *task) {
    struct training *in = task;
    free(in->x);
    free(in);
}

static void draw_series(struct training *in, int count, struct rng *rng) {
    make_room(in, count);
    for (int b = 0; b < count; b++)
        series_draw(&in->oscillator, in->task.length + 1, rng, in->x + b, count);
}

static struct tensor *answers_of(const struct trainee *t, const struct weights *w, int count) {
    const struct training *in = t->internal->task;
    struct tape *tape = &t->internal->tape;
    int T = in->task.length;
    struct tensor *x = tape_leaf(tape, T * count, 1, in->x, NULL);
    return trainee_readout(t, w, recurrent_sequence(tape, t->arch.cell, w, 0, x, T), T);
}

static struct tensor *series_loss(const struct trainee *t, const struct weights *w, int count) {
    const struct training *in = t->internal->task;
    return squared_error(&t->internal->tape, answers_of(t, w, count), in->x + count);
}

static struct tensor *batch_loss(struct trainee *t, const struct weights *w) {
    draw_series(t->internal->task, t->internal->recipe.batch, &t->internal->batches);
    return series_loss(t, w, t->internal->recipe.batch);
}

double series_gradient(struct trainee *t, const float *series, int batch, float *grad) {
    struct training *in = t->internal->task;
    int n = in->task.length + 1;
    make_room(in, batch);
    for (int b = 0; b < batch; b++)
        for (int k = 0; k < n; k++)
            in->x[k * batch + b] = series[b * n + k];
    struct weights w = trainee_begin_pass(t, grad);
    return trainee_backward(t, series_loss(t, &w, batch));
}

static double variance(const float *x, int n) {
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        sum += (double)x[i];
        squares += (double)x[i] * (double)x[i];
    }
    return squares / n - sum / n * (sum / n);
}

// On fresh series: the loss, how many times it is the least possible one, and the share of the numbers' variance that is explained.
static struct performance performance(const struct trainee *t, int samples) {
    struct training *in = t->internal->task;
    struct rng rng = trainee_rng(t, "performance");
    double loss = 0, spread = 0;
    for (int first = 0, n; first < samples; first += n) {
        n = samples - first < CHUNK ? samples - first : CHUNK;
        draw_series(in, n, &rng);
        struct weights w = trainee_begin_pass(t, NULL);
        loss += n * (double)series_loss(t, &w, n)->value[0] / samples;
        spread += n * variance(in->x + n, in->task.length * n) / samples;
    }
    return (struct performance){NAN, {{"evaluation_loss", loss}, {"excess", loss / in->oscillator.noise}, {"r2", 1 - loss / spread}}};
}

static struct rollouts rollouts(const struct trainee *t, int count) {
    struct training *in = t->internal->task;
    struct rng rng = trainee_rng(t, "rollouts");
    int T = in->task.length;
    draw_series(in, count, &rng);
    struct weights w = trainee_begin_pass(t, NULL);
    struct rollouts r = {.count = count, .steps = T};
    r.logits = trainee_sequences(answers_of(t, &w, count)->value, T, count, 1);
    r.inputs = trainee_sequences(in->x, T, count, 1);
    return r;
}

static const struct trainee_family training_of_series = {batch_loss, performance, rollouts, free_task, .samples = 1000};

static void shape(const void *body, struct rnn_arch *arch) {
    (void)body;
    arch->input = arch->output = 1;
}

static enum status trainee_of_task(struct trainee **out, const struct task *task, const struct train_setting *s, struct error *error) {
    (void)error;
    struct training *in = memory_calloc(1, sizeof *in);
    in->task = *TASK_BODY(struct series, task);
    in->oscillator = series_oscillator(&in->task);
    struct rnn_arch arch = {0};
    shape(&in->task, &arch);
    *out = trainee_new(&training_of_series, in, &arch, s->recipe->weight_decay, s->recipe, s->seed, s->run);
    return STATUS_OK;
}

// --- The family ---

static const struct series usual = {.length = SERIES_DEFAULT_LENGTH};

const struct family series_family = {
    .name = "series",
    .size = sizeof(struct series),
    .usual = &usual,
    .read = read_task,
    .pack = pack_task,
    .draw = draw_task,
    .key = task_key,
    .ood = is_ood,
    .ood_share = 0.16055842170362472, // log(24/18) / log(24/4)
    .shape = shape,
    .trainee = trainee_of_task,
};
