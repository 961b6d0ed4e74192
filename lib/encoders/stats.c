// Layer-wise statistics (paper, section 3.1; Unterthiner et al. 2020): of each of the RNN's parameters the mean, the unbiased variance and
// five quantiles, all in one vector, through an MLP. No statistic depends on the order of hidden units; nor do those of a part of a
// parameter, as long as it is the part of a gate (per_gate), of an input or of an output (per_input).
#include "encoders/encoder.h"
#include "encoders/standard.h"
#include "nn/linear.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { QUANTILES = 5, STATISTICS = 2 + QUANTILES }; // quantile q is at q / (QUANTILES - 1)

// A parameter of one RNN, or a part of it: every stride-th number.
struct block {
    const float *x;                          // [(n - 1) * stride + 1]
    float *dx, *y, *dy;                      // as x, [STATISTICS], [STATISTICS]; dx NULL: no gradient wanted
    int n, stride, neighbours[QUANTILES][2]; // indices of the numbers on both sides of a quantile
};

struct statistics_saved {
    struct block *blocks;
    int count; // B * parts of all parameters
};

// A float's bits as an integer of the same order.
static uint32_t sort_key(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

// The indices of n numbers of x, every stride-th, in ascending order of their values; index and spare have room for n. Radix sort: stable,
// and as fast for any x.
static void sort_index(int *index, int *spare, const float *x, int n, int stride) {
    for (int i = 0; i < n; i++)
        index[i] = i * stride;
    for (int shift = 0; shift < 32; shift += 8) { // four passes: the result is in `index` again
        int start[257] = {0};
        for (int i = 0; i < n; i++)
            start[(sort_key(x[i * stride]) >> shift & 255) + 1]++;
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

static double mean_of(const struct block *k) {
    double sum = 0;
    for (int i = 0; i < k->n; i++)
        sum += k->x[i * k->stride];
    return sum / k->n;
}

// A single number has variance 0.
static void block_forward(struct block *k, int *index, int *spare) {
    const float *x = k->x;
    double mean = mean_of(k), square = 0;
    for (int i = 0; i < k->n; i++)
        square += (x[i * k->stride] - mean) * (x[i * k->stride] - mean);
    k->y[0] = (float)mean;
    k->y[1] = k->n > 1 ? (float)(square / (k->n - 1)) : 0;
    sort_index(index, spare, x, k->n, k->stride);
    for (int q = 0; q < QUANTILES; q++) {
        float share;
        int at = quantile_position(q, k->n, &share), below = index[at], above = index[at + 1 < k->n ? at + 1 : at];
        k->y[2 + q] = x[below] + share * (x[above] - x[below]);
        k->neighbours[q][0] = below;
        k->neighbours[q][1] = above;
    }
}

static void block_backward(const struct block *k) {
    double mean = mean_of(k);
    for (int i = 0; i < k->n; i++) {
        int at = i * k->stride;
        k->dx[at] += k->dy[0] / (float)k->n + (k->n > 1 ? k->dy[1] * (float)(2 * (k->x[at] - mean) / (k->n - 1)) : 0);
    }
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

// How a parameter falls into parts: rows and columns of equal size. `columns` is 1 or all of its columns.
struct parts {
    int rows, columns;
};

static struct parts parts_of(const struct encoder *e, int param) {
    const struct rnn_arch *arch = &e->arch;
    if (param >= rnn_readout(arch))
        return (struct parts){e->config.per_input ? arch->output : 1, 1};
    return (struct parts){e->config.per_gate ? arch->cell->gates : 1,
                          e->config.per_input && param == rnn_param(arch, 0, W_IH) ? arch->input : 1};
}

static int part_count(const struct encoder *e) {
    int count = 0;
    for (int i = 0; i < e->rnn_table.count; i++)
        count += parts_of(e, i).rows * parts_of(e, i).columns;
    return count;
}

// The parts of all parameters, in the order of its table.
static struct block *add_blocks(struct block *block, const struct encoder *e, const struct rnn *rnn) {
    for (int i = 0; i < rnn->table->count; i++) {
        const struct param *p = &rnn->table->list[i];
        const struct parts parts = parts_of(e, i);
        size_t step = p->size / (size_t)parts.rows;
        for (int r = 0; r < parts.rows; r++)
            for (int c = 0; c < parts.columns; c++, block++) {
                size_t at = p->offset + (size_t)r * step + (size_t)c;
                *block = (struct block){.x = rnn->weights + at,
                                        .dx = rnn->grad ? rnn->grad + at : NULL,
                                        .n = (int)(step / (size_t)parts.columns),
                                        .stride = parts.columns};
            }
    }
    return block;
}

// [B, STATISTICS * parts]: RNN by RNN, part by part. All RNNs have as many.
static struct tensor *statistics(struct tape *tape, const struct encoder *e, const struct rnn_batch *batch) {
    int count = part_count(e);
    size_t largest = 0;
    struct tensor *y = tape_tensor(tape, batch->count, STATISTICS * count, rnn_batch_trained(batch));
    struct statistics_saved *s = arena_alloc(&tape->arena, sizeof *s);
    s->count = batch->count * count;
    s->blocks = arena_alloc(&tape->arena, (size_t)s->count * sizeof *s->blocks);
    struct block *next = s->blocks;
    for (int b = 0; b < batch->count; b++) {
        largest = batch->rnn[b].table->size > largest ? batch->rnn[b].table->size : largest;
        next = add_blocks(next, e, &batch->rnn[b]);
    }
    int *index = arena_alloc(&tape->arena, largest * sizeof *index), *spare = arena_alloc(&tape->arena, largest * sizeof *spare);
    for (int i = 0; i < s->count; i++) {
        s->blocks[i].y = y->value + (size_t)i * STATISTICS;
        s->blocks[i].dy = y->grad ? y->grad + (size_t)i * STATISTICS : NULL;
        block_forward(&s->blocks[i], index, spare);
    }
    if (y->grad)
        tape_record(tape, statistics_backward, s);
    return y;
}

static int feature_count(const struct encoder *e) {
    return STATISTICS * part_count(e);
}

static void declare(struct encoder *e) {
    const struct encoder_config *c = &e->config;
    e->first[0] = mlp_params(&e->table, "mlp_model", feature_count(e), c->mlp_hidden, c->mlp_layers, c->z);
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    (void)trace;
    return mlp(tape, w, e->first[0], e->config.mlp_layers, standardised(tape, e, e->standard, statistics(tape, e, batch)));
}

const struct encoder_type encoder_stats = {.name = "stats",
                                           .keys = "z mlp_hidden mlp_layers standardised per_gate per_input",
                                           .defaults = {.z = 16, .mlp_hidden = 128, .mlp_layers = 1},
                                           .bound = ARCH_INPUT | ARCH_OUTPUT | ARCH_CELL | ARCH_LAYERS,
                                           .declare = declare,
                                           .features = statistics,
                                           .feature_count = feature_count,
                                           .embed = embed};
