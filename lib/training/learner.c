#include "training/learner.h"

#include "base/memory.h"
#include "encoders/standard.h"
#include "math/kernels.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// A worker takes lanes `first`, `first + stride`, ...
struct worker {
    pthread_t thread;
    struct learner *learner;
    int first, stride, lanes, total;
    bool training;
};

static const double PI = 3.14159265358979323846;

struct learner_internal {
    struct lane *lanes;
    int lane_count;
    struct worker *workers; // [lane_count], more are of no use
    int *order;             // a permutation of the training items, of `epoch`
    uint64_t epoch;         // of order; UINT64_MAX before the first
    int *batch;
};

static int batch_size(const struct learner *l) {
    return l->recipe.batch < l->item_count ? l->recipe.batch : l->item_count;
}

static void lane_init(struct learner *l, struct lane *lane) {
    *lane = (struct lane){0};
    lane->data = l->task->lane_new(l->context);
    lane->head_grad = memory_calloc(l->head_table->size, sizeof(float));
    if (!l->encoder)
        return;
    lane->encoder_grad = memory_calloc(l->encoder->table.size, sizeof(float));
    rnn_loader_init(&lane->rnns, LANE_SIZE);
}

static void lane_release(struct learner *l, struct lane *lane) {
    l->task->lane_free(lane->data);
    tape_free(&lane->tape);
    free(lane->nodes.node);
    free(lane->head_grad);
    free(lane->encoder_grad);
    rnn_loader_free(&lane->rnns);
}

static float *copy_of(const float *values, size_t n) {
    float *copy = memory_alloc(n * sizeof *copy);
    memcpy(copy, values, n * sizeof *copy);
    return copy;
}

struct learner *learner_new(struct encoder *encoder, const struct params *head_table, float *head_values, const int *items, int item_count,
                            const struct learner_recipe *recipe, const struct learner_task *task, void *context) {
    struct learner *l = memory_calloc(1, sizeof *l);
    *l = (struct learner){.encoder = encoder,
                          .head_table = head_table,
                          .head_values = head_values,
                          .recipe = *recipe,
                          .task = task,
                          .context = context,
                          .items = items,
                          .item_count = item_count};
    if (encoder)
        adamw_init(&l->encoder_adamw, &encoder->table, recipe->decay);
    adamw_init(&l->head_adamw, head_table, recipe->decay);
    l->head_average = recipe->average > 0 ? copy_of(head_values, head_table->size) : NULL;
    l->encoder_average = encoder && recipe->average > 0 ? copy_of(encoder->values, encoder->table.size) : NULL;
    l->best.loss = INFINITY;
    l->best.head = copy_of(head_values, head_table->size);
    l->best.encoder = encoder ? copy_of(encoder->values, encoder->table.size) : NULL;
    struct learner_internal *in = l->internal = memory_calloc(1, sizeof *in);
    in->lane_count = (recipe->batch + LANE_SIZE - 1) / LANE_SIZE;
    in->lanes = memory_calloc((size_t)in->lane_count, sizeof *in->lanes);
    for (int i = 0; i < in->lane_count; i++)
        lane_init(l, &in->lanes[i]);
    in->workers = memory_calloc((size_t)in->lane_count, sizeof *in->workers);
    in->order = memory_alloc((size_t)item_count * sizeof *in->order);
    in->batch = memory_alloc((size_t)recipe->batch * sizeof *in->batch);
    in->epoch = UINT64_MAX;
    return l;
}

void learner_free(struct learner *l) {
    if (!l)
        return;
    for (int i = 0; i < l->internal->lane_count; i++)
        lane_release(l, &l->internal->lanes[i]);
    free(l->internal->lanes);
    free(l->internal->workers);
    free(l->internal->order);
    free(l->internal->batch);
    free(l->internal);
    adamw_free(&l->encoder_adamw);
    adamw_free(&l->head_adamw);
    free(l->encoder_average);
    free(l->head_average);
    free(l->best.encoder);
    free(l->best.head);
    free(l);
}

// Step s takes batch s mod (batches per epoch) of the epoch's permutation; what is left over at the end of an epoch sits out.
static void draw_batch(struct learner *l) {
    struct learner_internal *in = l->internal;
    uint64_t size = (uint64_t)batch_size(l), batches = (uint64_t)l->item_count / size, epoch = l->step / batches;
    if (epoch != in->epoch) {
        struct rng rng = rng_make(l->recipe.seed, epoch, "epoch");
        rng_permutation(&rng, in->order, l->item_count);
        in->epoch = epoch;
    }
    const int *first = in->order + l->step % batches * size;
    for (uint64_t i = 0; i < size; i++)
        in->batch[i] = l->items[first[i]];
}

