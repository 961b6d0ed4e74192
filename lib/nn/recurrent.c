#include "nn/recurrent.h"

#include "math/blas.h"
#include "math/kernels.h"
#include "nn/activation.h"
#include "nn/linear.h"

#include <assert.h>
#include <string.h>

// A matrix that all steps share, packed for their products (see blas_pack).
struct packed {
    float *transposed, *plain; // for forward; for backward (NULL when there will be none)
};

// Forward keeps what backward takes; gates hold the pre-activations, then the activations, then (in backward) their gradients.
struct recurrent {
    struct tape *tape;
    const struct cell *cell;
    struct tensor *w_ih, *w_hh, *b_ih, *b_hh;
    int max_steps, steps, batch, input, hidden;
    int joined, apart, inputs;      // columns of gates: (G-A)*H, A*H, G*H
    size_t width;                   // (G+A)*H
    float *x;                       // [T,B,I]; NULL with a table, or when there will be no backward
    const uint8_t *tokens;          // [T,B] with a table
    struct tensor *table, *opening; // [V,GH], [B,GH]: see recurrent_sequence_table
    int opening_steps;
    float *gates;        // [T,B,width]
    float *c, *saved;    // [T,B,H], [T,B,saved*H]; NULL where the cell has none
    struct tensor *h;    // [T*B,H]
    float *dc;           // [B,H], gradient from the step after
    struct packed hh;    // the blocks of W_hh that are added to those of W_ih
    struct packed alone; // those that are kept apart
    struct packed ih;    // W_ih, for inputs that come step by step
    float *bias;         // [GH] = b_ih + b_hh, of blocks that are kept apart b_ih
};

int recurrent_params(struct params *p, const struct cell *cell, float bound, const char *prefix, const char *suffix, int input,
                     int hidden) {
    int rows = (int)cell_inputs(cell, hidden);
    int first = params_add(p, INIT_UNIFORM, bound, 2, (int[]){rows, input}, "%sweight_ih%s", prefix, suffix);
    params_add(p, INIT_UNIFORM, bound, 2, (int[]){rows, hidden}, "%sweight_hh%s", prefix, suffix);
    params_add(p, INIT_UNIFORM, bound, 1, (int[]){rows}, "%sbias_ih%s", prefix, suffix);
    params_add(p, INIT_UNIFORM, bound, 1, (int[]){rows}, "%sbias_hh%s", prefix, suffix);
    return first;
}

void recurrent_forget_bias(const struct params *p, float *values, int first, float bias) {
    const struct param *ih = &p->list[first + 2], *hh = &p->list[first + 3];
    size_t H = p->list[first + 1].size / ih->size; // W_hh is [4H,H]: blocks i, f, g, o
    for (size_t j = H; j < 2 * H; j++) {
        values[ih->offset + j] = bias;
        values[hh->offset + j] = 0;
    }
}

// Rows of a weight matrix.
static struct packed pack_rows(struct tape *tape, const struct tensor *w, int first, int rows) {
    struct packed p = {0};
    const float *value = w->value + (size_t)first * (size_t)w->cols;
    if (!rows)
        return p;
    p.transposed = arena_floats(&tape->arena, blas_packed_size(w->cols, rows));
    blas_pack(TRANSPOSED, w->cols, rows, value, (size_t)w->cols, p.transposed);
    if (!tape->recording)
        return p;
    p.plain = arena_floats(&tape->arena, blas_packed_size(rows, w->cols));
    blas_pack(PLAIN, rows, w->cols, value, (size_t)w->cols, p.plain);
    return p;
}

// c [m,n] += a [m,k] B, c and B dense
static void add_packed(int m, int n, int k, const float *a, size_t lda, const float *packed, float *c, size_t ldc) {
    blas_sgemm_packed(m, n, k, a, lda, packed, c, ldc, c, ldc);
}

static void states_new(struct recurrent *r) {
    struct tape *tape = r->tape;
    size_t rows = (size_t)r->max_steps * (size_t)r->batch, H = (size_t)r->hidden;
    r->gates = arena_floats(&tape->arena, rows * r->width);
    if (r->cell->states > 1) {
        r->c = arena_floats(&tape->arena, rows * H);
        r->dc = arena_calloc(&tape->arena, (size_t)r->batch * H * sizeof(float));
    }
    if (r->cell->saved)
        r->saved = arena_floats(&tape->arena, rows * H * (size_t)r->cell->saved);
    r->h = tape_tensor(tape, r->max_steps * r->batch, r->hidden, true);
}

