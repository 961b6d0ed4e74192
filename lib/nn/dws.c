#include "nn/dws.h"

#include "math/blas.h"
#include "math/kernels.h"

#include <assert.h>
#include <string.h>

// --- Grids ---

enum { BLOCK_FLOATS = 4096 }; // of a product's result: it is still in the first-level cache when the rest is added

struct grid_saved {
    struct grid in, out;
    struct tensor *w, *bias, *along_cols, *along_rows, *everywhere;
    bool relu;
    struct arena *arena;
};

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int rows_of_block(int cols, int channels) {
    size_t row = (size_t)cols * (size_t)channels;
    return row < BLOCK_FLOATS ? (int)(BLOCK_FLOATS / row) : 1;
}

// Row `row` of x, or its gradient.
static float *value_at(const struct tensor *x, int row) {
    return x->value + (size_t)row * (size_t)x->cols;
}

static float *grad_at(const struct tensor *x, int row) {
    return x->grad ? x->grad + (size_t)row * (size_t)x->cols : NULL;
}

static void add_if(float *y, float a, const float *x, size_t n) {
    if (y)
        kernels()->axpy(y, a, x, n);
}

static struct grid_saved *save_grid(struct tape *tape, struct grid_saved saved) {
    struct grid_saved *s = arena_alloc(&tape->arena, sizeof *s);
    *s = saved;
    s->arena = &tape->arena;
    return s;
}

static void means_backward(void *saved) {
    const struct grid_saved *s = saved;
    const struct grid *g = &s->out;
    size_t C = (size_t)g->x->cols;
    for (int p = 0; p < g->col_means->rows; p++) { // p = b * R + r
        float *dx = grad_at(g->x, p * g->cols);
        add_if(dx, 1 / (float)g->rows, grad_at(g->row_means, p / g->rows * g->cols), (size_t)g->cols * C);
        for (int k = 0; k < g->cols; k++)
            kernels()->axpy(dx + (size_t)k * C, 1 / (float)g->cols, grad_at(g->col_means, p), C);
    }
}

static struct grid grid_with_means(struct tape *tape, struct tensor *x, int rows, int cols, bool wants_grad) {
    int B = x->rows / (rows * cols);
    struct tensor *row_means = tape_tensor(tape, B * cols, x->cols, wants_grad),
                  *col_means = tape_tensor(tape, B * rows, x->cols, wants_grad);
    memset(row_means->value, 0, tensor_size(row_means) * sizeof(float));
    return (struct grid){rows, cols, x, row_means, col_means};
}

// Means from sums.
static void scale_means(const struct grid *g) {
    kernels()->scale(g->row_means->value, 1 / (float)g->rows, tensor_size(g->row_means));
    kernels()->scale(g->col_means->value, 1 / (float)g->cols, tensor_size(g->col_means));
}

struct grid grid_of(struct tape *tape, struct tensor *x, int rows, int cols) {
    struct grid g = grid_with_means(tape, x, rows, cols, x->grad != NULL);
    size_t C = (size_t)x->cols;
    memset(g.col_means->value, 0, tensor_size(g.col_means) * sizeof(float));
    for (int p = 0; p < g.col_means->rows; p++) {
        kernels()->axpy(value_at(g.row_means, p / rows * cols), 1, value_at(x, p * cols), (size_t)cols * C);
        kernels()->sum_rows(value_at(g.col_means, p), value_at(x, p * cols), C, cols, x->cols);
    }
    scale_means(&g);
    if (x->grad)
        tape_record(tape, means_backward, save_grid(tape, (struct grid_saved){.out = g}));
    return g;
}

