#include "nn/lstm.h"

#include "math/blas.h"
#include "math/kernels.h"
#include "nn/activation.h"
#include "nn/linear.h"

#include <assert.h>
#include <math.h>
#include <string.h>

// Forward keeps what backward takes; gates hold the pre-activations, then the activations, then (in backward) their gradients.
struct lstm_run {
    struct tape *tape;
    struct tensor *w_ih, *w_hh, *b_ih, *b_hh;
    int max_steps, steps, batch, input, hidden;
    float *x;                       // [T,B,I]; NULL with a table, or when there will be no backward
    const uint8_t *tokens;          // [T,B] with a table
    struct tensor *table, *opening; // [V,4H], [B,4H]: see lstm_sequence_table
    int opening_steps;
    float *gates;               // [T,B,4H]
    float *c, *tanh_c;          // [T,B,H]
    struct tensor *h;           // [T*B,H]
    float *dc;                  // [B,H], gradient from the step after
    float *w_hh_t;              // W_hh^T [H,4H], packed for the products of single steps (see blas_pack)
    float *w_hh_plain;          // W_hh [4H,H], packed, for backward
    float *w_ih_t, *w_ih_plain; // likewise, for inputs that come step by step
    float *bias;                // [4H] = b_ih + b_hh
};

int lstm_params(struct params *p, const char *prefix, const char *suffix, int input, int hidden) {
    float bound = 1 / sqrtf((float)hidden);
    int first = params_add(p, INIT_UNIFORM, bound, 2, (int[]){4 * hidden, input}, "%sweight_ih%s", prefix, suffix);
    params_add(p, INIT_UNIFORM, bound, 2, (int[]){4 * hidden, hidden}, "%sweight_hh%s", prefix, suffix);
    params_add(p, INIT_UNIFORM, bound, 1, (int[]){4 * hidden}, "%sbias_ih%s", prefix, suffix);
    params_add(p, INIT_UNIFORM, bound, 1, (int[]){4 * hidden}, "%sbias_hh%s", prefix, suffix);
    return first;
}

// A weight matrix [4H,n] packed: transposed for forward, as it is for backward (nothing when there will be none).
static void pack_weights(struct tape *tape, const struct tensor *w, float **transposed, float **plain) {
    *transposed = arena_floats(&tape->arena, blas_packed_size(w->cols, w->rows));
    blas_pack(TRANSPOSED, w->cols, w->rows, w->value, (size_t)w->cols, *transposed);
    if (!tape->recording)
        return;
    *plain = arena_floats(&tape->arena, blas_packed_size(w->rows, w->cols));
    blas_pack(PLAIN, w->rows, w->cols, w->value, (size_t)w->cols, *plain);
}

static struct lstm_run *run_new(struct tape *tape, const struct weights *w, int first, int max_steps, int batch) {
    struct lstm_run *r = arena_calloc(&tape->arena, sizeof *r);
    r->tape = tape;
    r->w_ih = weights_leaf(tape, w, first);
    r->w_hh = weights_leaf(tape, w, first + 1);
    r->b_ih = weights_leaf(tape, w, first + 2);
    r->b_hh = weights_leaf(tape, w, first + 3);
    r->max_steps = max_steps;
    r->batch = batch;
    r->input = r->w_ih->cols;
    r->hidden = r->w_hh->cols;
    size_t units = (size_t)max_steps * (size_t)batch * (size_t)r->hidden, H = (size_t)r->hidden;
    r->gates = arena_floats(&tape->arena, 4 * units);
    r->c = arena_floats(&tape->arena, units);
    r->tanh_c = arena_floats(&tape->arena, units);
    r->h = tape_tensor(tape, max_steps * batch, r->hidden, true);
    r->dc = arena_calloc(&tape->arena, (size_t)batch * H * sizeof(float));
    pack_weights(tape, r->w_hh, &r->w_hh_t, &r->w_hh_plain);
    r->bias = arena_floats(&tape->arena, 4 * H);
    memcpy(r->bias, r->b_ih->value, 4 * H * sizeof(float));
    kernels()->axpy(r->bias, 1, r->b_hh->value, 4 * H);
    return r;
}