static struct recurrent *run_new(struct tape *tape, const struct cell *cell, const struct weights *w, int first, int max_steps, int batch) {
    struct recurrent *r = arena_calloc(&tape->arena, sizeof *r);
    r->tape = tape;
    r->cell = cell;
    r->w_ih = weights_leaf(tape, w, first + W_IH);
    r->w_hh = weights_leaf(tape, w, first + W_HH);
    r->b_ih = weights_leaf(tape, w, first + B_IH);
    r->b_hh = weights_leaf(tape, w, first + B_HH);
    r->max_steps = max_steps;
    r->batch = batch;
    r->input = r->w_ih->cols;
    r->hidden = r->w_hh->cols;
    r->inputs = (int)cell_inputs(cell, r->hidden);
    r->apart = cell->apart * r->hidden;
    r->joined = r->inputs - r->apart;
    r->width = cell_width(cell, r->hidden);
    states_new(r);
    r->hh = pack_rows(tape, r->w_hh, 0, r->joined);
    r->alone = pack_rows(tape, r->w_hh, r->joined, r->apart);
    r->bias = arena_floats(&tape->arena, (size_t)r->inputs);
    memcpy(r->bias, r->b_ih->value, (size_t)r->inputs * sizeof(float));
    kernels()->axpy(r->bias, 1, r->b_hh->value, (size_t)r->joined);
    return r;
}

static float *gates_at(const struct recurrent *r, int t) {
    return r->gates + (size_t)t * (size_t)r->batch * r->width;
}

static float *state_at(const struct recurrent *r, float *states, int t) {
    return states && t >= 0 ? states + (size_t)t * (size_t)r->batch * (size_t)r->hidden : NULL;
}

static struct cell_step step_at(const struct recurrent *r, int t) {
    return (struct cell_step){.rows = r->batch,
                              .hidden = r->hidden,
                              .gates = gates_at(r, t),
                              .h = state_at(r, r->h->value, t),
                              .c = state_at(r, r->c, t),
                              .h_before = state_at(r, r->h->value, t - 1),
                              .c_before = state_at(r, r->c, t - 1),
                              .saved = state_at(r, r->saved, t * r->cell->saved)};
}

// The recurrent part of step t: gates hold W_ih x + biases already.
static void step_forward(struct recurrent *r, int t) {
    struct cell_step s = step_at(r, t);
    int H = r->hidden, B = r->batch;
    float *alone = s.gates + r->inputs;
    const float *bias = r->b_hh->value + r->joined;
    if (t > 0)
        add_packed(B, r->joined, H, s.h_before, (size_t)H, r->hh.transposed, s.gates, r->width);
    if (r->apart && t > 0)
        blas_sgemm_packed(B, r->apart, H, s.h_before, (size_t)H, r->alone.transposed, bias, 0, alone, r->width);
    else if (r->apart)
        kernels()->fill_rows(alone, r->width, bias, B, r->apart);
    r->cell->forward(&s);
}

// Turns the gates of step t into their gradients and passes on the gradients of the states before.
static void step_backward(struct recurrent *r, int t) {
    struct cell_step s = step_at(r, t);
    int H = r->hidden, B = r->batch;
    s.dh = state_at(r, r->h->grad, t);
    s.dh_before = state_at(r, r->h->grad, t - 1);
    s.dc = r->dc;
    r->cell->backward(&s);
    if (t > 0)
        add_packed(B, H, r->joined, s.gates, r->width, r->hh.plain, s.dh_before, (size_t)H);
    if (t > 0 && r->apart)
        add_packed(B, H, r->apart, s.gates + r->inputs, r->width, r->alone.plain, s.dh_before, (size_t)H);
}