// One network's part of grid_map, block by block: the product, and while it is in cache all that follows. wt = W^T.
static void forward_one(const struct grid_saved *s, int b, const float *wt, float *base) {
    const struct grid *in = &s->in, *out = &s->out;
    int K = in->cols, R = in->rows, O = out->x->cols, C = in->x->cols, block = rows_of_block(K, O);
    size_t o = (size_t)O, c = (size_t)C;
    memcpy(base, value_at(s->along_cols, b * K), (size_t)K * o * sizeof *base);
    kernels()->add_rows(base, o, value_at(s->everywhere, b), K, O);
    kernels()->add_rows(base, o, s->bias->value, K, O);
    for (int r = 0; r < R; r += block) {
        int rows = smaller(block, R - r), p = b * R + r;
        float *y = value_at(out->x, p * K);
        blas_sgemm(PLAIN, PLAIN, rows * K, O, C, value_at(in->x, p * K), c, wt, o, 0, y, o);
        kernels()->grid_forward(y, value_at(out->row_means, b * K), value_at(out->col_means, p), base, value_at(s->along_rows, p), rows, K,
                                O, s->relu);
    }
}

// What one network's part of the way back needs, for a block of rows at most.
struct grid_scratch {
    float *dy;                    // [rows*K,O] gradient before the ReLU
    float *row_sums, *col_sums;   // [K,O], [rows,O] of it
    float *row_means, *col_means; // the means' gradients, divided by their numbers of positions
};

static void backward_one(const struct grid_saved *s, int b, const struct grid_scratch *t) {
    const struct grid *in = &s->in, *out = &s->out;
    int K = in->cols, R = in->rows, O = out->x->cols, C = in->x->cols, block = rows_of_block(K, O);
    size_t o = (size_t)O, c = (size_t)C, across = (size_t)K * o;
    memset(t->row_sums, 0, across * sizeof(float));
    memset(t->row_means, 0, across * sizeof(float));
    kernels()->axpy(t->row_means, 1 / (float)R, grad_at(out->row_means, b * K), across);
    for (int r = 0; r < R; r += block) {
        int rows = smaller(block, R - r), p = b * R + r, positions = rows * K;
        memset(t->col_means, 0, (size_t)rows * o * sizeof(float));
        kernels()->axpy(t->col_means, 1 / (float)K, grad_at(out->col_means, p), (size_t)rows * o);
        kernels()->grid_backward(t->dy, t->row_sums, t->col_sums, grad_at(out->x, p * K), s->relu ? value_at(out->x, p * K) : NULL,
                                 t->row_means, t->col_means, rows, K, O);
        if (in->x->grad) // dx += dy W
            blas_sgemm(PLAIN, PLAIN, positions, C, O, t->dy, o, s->w->value, c, 1, grad_at(in->x, p * K), c);
        if (s->w->grad) // dW += dy^T x
            blas_sgemm(TRANSPOSED, PLAIN, O, C, positions, t->dy, o, value_at(in->x, p * K), c, 1, s->w->grad, c);
        add_if(grad_at(s->along_rows, p), 1, t->col_sums, (size_t)rows * o);
    }
    add_if(grad_at(s->along_cols, b * K), 1, t->row_sums, across);
    if (s->everywhere->grad)
        kernels()->sum_rows(grad_at(s->everywhere, b), t->row_sums, o, K, O);
    if (s->bias->grad)
        kernels()->sum_rows(s->bias->grad, t->row_sums, o, K, O);
}

static void map_backward(void *saved) {
    const struct grid_saved *s = saved;
    int K = s->in.cols, O = s->out.x->cols, block = smaller(rows_of_block(K, O), s->in.rows);
    size_t across = (size_t)K * (size_t)O, along = (size_t)block * (size_t)O;
    struct grid_scratch t = {arena_floats(s->arena, (size_t)block * across), arena_floats(s->arena, across), arena_floats(s->arena, along),
                             arena_floats(s->arena, across), arena_floats(s->arena, along)};
    for (int b = 0; b < s->everywhere->rows; b++)
        backward_one(s, b, &t);
}

