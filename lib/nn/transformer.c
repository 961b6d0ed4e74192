#include "nn/transformer.h"

#include "math/blas.h"
#include "math/kernels.h"
#include "nn/attention.h"
#include "nn/norm.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { IN_WEIGHT, IN_BIAS, OUT_WEIGHT, OUT_BIAS, WEIGHT1, BIAS1, WEIGHT2, BIAS2, GAIN1, SHIFT1, GAIN2, SHIFT2, PARAMS };

int transformer_params(struct params *p, const char *prefix, int width) {
    const int W = width;
    const float xavier = sqrtf(6 / (float)(W + 3 * W)), narrow = 1 / sqrtf((float)W), wide = 1 / sqrtf(4 * (float)W);
    int first = params_add(p, INIT_UNIFORM, xavier, 2, (int[]){3 * W, W}, "%s.self_attn.in_proj_weight", prefix);
    params_add(p, INIT_CONSTANT, 0, 1, (int[]){3 * W}, "%s.self_attn.in_proj_bias", prefix);
    params_add(p, INIT_UNIFORM, narrow, 2, (int[]){W, W}, "%s.self_attn.out_proj.weight", prefix);
    params_add(p, INIT_CONSTANT, 0, 1, (int[]){W}, "%s.self_attn.out_proj.bias", prefix);
    params_add(p, INIT_UNIFORM, narrow, 2, (int[]){4 * W, W}, "%s.linear1.weight", prefix);
    params_add(p, INIT_UNIFORM, narrow, 1, (int[]){4 * W}, "%s.linear1.bias", prefix);
    params_add(p, INIT_UNIFORM, wide, 2, (int[]){W, 4 * W}, "%s.linear2.weight", prefix);
    params_add(p, INIT_UNIFORM, wide, 1, (int[]){W}, "%s.linear2.bias", prefix);
    for (int i = 1; i <= 2; i++) {
        params_add(p, INIT_CONSTANT, 1, 1, (int[]){W}, "%s.norm%d.weight", prefix, i);
        params_add(p, INIT_CONSTANT, 0, 1, (int[]){W}, "%s.norm%d.bias", prefix, i);
    }
    return first;
}

// What backward takes of one sequence, in this order: [Q,W], [S,2W], [Q,W] three times, [Q,4W], [Q] twice.
enum saved_part { QUERIES, KEYS_VALUES, ATTENDED, NORMAL1, NORMAL2, HIDDEN, INVERSE1, INVERSE2, PARTS };

struct layer {
    struct arena *arena;
    struct tensor *x, *y, *p[PARAMS];
    int batch;
    struct attention a;              // its sizes, and the dropout of the whole layer
    float *saved;                    // of all sequences; in inference of one
    size_t start[PARTS + 1], stride; // of the parts within a sequence; from one sequence to the next
};

enum dropout_site { AFTER_ATTENTION, AFTER_HIDDEN, AFTER_FEED_FORWARD, WITHIN_ATTENTION, SITES };

static struct dropout dropout_of(const struct layer *l, int b, enum dropout_site site) {
    return dropout_at(&l->a.dropout, (uint64_t)b * SITES + site);
}

static struct attention attention_of(const struct layer *l, int b) {
    struct attention a = l->a;
    a.dropout = dropout_of(l, b, WITHIN_ATTENTION);
    return a;
}

static float *part(const struct layer *l, int b, enum saved_part which) {
    return l->saved + (size_t)b * l->stride + l->start[which];
}

static void place_parts(struct layer *l, bool recording) {
    size_t Q = (size_t)l->a.queries, S = (size_t)l->a.tokens, W = (size_t)l->a.width;
    const size_t size[PARTS] = {Q * W, 2 * S * W, Q * W, Q * W, Q * W, 4 * Q * W, Q, Q};
    for (int i = 0; i < PARTS; i++)
        l->start[i + 1] = l->start[i] + (size[i] + 15) / 16 * 16; // whole cache lines
    l->stride = recording ? l->start[PARTS] : 0;
    l->saved = arena_floats(l->arena, recording ? l->stride * (size_t)l->batch : l->start[PARTS]);
}