// dw [n,cols] += dgates^T x over rows of gates from column `first` on
static void add_weights(const struct recurrent *r, float *dw, int first, int n, int t, const float *x, int cols) {
    if (n)
        blas_sgemm(TRANSPOSED, PLAIN, n, cols, (r->steps - t) * r->batch, gates_at(r, t) + first, r->width, x, (size_t)cols, 1, dw,
                   (size_t)cols);
}

// The gates' gradients go to the table's rows and to the opening instead of to W_ih and the input biases.
static void table_backward(const struct recurrent *r) {
    const struct kernels *k = kernels();
    size_t G = (size_t)r->inputs;
    if (r->table->grad)
        for (int i = 0; i < r->steps * r->batch; i++)
            k->axpy(r->table->grad + r->tokens[i] * G, 1, r->gates + (size_t)i * r->width, G);
    for (int t = 0; t < r->opening_steps && r->opening->grad; t++)
        for (int b = 0; b < r->batch; b++)
            k->axpy(r->opening->grad + (size_t)b * G, 1, gates_at(r, t) + (size_t)b * r->width, G);
    if (r->b_hh->grad)
        k->sum_rows(r->b_hh->grad + r->joined, r->gates + G, r->width, r->steps * r->batch, r->apart);
}

// Weight gradients of all steps at once; the gates hold their gradients by now.
static void weights_backward(void *run) {
    struct recurrent *r = run;
    if (r->w_hh->grad && r->steps > 1) {
        add_weights(r, r->w_hh->grad, 0, r->joined, 1, r->h->value, r->hidden);
        add_weights(r, r->w_hh->grad + (size_t)r->joined * (size_t)r->hidden, r->inputs, r->apart, 1, r->h->value, r->hidden);
    }
    if (r->table) {
        table_backward(r);
        return;
    }
    if (!r->w_ih->grad)
        return;
    add_weights(r, r->w_ih->grad, 0, r->inputs, 0, r->x, r->input);
    float *db = arena_calloc(&r->tape->arena, r->width * sizeof(float));
    kernels()->sum_rows(db, r->gates, r->width, r->steps * r->batch, (int)r->width);
    kernels()->axpy(r->b_ih->grad, 1, db, (size_t)r->inputs);
    kernels()->axpy(r->b_hh->grad, 1, db, (size_t)r->joined);
    kernels()->axpy(r->b_hh->grad + r->joined, 1, db + r->inputs, (size_t)r->apart);
}

struct sequence_saved {
    struct recurrent *run;
    struct tensor *x; // NULL with a table
};

static void sequence_backward(void *saved) {
    const struct sequence_saved *s = saved;
    struct recurrent *r = s->run;
    for (int t = r->steps; t-- > 0;)
        step_backward(r, t);
    weights_backward(r);
    if (s->x && s->x->grad) // dx += dgates W_ih
        blas_sgemm(PLAIN, PLAIN, r->steps * r->batch, r->input, r->inputs, r->gates, r->width, r->w_ih->value, (size_t)r->input, 1,
                   s->x->grad, (size_t)r->input);
}

static struct tensor *sequence_forward(struct recurrent *r, struct tensor *x) {
    r->steps = r->max_steps;
    for (int t = 0; t < r->steps; t++)
        step_forward(r, t);
    struct sequence_saved *s = arena_alloc(&r->tape->arena, sizeof *s);
    *s = (struct sequence_saved){r, x};
    tape_record(r->tape, sequence_backward, s);
    return r->h;
}

struct tensor *recurrent_sequence(struct tape *tape, const struct cell *cell, const struct weights *w, int first, struct tensor *x,
                                  int steps) {
    assert(steps > 0 && x->rows % steps == 0);
    struct recurrent *r = run_new(tape, cell, w, first, steps, x->rows / steps);
    assert(x->cols == r->input);
    r->x = x->value;
    blas_affine(x->rows, r->inputs, r->input, x->value, r->w_ih->value, r->bias, r->gates, r->width);
    return sequence_forward(r, x);
}