struct grid grid_map(struct tape *tape, const struct grid *in, struct tensor *w, struct tensor *bias, struct tensor *along_cols,
                     struct tensor *along_rows, struct tensor *everywhere, bool relu, bool wants_means_only) {
    int O = w->rows, C = w->cols, B = everywhere->rows;
    assert(in->x->cols == C && in->x->rows == B * in->rows * in->cols && along_cols->rows == B * in->cols &&
           along_rows->rows == B * in->rows);
    bool wants_grad = in->x->grad || w->grad || bias->grad || along_cols->grad || along_rows->grad || everywhere->grad;
    struct tensor *y = tape_tensor(tape, in->x->rows, O, wants_grad && !wants_means_only);
    struct grid out = grid_with_means(tape, y, in->rows, in->cols, wants_grad);
    struct grid_saved *s = save_grid(tape, (struct grid_saved){*in, out, w, bias, along_cols, along_rows, everywhere, relu, NULL});
    float *wt = arena_floats(&tape->arena, tensor_size(w)), *base = arena_floats(&tape->arena, (size_t)in->cols * (size_t)O);
    kernels()->transpose(wt, (size_t)O, w->value, (size_t)C, O, C);
    for (int b = 0; b < B; b++)
        forward_one(s, b, wt, base);
    scale_means(&out);
    if (out.row_means->grad)
        tape_record(tape, map_backward, s);
    return out;
}

// --- Embeddings, groups ---

struct pair_saved {
    struct tensor *x, *other, *y; // other may be NULL
    int number;                   // inner, or rows of a group
    struct arena *arena;
};

static void record_pair(struct tape *tape, tape_backward_function *backward, struct pair_saved saved) {
    if (!saved.y->grad)
        return;
    struct pair_saved *s = arena_alloc(&tape->arena, sizeof *s);
    *s = saved;
    s->arena = &tape->arena;
    tape_record(tape, backward, s);
}

static void embedding_backward(void *saved) {
    const struct pair_saved *s = saved;
    int C = s->y->cols, n = s->other->cols;
    add_if(s->x->grad, 1, s->y->grad, tensor_size(s->y));
    if (!s->other->grad)
        return;
    float *sums = arena_calloc(s->arena, tensor_size(s->other) * sizeof *sums),
          *de = arena_floats(s->arena, tensor_size(s->other)); // [n,C], [C,n]
    for (int p = 0; p < s->y->rows; p++)
        kernels()->axpy(sums + (size_t)(p / s->number % n) * (size_t)C, 1, grad_at(s->y, p), (size_t)C);
    kernels()->transpose(de, (size_t)n, sums, (size_t)C, n, C);
    kernels()->axpy(s->other->grad, 1, de, tensor_size(s->other));
}

struct tensor *add_embedding(struct tape *tape, struct tensor *x, struct tensor *e, int inner) {
    int C = x->cols, n = e->cols;
    assert(e->rows == C);
    struct tensor *y = tape_tensor(tape, x->rows, C, x->grad || e->grad);
    float *rows = arena_floats(&tape->arena, tensor_size(e)); // [n,C]
    kernels()->transpose(rows, (size_t)C, e->value, (size_t)n, C, n);
    memcpy(y->value, x->value, tensor_size(x) * sizeof(float));
    for (int p = 0; p < y->rows; p++)
        kernels()->axpy(value_at(y, p), 1, rows + (size_t)(p / inner % n) * (size_t)C, (size_t)C);
    record_pair(tape, embedding_backward, (struct pair_saved){.x = x, .other = e, .y = y, .number = inner});
    return y;
}

static void add_to_groups_backward(void *saved) {
    const struct pair_saved *s = saved;
    add_if(s->x->grad, 1, s->y->grad, tensor_size(s->y));
    for (int g = 0; s->other->grad && g < s->other->rows; g++)
        kernels()->sum_rows(grad_at(s->other, g), grad_at(s->y, g * s->number), (size_t)s->y->cols, s->number, s->y->cols);
}