// Forward, and backward when `share` (the lane's part of the batch) is positive.
static enum status run_lane(struct learner *l, struct lane *lane, float share) {
    struct tape *tape = &lane->tape;
    bool training = share > 0;
    if (l->task->load(l->context, lane, &lane->error) != STATUS_OK)
        return lane->error.status;
    tape_reset(tape, training);
    struct weights head = {l->head_table, l->head_values, lane->head_grad};
    struct tensor *z;
    if (l->encoder) {
        struct weights weights = {&l->encoder->table, l->encoder->values, lane->encoder_grad};
        struct rnn_batch batch = rnn_loader_batch(&lane->rnns, lane->count);
        struct tensor *raw;
        z = encoder_embed(tape, l->encoder, &weights, &batch, training ? &lane->rng : NULL, NULL, &raw);
        lane->raw = raw->value;
    } else {
        z = l->task->embedding(l->context, lane);
    }
    struct tensor *loss = l->task->loss(l->context, lane, &head, z);
    lane->loss = loss->value[0];
    if (!training)
        return STATUS_OK;
    memset(lane->head_grad, 0, l->head_table->size * sizeof(float));
    if (l->encoder)
        memset(lane->encoder_grad, 0, l->encoder->table.size * sizeof(float));
    loss->grad[0] = share;
    tape_backward(tape);
    return STATUS_OK;
}

static void *work(void *argument) {
    struct worker *w = argument;
    for (int i = w->first; i < w->lanes; i += w->stride) {
        struct lane *lane = &w->learner->internal->lanes[i];
        lane->error.status = run_lane(w->learner, lane, w->training ? (float)lane->count / (float)w->total : 0);
    }
    return NULL;
}

