// Probes of single weight matrices. ProbeX (Kahana et al., CVPR 2025) asks a matrix X [m,n] as a linear map,
//     z = MLP(vec(ReLU(P X U)))                            U [n,r] probes, P [p,m] a projection of what comes out, shared by all RNNs
// MVProbe (ICML 2026) has four views, so that products of weights, which carry more than sums do in wide layers, are seen, too:
//     S_1 = X U    S_2 = X X'W    S_3 = X'V    S_4 = X'X Z           [m,r] [m,r] [n,r] [n,r]
//     z = MLP(vec(ReLU(P_1 s(S_1))), ..., vec(ReLU(P_4 s(S_4))))     s(S) = (S - mean) / (deviation + 1e-8) over all numbers of S
// Here of one matrix of the RNN, or of each of its matrices, with probes of their own. It has no notion of units: it is meant for RNNs of a
// shared start, whose units have an order.
#include "encoders/columns_internal.h"
#include "encoders/encoder.h"
#include "math/kernels.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "rnn/batch.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MVPROBE_VIEWS = 4 };

// The matrices of an RNN in the order of its table; `matrix` of the config is 1 for the first, 0 for all.
static bool is_asked(const struct encoder *e, int index, int *number) {
    const struct param *p = &e->rnn_table.list[index];
    *number += p->rank == 2;
    return p->rank == 2 && (e->config.matrix == 0 || e->config.matrix == *number);
}

// Which side a view's probes are put in at, and comes out at: of view 1, X U, columns and rows.
static int in_of(const struct param *p, int view) {
    return view == 0 || view == 3 ? p->shape[1] : p->shape[0];
}

static int out_of(const struct param *p, int view) {
    return view < 2 ? p->shape[0] : p->shape[1];
}

static void declare(struct encoder *e) {
    const struct encoder_config *c = &e->config;
    struct params *t = &e->table;
    int features = 0, number = 0;
    for (int i = 0; i < e->rnn_table.count; i++) {
        const struct param *p = &e->rnn_table.list[i];
        bool asked = is_asked(e, i, &number);
        for (int v = 0; asked && v < c->views; v++) {
            float in = (float)in_of(p, v), out = (float)out_of(p, v);
            params_add(t, INIT_NORMAL, 1 / sqrtf(in), 2, (int[]){c->probes, in_of(p, v)}, "probes.%d.%d", i, v);
            params_add(t, INIT_UNIFORM, 1 / sqrtf(out), 2, (int[]){c->hidden, out_of(p, v)}, "projection.%d.%d", i, v);
            features += c->probes * c->hidden;
        }
    }
    e->first[0] = mlp_params(t, "output_transform", features, c->mlp_hidden, c->mlp_layers, c->z);
}

static enum status check(const struct encoder_config *c, const struct rnn_arch *arch, struct error *error) {
    if (c->views != 1 && c->views != MVPROBE_VIEWS)
        return error_set(error, STATUS_DATA, "%d views of a matrix: there is 1 (ProbeX), or there are 4 (MVProbe)", c->views);
    if (c->matrix > 2 * arch->layers + 1)
        return error_set(error, STATUS_DATA, "matrix %d of an RNN that has %d", c->matrix, 2 * arch->layers + 1);
    const uint64_t matrices = c->matrix ? 1 : 2 * (uint64_t)arch->layers + 1;
    if (matrices * (uint64_t)c->views * (uint64_t)c->probes > (uint64_t)INT_MAX / (uint64_t)c->hidden)
        return error_set(error, STATUS_DATA, "%d vectors and %d hidden units for each of %d matrices are too many", c->probes, c->hidden,
                         (int)matrices);
    return STATUS_OK;
}

// --- Operations on B matrices below each other ---

struct blocks {
    struct tensor *a, *b, *y;
    int count;
};

static struct blocks *saved_blocks(struct tape *tape, struct blocks blocks) {
    struct blocks *s = arena_alloc(&tape->arena, sizeof *s);
    *s = blocks;
    return s;
}

static void turned_backward(void *saved) {
    const struct blocks *s = saved;
    int m = s->a->rows / s->count, n = s->a->cols;
    for (int b = 0; b < s->count; b++)
        for (int i = 0; i < m; i++)
            for (int k = 0; k < n; k++)
                s->a->grad[(b * m + i) * n + k] += s->y->grad[(b * n + k) * m + i];
}