struct tensor *add_to_groups(struct tape *tape, struct tensor *x, struct tensor *shift) {
    int n = x->rows / shift->rows;
    assert(x->cols == shift->cols && x->rows == n * shift->rows);
    struct tensor *y = tape_tensor(tape, x->rows, x->cols, x->grad || shift->grad);
    memcpy(y->value, x->value, tensor_size(x) * sizeof(float));
    for (int g = 0; g < shift->rows; g++)
        kernels()->add_rows(value_at(y, g * n), (size_t)x->cols, value_at(shift, g), n, x->cols);
    record_pair(tape, add_to_groups_backward, (struct pair_saved){.x = x, .other = shift, .y = y, .number = n});
    return y;
}

static void group_means_backward(void *saved) {
    const struct pair_saved *s = saved;
    for (int r = 0; r < s->x->rows; r++)
        kernels()->axpy(grad_at(s->x, r), 1 / (float)s->number, grad_at(s->y, r / s->number), (size_t)s->x->cols);
}

struct tensor *group_means(struct tape *tape, struct tensor *x, int n) {
    struct tensor *y = tape_tensor(tape, x->rows / n, x->cols, x->grad != NULL);
    assert(y->rows * n == x->rows);
    memset(y->value, 0, tensor_size(y) * sizeof(float));
    for (int g = 0; g < y->rows; g++)
        kernels()->sum_rows(value_at(y, g), value_at(x, g * n), (size_t)x->cols, n, x->cols);
    kernels()->scale(y->value, 1 / (float)n, tensor_size(y));
    record_pair(tape, group_means_backward, (struct pair_saved){.x = x, .y = y, .number = n});
    return y;
}

// --- Linear maps of several parts ---

struct parts_saved {
    struct tensor **parts, *w, *b, *y;
    int count;
};

static void parts_backward(void *saved) {
    const struct parts_saved *s = saved;
    int rows = s->y->rows, out = s->w->rows, in = s->w->cols, at = 0;
    for (int i = 0; i < s->count; at += s->parts[i++]->cols) {
        struct tensor *x = s->parts[i];
        if (x->grad) // dx += dy W, with W's columns for this part
            blas_sgemm(PLAIN, PLAIN, rows, x->cols, out, s->y->grad, (size_t)out, s->w->value + at, (size_t)in, 1, x->grad,
                       (size_t)x->cols);
        if (s->w->grad) // dW += dy^T x
            blas_sgemm(TRANSPOSED, PLAIN, out, x->cols, rows, s->y->grad, (size_t)out, x->value, (size_t)x->cols, 1, s->w->grad + at,
                       (size_t)in);
    }
    if (s->b->grad)
        kernels()->sum_rows(s->b->grad, s->y->grad, (size_t)out, rows, out);
}

struct tensor *linear_parts(struct tape *tape, struct tensor *const *parts, int count, struct tensor *w, struct tensor *b) {
    int rows = parts[0]->rows, out = w->rows, in = w->cols, at = 0;
    bool wants_grad = w->grad || b->grad;
    for (int i = 0; i < count; i++)
        wants_grad |= parts[i]->grad != NULL;
    struct tensor *y = tape_tensor(tape, rows, out, wants_grad);
    kernels()->fill_rows(y->value, (size_t)out, b->value, rows, out);
    for (int i = 0; i < count; at += parts[i++]->cols) {
        assert(parts[i]->rows == rows);
        blas_sgemm(PLAIN, TRANSPOSED, rows, out, parts[i]->cols, parts[i]->value, (size_t)parts[i]->cols, w->value + at, (size_t)in, 1,
                   y->value, (size_t)out);
    }
    assert(at == in);
    if (y->grad) {
        struct parts_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct parts_saved){arena_alloc(&tape->arena, (size_t)count * sizeof *parts), w, b, y, count};
        memcpy(s->parts, parts, (size_t)count * sizeof *parts);
        tape_record(tape, parts_backward, s);
    }
    return y;
}