static float *gates_at(const struct lstm_run *r, int t) {
    return r->gates + (size_t)t * (size_t)r->batch * 4 * (size_t)r->hidden;
}

static float *state_at(const struct lstm_run *r, float *states, int t) {
    return states + (size_t)t * (size_t)r->batch * (size_t)r->hidden;
}

// c [m,n] += a [m,k] B, all dense
static void add_packed(int m, int n, int k, const float *a, const float *packed, float *c) {
    blas_sgemm_packed(m, n, k, a, (size_t)k, packed, c, (size_t)n, c, (size_t)n);
}

// The recurrent part of step t: gates hold W_ih x + biases already.
static void step_forward(struct lstm_run *r, int t) {
    int H = r->hidden, B = r->batch;
    if (t > 0)
        add_packed(B, 4 * H, H, state_at(r, r->h->value, t - 1), r->w_hh_t, gates_at(r, t));
    kernels()->lstm_forward(gates_at(r, t), 4 * (size_t)H, state_at(r, r->c, t), state_at(r, r->tanh_c, t), state_at(r, r->h->value, t),
                            t > 0 ? state_at(r, r->c, t - 1) : NULL, B, H);
}

// Turns the gates of step t into their gradients and passes on the gradients of h and c of the step before.
static void step_backward(struct lstm_run *r, int t) {
    int H = r->hidden, B = r->batch;
    kernels()->lstm_backward(gates_at(r, t), r->dc, state_at(r, r->h->grad, t), gates_at(r, t), 4 * (size_t)H, state_at(r, r->tanh_c, t),
                             t > 0 ? state_at(r, r->c, t - 1) : NULL, B, H);
    if (t > 0)
        add_packed(B, H, 4 * H, gates_at(r, t), r->w_hh_plain, state_at(r, r->h->grad, t - 1));
}

// The gates' gradients go to the table's rows and to the opening instead of to W_ih and the input biases.
static void table_backward(const struct lstm_run *r, int rows) {
    size_t G = 4 * (size_t)r->hidden;
    if (r->table->grad)
        for (int i = 0; i < rows; i++)
            kernels()->axpy(r->table->grad + r->tokens[i] * G, 1, r->gates + (size_t)i * G, G);
    for (int t = 0; t < r->opening_steps && r->opening->grad; t++)
        kernels()->axpy(r->opening->grad, 1, gates_at(r, t), (size_t)r->batch * G);
}

// Weight gradients of all steps at once; the gates hold their gradients by now.
static void weights_backward(void *saved) {
    struct lstm_run *r = saved;
    int H = r->hidden, B = r->batch, rows = r->steps * B;
    size_t G = 4 * (size_t)H;
    if (r->w_hh->grad && r->steps > 1)
        blas_sgemm(TRANSPOSED, PLAIN, 4 * H, H, rows - B, gates_at(r, 1), G, r->h->value, (size_t)H, 1, r->w_hh->grad, (size_t)H);
    if (r->table) {
        table_backward(r, rows);
        return;
    }
    if (!r->w_ih->grad)
        return;
    blas_sgemm(TRANSPOSED, PLAIN, 4 * H, r->input, rows, r->gates, G, r->x, (size_t)r->input, 1, r->w_ih->grad, (size_t)r->input);
    float *db = arena_calloc(&r->tape->arena, G * sizeof(float));
    kernels()->sum_rows(db, r->gates, G, rows, 4 * H);
    kernels()->axpy(r->b_ih->grad, 1, db, G);
    kernels()->axpy(r->b_hh->grad, 1, db, G);
}

struct sequence_saved {
    struct lstm_run *run;
    struct tensor *x; // NULL with a table
};

static void sequence_backward(void *saved) {
    const struct sequence_saved *s = saved;
    struct lstm_run *r = s->run;
    for (int t = r->steps; t-- > 0;)
        step_backward(r, t);
    weights_backward(r);
    if (s->x && s->x->grad) // dx += dgates W_ih
        blas_sgemm(PLAIN, PLAIN, r->steps * r->batch, r->input, 4 * r->hidden, r->gates, 4 * (size_t)r->hidden, r->w_ih->value,
                   (size_t)r->input, 1, s->x->grad, (size_t)r->input);
}