// Each block transposed: [B*m,n] -> [B*n,m].
static struct tensor *turned(struct tape *tape, struct tensor *a, int count) {
    int m = a->rows / count, n = a->cols;
    struct tensor *y = tape_tensor(tape, count * n, m, a->grad != NULL);
    for (int b = 0; b < count; b++)
        kernels()->transpose(y->value + (size_t)b * (size_t)(m * n), (size_t)m, a->value + (size_t)b * (size_t)(m * n), (size_t)n, m, n);
    if (y->grad)
        tape_record(tape, turned_backward, saved_blocks(tape, (struct blocks){a, NULL, y, count}));
    return y;
}

static void product_backward(void *saved) {
    const struct blocks *s = saved;
    int m = s->a->rows / s->count, k = s->a->cols, r = s->b->cols;
    for (int i = 0; i < s->count; i++) {
        size_t at_a = (size_t)i * (size_t)(m * k), at_b = (size_t)i * (size_t)(k * r);
        const float *dy = s->y->grad + (size_t)i * (size_t)(m * r), *b = s->b->value + at_b;
        if (s->b->grad) { // dB = A' dY
            float *db = s->b->grad + at_b;
            kernels()->gemm(db, (size_t)r, db, (size_t)r, s->a->value + at_a, 1, (size_t)k, dy, (size_t)r, k, r, m);
        }
        for (int row = 0; s->a->grad && row < m; row++) // dA = dY B'
            for (int col = 0; col < k; col++) {
                float sum = 0;
                for (int c = 0; c < r; c++)
                    sum += dy[row * r + c] * b[col * r + c];
                s->a->grad[at_a + (size_t)(row * k + col)] += sum;
            }
    }
}

// Block by block: [B*m,k] times [B*k,r] -> [B*m,r].
static struct tensor *product(struct tape *tape, struct tensor *a, struct tensor *b, int count) {
    int m = a->rows / count, k = a->cols, r = b->cols;
    struct tensor *y = tape_tensor(tape, count * m, r, a->grad || b->grad);
    for (int i = 0; i < count; i++)
        kernels()->gemm(y->value + (size_t)i * (size_t)(m * r), (size_t)r, NULL, 0, a->value + (size_t)i * (size_t)(m * k), (size_t)k, 1,
                        b->value + (size_t)i * (size_t)(k * r), (size_t)r, m, r, k);
    if (y->grad)
        tape_record(tape, product_backward, saved_blocks(tape, (struct blocks){a, b, y, count}));
    return y;
}

struct standardised {
    struct tensor *x, *y;
    double *deviation; // [rows]
};

// With d the deviation and n numbers, y = (x - mean) / (d + eps):
//     dx = (dy - mean(dy)) / (d + eps) - y sum(dy y) / ((n - 1) d)
static void standardised_backward(void *saved) {
    const struct standardised *s = saved;
    int n = s->x->cols;
    for (int r = 0; r < s->x->rows; r++) {
        const float *dy = s->y->grad + (size_t)r * (size_t)n, *y = s->y->value + (size_t)r * (size_t)n;
        double sum = 0, dot = 0, d = s->deviation[r];
        for (int i = 0; i < n; i++) {
            sum += dy[i];
            dot += (double)dy[i] * (double)y[i];
        }
        for (int i = 0; i < n; i++)
            s->x->grad[r * n + i] += (float)((dy[i] - sum / n) / (d + 1e-8) - (d > 0 ? y[i] * dot / ((n - 1) * d) : 0));
    }
}

// Each row by its own mean and deviation (of n - 1).
static struct tensor *standardised(struct tape *tape, struct tensor *x) {
    int n = x->cols;
    struct tensor *y = tape_tensor(tape, x->rows, n, x->grad != NULL);
    double *deviation = arena_alloc(&tape->arena, (size_t)x->rows * sizeof *deviation);
    for (int r = 0; r < x->rows; r++) {
        const float *in = x->value + (size_t)r * (size_t)n;
        double mean = 0, square = 0;
        for (int i = 0; i < n; i++)
            mean += (double)in[i] / n;
        for (int i = 0; i < n; i++)
            square += (in[i] - mean) * (in[i] - mean);
        deviation[r] = n > 1 ? sqrt(square / (n - 1)) : 0;
        for (int i = 0; i < n; i++)
            y->value[r * n + i] = (float)((in[i] - mean) / (deviation[r] + 1e-8));
    }
    if (y->grad) {
        struct standardised *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct standardised){x, y, deviation};
        tape_record(tape, standardised_backward, s);
    }
    return y;
}

