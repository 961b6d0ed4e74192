// Layer-wise statistics (paper, section 3.1; Unterthiner et al. 2020): of each of the RNN's parameters the mean, the unbiased variance and
// five quantiles, all in one vector, through an MLP. No statistic depends on the order of hidden units.
#include "encoders/encoder.h"
#include "encoders/standard.h"
#include "nn/linear.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { QUANTILES = 5, STATISTICS = 2 + QUANTILES }; // quantile q is at q / (QUANTILES - 1)

// One parameter of one RNN.
struct block {
    const float *x;                  // [n]
    float *dx, *y, *dy;              // [n], [STATISTICS], [STATISTICS]; dx NULL: no gradient wanted
    int n, neighbours[QUANTILES][2]; // indices of the numbers on both sides of a quantile
};

struct statistics_saved {
    struct block *blocks;
    int count; // B * parameters
};

// A float's bits as an integer of the same order.
static uint32_t sort_key(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

// The indices of x [n] in ascending order of their values; index and spare have room for n. Radix sort: stable, and as fast for any x.
static void sort_index(int *index, int *spare, const float *x, int n) {
    for (int i = 0; i < n; i++)
        index[i] = i;
    for (int shift = 0; shift < 32; shift += 8) { // four passes: the result is in `index` again
        int start[257] = {0};
        for (int i = 0; i < n; i++)
            start[(sort_key(x[i]) >> shift & 255) + 1]++;
        for (int digit = 0; digit < 256; digit++)
            start[digit + 1] += start[digit];
        for (int i = 0; i < n; i++)
            spare[start[sort_key(x[index[i]]) >> shift & 255]++] = index[i];
        int *sorted = spare;
        spare = index;
        index = sorted;
    }
}

// Position of a quantile in n sorted numbers: the neighbour below, and the upper neighbour's share.
static int quantile_position(int quantile, int n, float *share) {
    double at = (double)quantile * (n - 1) / (QUANTILES - 1);
    *share = (float)(at - floor(at));
    return (int)at;
}

static double mean_of(const float *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

// A single number has variance 0.
static void block_forward(struct block *k, int *index, int *spare) {
    const float *x = k->x;
    double mean = mean_of(x, k->n), square = 0;
    for (int i = 0; i < k->n; i++)
        square += (x[i] - mean) * (x[i] - mean);
    k->y[0] = (float)mean;
    k->y[1] = k->n > 1 ? (float)(square / (k->n - 1)) : 0;
    sort_index(index, spare, x, k->n);
    for (int q = 0; q < QUANTILES; q++) {
        float share;
        int at = quantile_position(q, k->n, &share), below = index[at], above = index[at + 1 < k->n ? at + 1 : at];
        k->y[2 + q] = x[below] + share * (x[above] - x[below]);
        k->neighbours[q][0] = below;
        k->neighbours[q][1] = above;
    }
}

static void block_backward(const struct block *k) {
    double mean = mean_of(k->x, k->n);
    for (int i = 0; i < k->n; i++)
        k->dx[i] += k->dy[0] / (float)k->n + (k->n > 1 ? k->dy[1] * (float)(2 * (k->x[i] - mean) / (k->n - 1)) : 0);
    for (int q = 0; q < QUANTILES; q++) {
        float share;
        quantile_position(q, k->n, &share);
        k->dx[k->neighbours[q][0]] += (1 - share) * k->dy[2 + q];
        k->dx[k->neighbours[q][1]] += share * k->dy[2 + q];
    }
}

static void statistics_backward(void *saved) {
    const struct statistics_saved *s = saved;
    for (int i = 0; i < s->count; i++)
        if (s->blocks[i].dx)
            block_backward(&s->blocks[i]);
}

// [B, STATISTICS * parameters]: RNN by RNN, parameter by parameter in the order of its table. All RNNs have as many parameters.
static struct tensor *statistics(struct tape *tape, const struct rnn_batch *batch) {
    int count = batch->rnn->table->count;
    size_t largest = 0;
    for (int b = 0; b < batch->count; b++)
        largest = batch->rnn[b].table->size > largest ? batch->rnn[b].table->size : largest;
    struct tensor *y = tape_tensor(tape, batch->count, STATISTICS * count, rnn_batch_trained(batch));
    struct statistics_saved *s = arena_alloc(&tape->arena, sizeof *s);
    s->count = batch->count * count;
    s->blocks = arena_alloc(&tape->arena, (size_t)s->count * sizeof *s->blocks);
    int *index = arena_alloc(&tape->arena, largest * sizeof *index), *spare = arena_alloc(&tape->arena, largest * sizeof *spare);
    for (int i = 0; i < s->count; i++) {
        const struct rnn *rnn = &batch->rnn[i / count];
        const struct param *p = &rnn->table->list[i % count];
        s->blocks[i] = (struct block){.x = rnn->weights + p->offset, .y = y->value + (size_t)i * STATISTICS, .n = (int)p->size};
        if (y->grad && rnn->grad) {
            s->blocks[i].dx = rnn->grad + p->offset;
            s->blocks[i].dy = y->grad + (size_t)i * STATISTICS;
        }
        block_forward(&s->blocks[i], index, spare);
    }
    if (y->grad)
        tape_record(tape, statistics_backward, s);
    return y;
}

static void declare(struct encoder *e) {
    const struct encoder_config *c = &e->config;
    e->first[0] = mlp_params(&e->table, "mlp_model", STATISTICS * e->rnn_table.count, c->mlp_hidden, c->mlp_layers, c->z);
}

static int feature_count(const struct encoder *e) {
    return STATISTICS * e->rnn_table.count;
}

static struct tensor *features(struct tape *tape, const struct encoder *e, const struct rnn_batch *batch) {
    (void)e;
    return statistics(tape, batch);
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    (void)trace;
    return mlp(tape, w, e->first[0], e->config.mlp_layers, standardised(tape, e, e->standard, statistics(tape, batch)));
}

const struct encoder_type encoder_stats = {.name = "stats",
                                           .keys = "z mlp_hidden mlp_layers standardised",
                                           .defaults = {.z = 16, .mlp_hidden = 128, .mlp_layers = 1},
                                           .bound = ARCH_INPUT | ARCH_OUTPUT | ARCH_CELL | ARCH_LAYERS,
                                           .declare = declare,
                                           .features = features,
                                           .feature_count = feature_count,
                                           .embed = embed};