static struct tensor *sequence_forward(struct lstm_run *r, struct tensor *x) {
    r->steps = r->max_steps;
    for (int t = 0; t < r->steps; t++)
        step_forward(r, t);
    struct sequence_saved *s = arena_alloc(&r->tape->arena, sizeof *s);
    *s = (struct sequence_saved){r, x};
    tape_record(r->tape, sequence_backward, s);
    return r->h;
}

struct tensor *lstm_sequence(struct tape *tape, const struct weights *w, int first, struct tensor *x, int steps) {
    assert(steps > 0 && x->rows % steps == 0);
    struct lstm_run *r = run_new(tape, w, first, steps, x->rows / steps);
    assert(x->cols == r->input);
    r->x = x->value;
    blas_affine(x->rows, 4 * r->hidden, r->input, x->value, r->w_ih->value, r->bias, r->gates);
    return sequence_forward(r, x);
}

struct tensor *lstm_sequence_table(struct tape *tape, const struct weights *w, int first, struct tensor *table, struct tensor *opening,
                                   int opening_steps, const uint8_t *tokens, int steps, int batch) {
    struct lstm_run *r = run_new(tape, w, first, steps, batch);
    size_t G = 4 * (size_t)r->hidden;
    assert(table->cols == (int)G && opening_steps <= steps);
    r->tokens = tokens;
    r->table = table;
    r->opening = opening;
    r->opening_steps = opening_steps;
    for (int i = 0; i < steps * batch; i++)
        memcpy(r->gates + (size_t)i * G, table->value + tokens[i] * G, G * sizeof(float));
    for (int t = 0; t < opening_steps; t++)
        kernels()->axpy(gates_at(r, t), 1, opening->value, (size_t)batch * G);
    return sequence_forward(r, NULL);
}

struct tensor *lstm_sequence_tokens(struct tape *tape, const struct weights *w, int first, const uint8_t *tokens, int steps, int batch) {
    struct tensor *w_ih = weights_leaf(tape, w, first), *b_hh = weights_leaf(tape, w, first + 3);
    uint8_t *all = arena_alloc(&tape->arena, (size_t)w_ih->cols);
    for (int i = 0; i < w_ih->cols; i++)
        all[i] = (uint8_t)i;
    struct tensor *table = linear_tokens(tape, all, w_ih->cols, w_ih, weights_leaf(tape, w, first + 2));
    table = add(tape, table, repeat_row(tape, b_hh, w_ih->cols));
    return lstm_sequence_table(tape, w, first, table, NULL, 0, tokens, steps, batch);
}

struct lstm_run *lstm_begin(struct tape *tape, const struct weights *w, int first, int max_steps, int batch) {
    struct lstm_run *r = run_new(tape, w, first, max_steps, batch);
    pack_weights(tape, r->w_ih, &r->w_ih_t, &r->w_ih_plain);
    if (tape->recording)
        r->x = arena_floats(&tape->arena, (size_t)max_steps * (size_t)batch * (size_t)r->input);
    tape_record(tape, weights_backward, r);
    return r;
}

struct step_saved {
    struct lstm_run *run;
    struct tensor *x;
    int t;
};

static void single_step_backward(void *saved) {
    const struct step_saved *s = saved;
    struct lstm_run *r = s->run;
    step_backward(r, s->t);
    if (s->x->grad)
        add_packed(r->batch, r->input, 4 * r->hidden, gates_at(r, s->t), r->w_ih_plain, s->x->grad);
}

struct tensor *lstm_step(struct lstm_run *r, struct tensor *x) {
    int t = r->steps++;
    assert(t < r->max_steps && x->rows == r->batch && x->cols == r->input);
    size_t G = 4 * (size_t)r->hidden;
    if (r->x)
        memcpy(r->x + (size_t)t * tensor_size(x), x->value, tensor_size(x) * sizeof(float));
    blas_sgemm_packed(r->batch, (int)G, r->input, x->value, (size_t)r->input, r->w_ih_t, r->bias, 0, gates_at(r, t), G);
    step_forward(r, t);
    struct step_saved *s = arena_alloc(&r->tape->arena, sizeof *s);
    *s = (struct step_saved){r, x, t};
    tape_record(r->tape, single_step_backward, s);
    return tape_rows(r->tape, r->h, t * r->batch, r->batch);
}
