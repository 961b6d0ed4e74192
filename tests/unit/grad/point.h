// Where gradients are checked: all leaves of a computation in one flat vector.
#ifndef UNIT_GRAD_POINT_H
#define UNIT_GRAD_POINT_H

#include "../check.h"
#include "grad/gradcheck.h"
#include "nn/weights.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FLOATS = 1 << 20, MAX_LEAVES = 256 };

// A case takes its leaves from one flat vector; the first pass finds out which there are.
struct point {
    struct tensor *(*build)(struct tape *tape, struct point *p);
    int variant;
    float *x, *grad;
    size_t used, start[MAX_LEAVES], size[MAX_LEAVES];
    int leaves;
};

static float x_memory[MAX_FLOATS], grad_memory[MAX_FLOATS], constants[4096];

static inline void fill(float *x, size_t n, float scale, const char *purpose) {
    struct rng rng = rng_make(7, n, purpose);
    for (size_t i = 0; i < n; i++)
        x[i] = scale * rng_normal(&rng);
}

static inline size_t take(struct point *p, size_t n) {
    size_t at = p->used;
    p->start[p->leaves] = at;
    p->size[p->leaves++] = n;
    p->used += n;
    return at;
}

static inline struct tensor *leaf(struct tape *tape, struct point *p, int rows, int cols) {
    size_t at = take(p, (size_t)rows * (size_t)cols);
    return tape_leaf(tape, rows, cols, p->x + at, p->grad + at);
}

// All parameters of a table, each a leaf by itself.
static inline struct weights leaves_of(struct point *p, const struct params *table) {
    size_t at = p->used;
    for (int i = 0; i < table->count; i++)
        take(p, table->list[i].size);
    return (struct weights){table, p->x + at, p->grad + at};
}

// loss = sum of x times fixed numbers
struct score_saved {
    struct tensor *x, *loss;
};

static inline void score_backward(void *saved) {
    const struct score_saved *s = saved;
    for (size_t i = 0; i < tensor_size(s->x); i++)
        s->x->grad[i] += s->loss->grad[0] * constants[i];
}

static inline struct tensor *score(struct tape *tape, struct tensor *x) {
    struct tensor *loss = tape_tensor(tape, 1, 1, x->grad);
    double sum = 0;
    for (size_t i = 0; i < tensor_size(x); i++)
        sum += (double)x->value[i] * constants[i];
    loss->value[0] = (float)sum;
    struct score_saved *s = arena_alloc(&tape->arena, sizeof *s);
    *s = (struct score_saved){x, loss};
    tape_record(tape, score_backward, s);
    return loss;
}

// For gradcheck: context is the point.
static inline struct tensor *point_build(struct tape *tape, void *context) {
    struct point *p = context;
    p->used = 0;
    p->leaves = 0;
    return p->build(tape, p);
}

#endif