// Cuts items into lanes, runs them, and returns their mean loss.
static enum status run_lanes(struct learner *l, const int *items, int count, uint64_t step, bool training, double *loss,
                             struct error *error) {
    int lanes = (count + LANE_SIZE - 1) / LANE_SIZE, threads = l->recipe.threads < lanes ? l->recipe.threads : lanes;
    for (int i = 0; i < lanes; i++) {
        struct lane *lane = &l->internal->lanes[i];
        lane->items = items + i * LANE_SIZE;
        lane->count = count - i * LANE_SIZE < LANE_SIZE ? count - i * LANE_SIZE : LANE_SIZE;
        lane->training = training;
        lane->rng = rng_make(l->recipe.seed, step * 65536 + (uint64_t)i, training ? "lane" : "evaluation");
    }
    struct worker *workers = l->internal->workers;
    threads = threads < 1 ? 1 : threads;
    for (int i = 0; i < threads; i++) {
        workers[i] = (struct worker){.learner = l, .first = i, .stride = threads, .lanes = lanes, .total = count, .training = training};
        if (i && pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            workers[i].learner = NULL; // no thread to be had: done below
    }
    work(&workers[0]);
    for (int i = 1; i < threads; i++) {
        if (workers[i].learner) {
            pthread_join(workers[i].thread, NULL);
        } else {
            workers[i].learner = l;
            work(&workers[i]);
        }
    }
    *loss = 0;
    for (int i = 0; i < lanes; i++) {
        const struct lane *lane = &l->internal->lanes[i];
        if (lane->error.status != STATUS_OK)
            return *error = lane->error, error->status;
        *loss += (double)lane->loss * lane->count / count;
    }
    return STATUS_OK;
}

// Adds the lanes' gradients to the first lane's, in order.
static void reduce(struct learner *l, int lanes) {
    struct lane *first = l->internal->lanes;
    for (int i = 1; i < lanes; i++) {
        const struct lane *lane = &l->internal->lanes[i];
        kernels()->axpy(first->head_grad, 1, lane->head_grad, l->head_table->size);
        if (l->encoder)
            kernels()->axpy(first->encoder_grad, 1, lane->encoder_grad, l->encoder->table.size);
    }
}

double learner_rate(const struct learner_recipe *r, double rate, uint64_t step) {
    double from = (1 - r->anneal) * (double)r->steps, to = (double)r->steps, at = (double)step;
    if (step < r->warm_up)
        rate *= (at + 1) / (double)r->warm_up;
    if (!(r->anneal > 0))
        return rate;
    if (r->cosine)
        return at > from ? rate * (1 + cos(PI * fmin(1, (at - from) / (to - from)))) / 2 : rate;
    return schedule_linear((double[]){from, to}, (double[]){rate, 0}, 2, at);
}

// w' += s (w - w'), with s = 1 - decay, but at first 10 / (step + 9): the average is of the last tenth of the steps then.
static void follow(float *average, const float *values, size_t n, double decay, uint64_t step) {
    float share = (float)fmax(1 - decay, 10 / ((double)step + 9));
    for (size_t i = 0; average && i < n; i++)
        average[i] += share * (values[i] - average[i]);
}

// z of all RNNs of the step just done.
static void follow_z(struct learner *l, int count) {
    if (!l->encoder || !l->encoder->z_standard)
        return;
    size_t Z = (size_t)l->encoder->config.z;
    float *z = memory_alloc((size_t)count * Z * sizeof *z), *at = z;
    for (const struct lane *lane = l->internal->lanes; at < z + (size_t)count * Z; lane++) {
        memcpy(at, lane->raw, (size_t)lane->count * Z * sizeof *z);
        at += (size_t)lane->count * Z;
    }
    standard_follow_z(l->encoder, z, count, l->encoder->step); // also where an encoder is trained further
    free(z);
}

static void swap(float *a, float *b, size_t n) {
    for (size_t i = 0; a && i < n; i++) {
        float held = a[i];
        a[i] = b[i];
        b[i] = held;
    }
}

void learner_swap_average(struct learner *l) {
    swap(l->head_average, l->head_values, l->head_table->size);
    if (l->encoder)
        swap(l->encoder_average, l->encoder->values, l->encoder->table.size);
}

enum status learner_step_on(struct learner *l, const int *items, int count, double *loss, struct error *error) {
    blas_set_precision(l->recipe.precision);
    const enum status status = run_lanes(l, items, count, l->step, true, loss, error);
    blas_set_precision(PRECISION_FLOAT32);
    if (status != STATUS_OK)
        return status;
    reduce(l, (count + LANE_SIZE - 1) / LANE_SIZE);
    struct lane *lane = l->internal->lanes; // which has the sums
    double head_scale = adamw_clip(lane->head_grad, l->head_table->size, l->recipe.clip, &l->head_norm), encoder_scale = 1;
    if (l->encoder)
        encoder_scale = adamw_clip(lane->encoder_grad, l->encoder->table.size, l->recipe.clip, &l->encoder_norm);
    if (!isfinite(*loss) || !isfinite(l->head_norm) || (l->encoder && !isfinite(l->encoder_norm)))
        return error_set(error, STATUS_DIVERGED, "training diverged at step %llu: the loss or a gradient is not finite",
                         (unsigned long long)l->step + 1);
    const struct learner_recipe *r = &l->recipe;
    adamw_update(&l->head_adamw, l->head_values, lane->head_grad, learner_rate(r, r->rate, l->step), head_scale);
    if (l->encoder) {
        double rate = learner_rate(r, r->encoder_rate > 0 ? r->encoder_rate : r->rate, l->step);
        adamw_update(&l->encoder_adamw, l->encoder->values, lane->encoder_grad, rate, encoder_scale);
        l->encoder->step++;
    }
    l->step++;
    follow_z(l, count);
    follow(l->head_average, l->head_values, l->head_table->size, r->average, l->step);
    if (l->encoder)
        follow(l->encoder_average, l->encoder->values, l->encoder->table.size, r->average, l->step);
    return STATUS_OK;
}

enum status learner_step(struct learner *l, double *loss, struct error *error) {
    draw_batch(l);
    return learner_step_on(l, l->internal->batch, batch_size(l), loss, error);
}

void learner_keep(struct learner *l, double loss) {
    if (!(loss < l->best.loss)) {
        l->best.since++;
        return;
    }
    l->best.loss = loss;
    l->best.step = l->step;
    l->best.since = 0;
    memcpy(l->best.head, l->head_values, l->head_table->size * sizeof(float));
    if (l->encoder)
        memcpy(l->best.encoder, l->encoder->values, l->encoder->table.size * sizeof(float));
}

void learner_restore(struct learner *l) {
    memcpy(l->head_values, l->best.head, l->head_table->size * sizeof(float));
    if (!l->encoder)
        return;
    memcpy(l->encoder->values, l->best.encoder, l->encoder->table.size * sizeof(float));
    l->encoder->step -= l->step - l->best.step;
}

bool learner_out_of_patience(const struct learner *l, int patience) {
    return patience > 0 && l->best.since >= patience;
}

void learner_resumed(struct learner *l) {
    l->encoder_adamw.updates = l->head_adamw.updates = l->step;
}

enum status learner_evaluate(struct learner *l, const int *items, int count, uint64_t step, double *loss, struct error *error) {
    int most = l->internal->lane_count * LANE_SIZE;
    double sum = 0, beside = 0;
    for (int first = 0; first < count; first += most) {
        int n = count - first < most ? count - first : most;
        double mean;
        if (run_lanes(l, items + first, n, step, false, &mean, error) != STATUS_OK)
            return error->status;
        sum += mean * n;
        for (int i = 0; i * LANE_SIZE < n; i++)
            beside += (double)l->internal->lanes[i].beside * l->internal->lanes[i].count;
    }
    l->beside = count ? beside / count : NAN;
    *loss = count ? sum / count : NAN;
    return STATUS_OK;
}
