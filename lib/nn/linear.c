#include "nn/linear.h"

#include "math/blas.h"
#include "math/kernels.h"
#include "nn/activation.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct linear_saved {
    struct tensor *x, *w, *b, *y;
    const uint8_t *tokens;
    struct arena *arena;
};

static struct linear_saved *save(struct tape *tape, struct linear_saved saved) {
    struct linear_saved *s = arena_alloc(&tape->arena, sizeof *s);
    *s = saved;
    s->arena = &tape->arena;
    return s;
}

static void linear_backward(void *saved) {
    const struct linear_saved *s = saved;
    int rows = s->y->rows, out = s->w->rows, in = s->w->cols;
    if (s->x->grad) // dx += dy W
        blas_sgemm(PLAIN, PLAIN, rows, in, out, s->y->grad, out, s->w->value, in, 1, s->x->grad, in);
    if (s->w->grad) // dW += dy^T x
        blas_sgemm(TRANSPOSED, PLAIN, out, in, rows, s->y->grad, out, s->x->value, in, 1, s->w->grad, in);
    if (s->b->grad)
        kernels()->sum_rows(s->b->grad, s->y->grad, out, rows, out);
}

struct tensor *linear(struct tape *tape, struct tensor *x, struct tensor *w, struct tensor *b) {
    int out = w->rows, in = w->cols;
    assert(x->cols == in && b->cols == out);
    struct tensor *y = tape_tensor(tape, x->rows, out, x->grad || w->grad || b->grad);
    blas_affine(x->rows, out, in, x->value, w->value, b->value, y->value, (size_t)out);
    if (y->grad)
        tape_record(tape, linear_backward, save(tape, (struct linear_saved){.x = x, .w = w, .b = b, .y = y}));
    return y;
}

static void tokens_backward(void *saved) {
    const struct linear_saved *s = saved;
    const struct kernels *k = kernels();
    int out = s->w->rows, in = s->w->cols;
    if (s->w->grad) { // dW^T[token] += dy, then dW += (dW^T)^T
        float *dwt = arena_calloc(s->arena, (size_t)in * (size_t)out * sizeof(float));
        float *dw = arena_floats(s->arena, (size_t)in * (size_t)out);
        for (int r = 0; r < s->y->rows; r++)
            k->axpy(dwt + (size_t)s->tokens[r] * (size_t)out, 1, s->y->grad + (size_t)r * (size_t)out, (size_t)out);
        k->transpose(dw, in, dwt, out, in, out);
        k->axpy(s->w->grad, 1, dw, (size_t)in * (size_t)out);
    }
    if (s->b->grad)
        k->sum_rows(s->b->grad, s->y->grad, out, s->y->rows, out);
}

struct tensor *linear_tokens(struct tape *tape, const uint8_t *tokens, int rows, struct tensor *w, struct tensor *b) {
    int out = w->rows, in = w->cols;
    float *table = arena_floats(&tape->arena, (size_t)in * (size_t)out); // [I,O] = W^T + b
    kernels()->transpose(table, out, w->value, in, out, in);
    kernels()->add_rows(table, out, b->value, in, out);
    struct tensor *y = tape_tensor(tape, rows, out, w->grad || b->grad);
    for (int r = 0; r < rows; r++)
        memcpy(y->value + (size_t)r * (size_t)out, table + (size_t)tokens[r] * (size_t)out, (size_t)out * sizeof(float));
    if (y->grad)
        tape_record(tape, tokens_backward, save(tape, (struct linear_saved){.w = w, .b = b, .y = y, .tokens = tokens}));
    return y;
}

int linear_params(struct params *p, const char *name, int in, int out) {
    float bound = 1 / sqrtf((float)in);
    int first = params_add(p, INIT_UNIFORM, bound, 2, (int[]){out, in}, "%s.weight", name);
    params_add(p, INIT_UNIFORM, bound, 1, (int[]){out}, "%s.bias", name);
    return first;
}

struct tensor *linear_at(struct tape *tape, const struct weights *w, int first, struct tensor *x) {
    return linear(tape, x, weights_leaf(tape, w, first), weights_leaf(tape, w, first + 1));
}

int mlp_params(struct params *p, const char *name, int in, int hidden, int layers, int out) {
    int first = p->count;
    for (int l = 0; l <= layers; l++) {
        char layer[PARAM_NAME_SIZE];
        snprintf(layer, sizeof layer, "%s.%d", name, 2 * l);
        linear_params(p, layer, l ? hidden : in, l < layers ? hidden : out);
    }
    return first;
}

struct tensor *mlp(struct tape *tape, const struct weights *w, int first, int layers, struct tensor *x) {
    for (int l = 0; l <= layers; l++) {
        x = linear_at(tape, w, first + 2 * l, x);
        if (l < layers)
            x = activation(tape, ACTIVATION_RELU, x);
    }
    return x;
}