// y [R,O] = x [R,I] W^T + b with rows first .. of W and b
static void map(float *y, const float *x, int rows, const struct tensor *w, const struct tensor *b, int first, int out) {
    blas_affine(rows, out, w->cols, x, w->value + (size_t)first * (size_t)w->cols, b->value + first, y, (size_t)out);
}

// dx = (add: +=) dy W; dW += dy^T x; db += sum of dy's rows. dx may be NULL.
static void map_backward(float *dx, bool add, const float *dy, const float *x, int rows, const struct tensor *w, const struct tensor *b,
                         int first, int out) {
    size_t in = (size_t)w->cols, at = (size_t)first * in;
    if (dx)
        blas_sgemm(PLAIN, PLAIN, rows, w->cols, out, dy, (size_t)out, w->value + at, in, add, dx, in);
    if (w->grad)
        blas_sgemm(TRANSPOSED, PLAIN, out, w->cols, rows, dy, (size_t)out, x, in, 1, w->grad + at, in);
    if (b->grad)
        kernels()->sum_rows(b->grad + first, dy, (size_t)out, rows, out);
}

static void forward(const struct layer *l, int b, float *u, float *scratch) {
    int Q = l->a.queries, S = l->a.tokens, W = l->a.width;
    size_t n = (size_t)Q * (size_t)W, after = (size_t)(S - Q) * (size_t)W;
    struct tensor *const *p = l->p;
    const float *x = l->x->value + (size_t)b * (size_t)S * (size_t)W;
    float *y = l->y->value + (size_t)b * n, *q = part(l, b, QUERIES), *kv = part(l, b, KEYS_VALUES), *attended = part(l, b, ATTENDED);
    float *r1 = part(l, b, NORMAL1), *r2 = part(l, b, NORMAL2), *hidden = part(l, b, HIDDEN);
    struct attention a = attention_of(l, b);
    struct dropout d1 = dropout_of(l, b, AFTER_ATTENTION), dh = dropout_of(l, b, AFTER_HIDDEN), d2 = dropout_of(l, b, AFTER_FEED_FORWARD);

    map(q, x + after, Q, p[IN_WEIGHT], p[IN_BIAS], 0, W);
    map(kv, x, S, p[IN_WEIGHT], p[IN_BIAS], W, 2 * W);
    attention_forward(&a, attended, q, kv, scratch);
    map(r1, attended, Q, p[OUT_WEIGHT], p[OUT_BIAS], 0, W);
    dropout_apply(&d1, r1, n);
    kernels()->axpy(r1, 1, x + after, n);
    norm_forward(u, r1, part(l, b, INVERSE1), p[GAIN1]->value, p[SHIFT1]->value, Q, W);

    map(hidden, u, Q, p[WEIGHT1], p[BIAS1], 0, 4 * W);
    for (size_t i = 0; i < 4 * n; i++)
        hidden[i] = hidden[i] > 0 || isnan(hidden[i]) ? hidden[i] : 0;
    dropout_apply(&dh, hidden, 4 * n);
    map(r2, hidden, Q, p[WEIGHT2], p[BIAS2], 0, W);
    dropout_apply(&d2, r2, n);
    kernels()->axpy(r2, 1, u, n);
    norm_forward(y, r2, part(l, b, INVERSE2), p[GAIN2]->value, p[SHIFT2]->value, Q, W);
}

// Memory of one sequence's backward pass.
struct work {
    float *u, *dy, *du, *dhidden, *dkv, *scratch; // [Q,W], [Q,W], [Q,W], [Q,4W], [S,2W], attention's
};