// --- Views ---

// Rows through a parameter without bias: x W'.
static struct tensor *mapped(struct tape *tape, const struct weights *w, int index, struct tensor *x) {
    struct tensor *weight = weights_leaf(tape, w, index);
    float *zero = arena_calloc(&tape->arena, (size_t)weight->rows * sizeof *zero);
    return linear(tape, x, weight, tape_leaf(tape, 1, weight->rows, zero, NULL));
}

// vec(ReLU(P s(S))) of view v, [B,r*p], from X below each other [B*m,n] and turned [B*n,m].
static struct tensor *view(struct tape *tape, const struct encoder *e, const struct weights *w, int probes, int v, struct tensor *x,
                           struct tensor *x_turned, int B) {
    const struct encoder_config *c = &e->config;
    struct tensor *s = mapped(tape, w, probes, v == 0 || v == 3 ? x : x_turned); // X U, X'W, X'V, X Z
    if (v == 1)
        s = product(tape, x, s, B);
    if (v == 3)
        s = product(tape, x_turned, s, B);
    int points = s->rows / B;
    if (c->views > 1)
        s = tape_reshape(tape, standardised(tape, tape_reshape(tape, s, B, points * c->probes)), B * points, c->probes);
    s = activation(tape, ACTIVATION_RELU, mapped(tape, w, probes + 1, turned(tape, s, B)));
    return tape_reshape(tape, s, B, c->probes * c->hidden);
}

struct stacked {
    struct tensor *x;
    float **grads; // [B] of the matrix, NULL: none wanted
    size_t size;
};

static void stacked_backward(void *saved) {
    const struct stacked *s = saved;
    for (size_t b = 0, n = tensor_size(s->x) / s->size; b < n; b++)
        if (s->grads[b])
            kernels()->axpy(s->grads[b], 1, s->x->grad + b * s->size, s->size);
}

// Matrix `index` of all RNNs below each other, [B*m,n].
static struct tensor *stacked(struct tape *tape, const struct encoder *e, const struct rnn_batch *batch, int index) {
    const struct param *p = &e->rnn_table.list[index];
    struct tensor *x = tape_tensor(tape, batch->count * p->shape[0], p->shape[1], rnn_batch_trained(batch));
    for (int b = 0; b < batch->count; b++)
        memcpy(x->value + (size_t)b * p->size, batch->rnn[b].weights + p->offset, p->size * sizeof(float));
    if (x->grad) {
        struct stacked *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct stacked){x, arena_alloc(&tape->arena, (size_t)batch->count * sizeof *s->grads), p->size};
        for (int b = 0; b < batch->count; b++)
            s->grads[b] = batch->rnn[b].grad ? batch->rnn[b].grad + p->offset : NULL;
        tape_record(tape, stacked_backward, s);
    }
    return x;
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    (void)trace;
    int B = batch->count, count = 0, number = 0;
    struct tensor **parts = arena_alloc(&tape->arena, (size_t)(e->rnn_table.count * MVPROBE_VIEWS) * sizeof *parts);
    for (int i = 0; i < e->rnn_table.count; i++) {
        if (!is_asked(e, i, &number))
            continue;
        struct tensor *x = stacked(tape, e, batch, i), *x_turned = turned(tape, x, B);
        for (int v = 0; v < e->config.views; v++, count++)
            parts[count] = view(tape, e, w, 2 * count, v, x, x_turned, B);
    }
    return mlp(tape, w, e->first[0], e->config.mlp_layers, columns_joined(tape, parts, count));
}

const struct encoder_type encoder_matrix = {
    .name = "matrix",
    .keys = "z hidden mlp_hidden mlp_layers vectors views matrix",
    .defaults = {.z = 16, .hidden = 16, .mlp_hidden = 128, .mlp_layers = 0, .probes = 16, .views = 4, .matrix = 0},
    .bound = ARCH_ALL,
    .check = check,
    .declare = declare,
    .embed = embed};