struct tensor *recurrent_sequence_table(struct tape *tape, const struct cell *cell, const struct weights *w, int first,
                                        struct tensor *table, struct tensor *opening, int opening_steps, const uint8_t *tokens, int steps,
                                        int batch) {
    struct recurrent *r = run_new(tape, cell, w, first, steps, batch);
    size_t G = (size_t)r->inputs;
    assert(table->cols == r->inputs && opening_steps <= steps);
    r->tokens = tokens;
    r->table = table;
    r->opening = opening;
    r->opening_steps = opening_steps;
    for (int i = 0; i < steps * batch; i++)
        memcpy(r->gates + (size_t)i * r->width, table->value + tokens[i] * G, G * sizeof(float));
    for (int t = 0; t < opening_steps; t++)
        for (int b = 0; b < batch; b++)
            kernels()->axpy(gates_at(r, t) + (size_t)b * r->width, 1, opening->value + (size_t)b * G, G);
    return sequence_forward(r, NULL);
}

// bias_hh where it is added to bias_ih, and 0 in the blocks that are kept apart.
struct joined_saved {
    struct tensor *bias, *y;
    size_t count;
};

static void joined_backward(void *saved) {
    const struct joined_saved *s = saved;
    kernels()->axpy(s->bias->grad, 1, s->y->grad, s->count);
}

static struct tensor *joined_bias(struct tape *tape, const struct cell *cell, struct tensor *bias) {
    if (!cell->apart)
        return bias;
    struct tensor *y = tape_tensor(tape, 1, bias->cols, bias->grad);
    size_t count = (size_t)bias->cols / (size_t)cell->gates * (size_t)(cell->gates - cell->apart);
    memset(y->value, 0, (size_t)bias->cols * sizeof(float));
    memcpy(y->value, bias->value, count * sizeof(float));
    if (y->grad) {
        struct joined_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct joined_saved){bias, y, count};
        tape_record(tape, joined_backward, s);
    }
    return y;
}

struct tensor *recurrent_sequence_tokens(struct tape *tape, const struct cell *cell, const struct weights *w, int first,
                                         const uint8_t *tokens, int steps, int batch) {
    struct tensor *w_ih = weights_leaf(tape, w, first + W_IH), *b_hh = joined_bias(tape, cell, weights_leaf(tape, w, first + B_HH));
    uint8_t *all = arena_alloc(&tape->arena, (size_t)w_ih->cols);
    for (int i = 0; i < w_ih->cols; i++)
        all[i] = (uint8_t)i;
    struct tensor *table = linear_tokens(tape, all, w_ih->cols, w_ih, weights_leaf(tape, w, first + B_IH));
    table = add(tape, table, repeat_row(tape, b_hh, w_ih->cols));
    return recurrent_sequence_table(tape, cell, w, first, table, NULL, 0, tokens, steps, batch);
}

struct recurrent *recurrent_begin(struct tape *tape, const struct cell *cell, const struct weights *w, int first, int max_steps,
                                  int batch) {
    struct recurrent *r = run_new(tape, cell, w, first, max_steps, batch);
    r->ih = pack_rows(tape, r->w_ih, 0, r->inputs);
    if (tape->recording)
        r->x = arena_floats(&tape->arena, (size_t)max_steps * (size_t)batch * (size_t)r->input);
    tape_record(tape, weights_backward, r);
    return r;
}

struct step_saved {
    struct recurrent *run;
    struct tensor *x;
    int t;
};

static void single_step_backward(void *saved) {
    const struct step_saved *s = saved;
    struct recurrent *r = s->run;
    step_backward(r, s->t);
    if (s->x->grad)
        add_packed(r->batch, r->input, r->inputs, gates_at(r, s->t), r->width, r->ih.plain, s->x->grad, (size_t)r->input);
}

struct tensor *recurrent_step(struct recurrent *r, struct tensor *x) {
    int t = r->steps++;
    assert(t < r->max_steps && x->rows == r->batch && x->cols == r->input);
    if (r->x)
        memcpy(r->x + (size_t)t * tensor_size(x), x->value, tensor_size(x) * sizeof(float));
    blas_sgemm_packed(r->batch, r->inputs, r->input, x->value, (size_t)r->input, r->ih.transposed, r->bias, 0, gates_at(r, t), r->width);
    step_forward(r, t);
    struct step_saved *s = arena_alloc(&r->tape->arena, sizeof *s);
    *s = (struct step_saved){r, x, t};
    tape_record(r->tape, single_step_backward, s);
    return tape_rows(r->tape, r->h, t * r->batch, r->batch);
}