static void backward(const struct layer *l, int b, const struct work *m) {
    int Q = l->a.queries, S = l->a.tokens, W = l->a.width;
    size_t n = (size_t)Q * (size_t)W, after = (size_t)(S - Q) * (size_t)W;
    struct tensor *const *p = l->p;
    const float *x = l->x->value + (size_t)b * (size_t)S * (size_t)W, *n1 = part(l, b, NORMAL1), *hidden = part(l, b, HIDDEN);
    const float *q = part(l, b, QUERIES), *kv = part(l, b, KEYS_VALUES), *attended = part(l, b, ATTENDED);
    float *dx = l->x->grad ? l->x->grad + (size_t)b * (size_t)S * (size_t)W : NULL;
    struct attention a = attention_of(l, b);
    struct dropout d1 = dropout_of(l, b, AFTER_ATTENTION), d2 = dropout_of(l, b, AFTER_FEED_FORWARD);

    memcpy(m->dy, l->y->grad + (size_t)b * n, n * sizeof *m->dy);
    norm_backward(m->dy, p[GAIN2]->grad, p[SHIFT2]->grad, part(l, b, NORMAL2), part(l, b, INVERSE2), p[GAIN2]->value, Q, W);
    memcpy(m->du, m->dy, n * sizeof *m->du);
    dropout_apply(&d2, m->dy, n);
    map_backward(m->dhidden, false, m->dy, hidden, Q, p[WEIGHT2], p[BIAS2], 0, W);
    const float factor = dropout_factor(&l->a.dropout);
    for (size_t i = 0; i < 4 * n; i++) // what ReLU or dropout set to zero has no gradient
        m->dhidden[i] *= hidden[i] > 0 ? factor : 0;
    norm_scale(m->u, n1, p[GAIN1]->value, p[SHIFT1]->value, Q, W);
    map_backward(m->du, true, m->dhidden, m->u, Q, p[WEIGHT1], p[BIAS1], 0, 4 * W);

    norm_backward(m->du, p[GAIN1]->grad, p[SHIFT1]->grad, n1, part(l, b, INVERSE1), p[GAIN1]->value, Q, W);
    if (dx)
        kernels()->axpy(dx + after, 1, m->du, n);
    dropout_apply(&d1, m->du, n);
    float *dattended = m->dy, *dq = m->du;
    map_backward(dattended, false, m->du, attended, Q, p[OUT_WEIGHT], p[OUT_BIAS], 0, W);
    attention_backward(&a, dq, m->dkv, dattended, attended, q, kv, m->scratch);
    map_backward(dx ? dx + after : NULL, true, dq, x + after, Q, p[IN_WEIGHT], p[IN_BIAS], 0, W);
    map_backward(dx, true, m->dkv, x, S, p[IN_WEIGHT], p[IN_BIAS], W, 2 * W);
}

static void layer_backward(void *saved) {
    const struct layer *l = saved;
    size_t n = (size_t)l->a.queries * (size_t)l->a.width, kv = 2 * (size_t)l->a.tokens * (size_t)l->a.width;
    struct arena *a = l->arena;
    struct work m = {.u = arena_floats(a, n), .dy = arena_floats(a, n), .du = arena_floats(a, n)};
    m.dhidden = arena_floats(a, 4 * n);
    m.dkv = arena_floats(a, kv);
    m.scratch = arena_floats(a, attention_scratch(&l->a));
    for (int b = 0; b < l->batch; b++)
        backward(l, b, &m);
}

struct tensor *transformer_layer(struct tape *tape, const struct weights *w, int first, struct tensor *x, int batch, int heads, int queries,
                                 const struct dropout *dropout) {
    struct layer *l = arena_alloc(&tape->arena, sizeof *l);
    *l = (struct layer){.arena = &tape->arena, .x = x, .batch = batch};
    l->a = (struct attention){.queries = queries, .tokens = x->rows / batch, .width = x->cols, .heads = heads, .dropout = *dropout};
    assert(batch * l->a.tokens == x->rows && queries <= l->a.tokens && x->cols % heads == 0);
    bool wants_grad = x->grad != NULL;
    for (int i = 0; i < PARAMS; i++) {
        l->p[i] = weights_leaf(tape, w, first + i);
        wants_grad |= l->p[i]->grad != NULL;
    }
    l->y = tape_tensor(tape, batch * queries, x->cols, wants_grad);
    place_parts(l, l->y->grad != NULL);
    float *u = arena_floats(l->arena, (size_t)queries * (size_t)x->cols);
    float *scratch = arena_floats(l->arena, attention_scratch(&l->a));
    for (int b = 0; b < batch; b++)
        forward(l, b, u, scratch);
    if (l->y->grad)
        tape_record(tape, layer_backward, l);
    return l->y;
}
