#include "nn/activation.h"

#include "math/kernels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct activation_saved {
    struct tensor *x, *y;
    struct tensor *other; // second operand, or NULL
};

static void record(struct tape *tape, tape_backward_function *backward, struct tensor *x, struct tensor *other, struct tensor *y) {
    if (!y->grad)
        return;
    struct activation_saved *s = arena_alloc(&tape->arena, sizeof *s);
    *s = (struct activation_saved){.x = x, .other = other, .y = y};
    tape_record(tape, backward, s);
}

static void relu_backward(void *saved) {
    const struct activation_saved *s = saved;
    for (size_t i = 0, n = tensor_size(s->y); i < n; i++)
        s->x->grad[i] += s->y->value[i] > 0 ? s->y->grad[i] : 0;
}

static void sigmoid_backward(void *saved) {
    const struct activation_saved *s = saved;
    for (size_t i = 0, n = tensor_size(s->y); i < n; i++)
        s->x->grad[i] += s->y->grad[i] * s->y->value[i] * (1 - s->y->value[i]);
}

// dx = y * (dy - <dy, y>), row by row
static void softmax_backward(void *saved) {
    const struct activation_saved *s = saved;
    for (int r = 0, cols = s->y->cols; r < s->y->rows; r++) {
        const float *y = s->y->value + (size_t)r * (size_t)cols, *dy = s->y->grad + (size_t)r * (size_t)cols;
        float *dx = s->x->grad + (size_t)r * (size_t)cols, inner = 0;
        for (int c = 0; c < cols; c++)
            inner += dy[c] * y[c];
        for (int c = 0; c < cols; c++)
            dx[c] += y[c] * (dy[c] - inner);
    }
}

struct tensor *activation(struct tape *tape, enum activation kind, struct tensor *x) {
    static tape_backward_function *const backward[] = {relu_backward, sigmoid_backward, softmax_backward};
    struct tensor *y = tape_tensor(tape, x->rows, x->cols, x->grad);
    size_t n = tensor_size(x);
    if (kind == ACTIVATION_SIGMOID)
        kernels()->sigmoid(y->value, x->value, n);
    else if (kind == ACTIVATION_SOFTMAX)
        kernels()->softmax(y->value, NULL, x->value, x->rows, x->cols);
    else
        for (size_t i = 0; i < n; i++)
            y->value[i] = x->value[i] > 0 || isnan(x->value[i]) ? x->value[i] : 0;
    record(tape, backward[kind], x, NULL, y);
    return y;
}

struct stretch_saved {
    struct tensor *x, *y;
    float slope;
};

static void stretch_backward(void *saved) {
    const struct stretch_saved *s = saved;
    kernels()->axpy(s->x->grad, s->slope, s->y->grad, tensor_size(s->y));
}

struct tensor *stretch(struct tape *tape, struct tensor *x, float low, float high) {
    struct tensor *y = tape_tensor(tape, x->rows, x->cols, x->grad);
    for (size_t i = 0, n = tensor_size(x); i < n; i++)
        y->value[i] = low + (high - low) * x->value[i];
    if (y->grad) {
        struct stretch_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct stretch_saved){x, y, high - low};
        tape_record(tape, stretch_backward, s);
    }
    return y;
}

static void add_backward(void *saved) {
    const struct activation_saved *s = saved;
    if (s->x->grad)
        kernels()->axpy(s->x->grad, 1, s->y->grad, tensor_size(s->y));
    if (s->other->grad)
        kernels()->axpy(s->other->grad, 1, s->y->grad, tensor_size(s->y));
}

struct tensor *add(struct tape *tape, struct tensor *a, struct tensor *b) {
    assert(a->rows == b->rows && a->cols == b->cols);
    struct tensor *y = tape_tensor(tape, a->rows, a->cols, a->grad || b->grad);
    memcpy(y->value, a->value, tensor_size(a) * sizeof(float));
    kernels()->axpy(y->value, 1, b->value, tensor_size(b));
    record(tape, add_backward, a, b, y);
    return y;
}

static void repeat_backward(void *saved) {
    const struct activation_saved *s = saved;
    kernels()->sum_rows(s->x->grad, s->y->grad, (size_t)s->y->cols, s->y->rows, s->y->cols);
}

struct tensor *repeat_row(struct tape *tape, struct tensor *row, int rows) {
    assert(row->rows == 1);
    struct tensor *y = tape_tensor(tape, rows, row->cols, row->grad);
    kernels()->fill_rows(y->value, (size_t)row->cols, row->value, rows, row->cols);
    record(tape, repeat_backward, row, NULL, y);
    return y;
}

// With n = |x|: dx = (dy - y <y, dy>) / n
static void unit_backward(void *saved) {
    const struct activation_saved *s = saved;
    for (int r = 0, cols = s->y->cols; r < s->y->rows; r++) {
        size_t at = (size_t)r * (size_t)cols;
        const float *y = s->y->value + at, *dy = s->y->grad + at, *x = s->x->value + at;
        float *dx = s->x->grad + at;
        double norm = sqrt(kernels()->sum_squares(x, (size_t)cols)), inner = 0;
        for (int c = 0; c < cols; c++)
            inner += (double)y[c] * dy[c];
        for (int c = 0; c < cols; c++)
            dx[c] += (float)((dy[c] - y[c] * inner) / norm);
    }
}

struct tensor *unit_rows(struct tape *tape, struct tensor *x) {
    struct tensor *y = tape_tensor(tape, x->rows, x->cols, x->grad);
    for (int r = 0, cols = x->cols; r < x->rows; r++) {
        size_t at = (size_t)r * (size_t)cols;
        double norm = sqrt(kernels()->sum_squares(x->value + at, (size_t)cols));
        for (int c = 0; c < cols; c++)
            y->value[at + (size_t)c] = (float)(x->value[at + (size_t)c] / norm);
    }
    record(tape, unit_backward, x, NULL, y);
    return y;
}

struct concat_saved {
    struct tensor **parts, *y;
    int count;
};

static void concat_backward(void *saved) {
    const struct concat_saved *s = saved;
    size_t at = 0;
    for (int i = 0; i < s->count; at += tensor_size(s->parts[i++]))
        if (s->parts[i]->grad)
            kernels()->axpy(s->parts[i]->grad, 1, s->y->grad + at, tensor_size(s->parts[i]));
}

struct tensor *concat_rows(struct tape *tape, struct tensor *const *parts, int count) {
    int rows = 0;
    bool wants_grad = false;
    for (int i = 0; i < count; i++) {
        assert(parts[i]->cols == parts[0]->cols);
        rows += parts[i]->rows;
        wants_grad |= parts[i]->grad != NULL;
    }
    struct tensor *y = tape_tensor(tape, rows, parts[0]->cols, wants_grad);
    size_t at = 0;
    for (int i = 0; i < count; at += tensor_size(parts[i++]))
        memcpy(y->value + at, parts[i]->value, tensor_size(parts[i]) * sizeof(float));
    if (y->grad) {
        struct concat_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct concat_saved){.parts = arena_alloc(&tape->arena, (size_t)count * sizeof *parts), .y = y, .count = count};
        memcpy(s->parts, parts, (size_t)count * sizeof *parts);
        tape_record(tape, concat_backward, s);
    }
    return y;
}
