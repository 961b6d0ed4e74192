#include "rnn/subject.h"

#include "math/kernels.h"

// --- Matrices, with rows that may be parts of longer ones ---

// c [m,n] += a [m,k] b [k,n]
static void add_product(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb, int m, int n, int k) {
    kernels()->gemm(c, ldc, c, ldc, a, lda, 1, b, ldb, m, n, k);
}

// dw [n,k] += dy [m,n]^T x [m,k]
static void outer(float *dw, const float *dy, size_t ldy, const float *x, int m, int n, int k) {
    kernels()->gemm(dw, (size_t)k, dw, (size_t)k, dy, 1, ldy, x, (size_t)k, n, k, m);
}

// --- Layers ---

// Columns of a row of gates: `inputs` that inputs add to, of which the first `joined` take what states add, too; `apart` at the end that
// take it alone.
struct columns {
    size_t width;
    int inputs, joined, apart;
};

static struct columns columns_of(const struct subject_layer *v) {
    const struct layer *l = &v->forward;
    int inputs = (int)cell_inputs(l->cell, l->hidden), apart = l->cell->apart * l->hidden;
    return (struct columns){cell_width(l->cell, l->hidden), inputs, inputs - apart, apart};
}

static struct subject_layer layer_of(struct arena *arena, const struct rnn *rnn, int l) {
    const struct rnn_arch *arch = rnn->arch;
    const struct param *p = rnn->table->list + rnn_param(arch, l, W_IH);
    const float *weights[RNN_PARTS];
    float *grad[RNN_PARTS];
    for (int part = 0; part < RNN_PARTS; part++) {
        weights[part] = rnn->weights + p[part].offset;
        grad[part] = rnn->grad ? rnn->grad + p[part].offset : NULL;
    }
    int input = l ? arch->hidden : arch->input;
    float *memory = arena_floats(arena, layer_size(arch->cell, input, arch->hidden));
    return (struct subject_layer){.forward = layer_make(arch->cell, input, arch->hidden, weights, memory),
                                  .w_ih = weights[W_IH],
                                  .w_hh = weights[W_HH],
                                  .dw_ih = grad[W_IH],
                                  .dw_hh = grad[W_HH],
                                  .db_ih = grad[B_IH],
                                  .db_hh = grad[B_HH]};
}

static struct subject_head head_of(struct arena *arena, const struct rnn *rnn) {
    const struct param *p = rnn->table->list + rnn_readout(rnn->arch);
    struct subject_head v = {.hidden = rnn->arch->hidden, .output = rnn->arch->output};
    v.w = rnn->weights + p[0].offset;
    v.b = rnn->weights + p[1].offset;
    v.w_t = arena_floats(arena, p[0].size);
    kernels()->transpose(v.w_t, (size_t)v.output, v.w, (size_t)v.hidden, v.output, v.hidden);
    v.dw = rnn->grad ? rnn->grad + p[0].offset : NULL;
    v.db = rnn->grad ? rnn->grad + p[1].offset : NULL;
    return v;
}

struct subject subject_of(struct arena *arena, const struct rnn *rnn) {
    struct subject s = {.arch = rnn->arch, .layer = arena_alloc(arena, (size_t)rnn->arch->layers * sizeof *s.layer)};
    for (int l = 0; l < rnn->arch->layers; l++)
        s.layer[l] = layer_of(arena, rnn, l);
    s.head = head_of(arena, rnn);
    return s;
}

void subject_inputs_backward(const struct subject_layer *v, const float *dgates, float *dx, int rows) {
    struct columns c = columns_of(v);
    add_product(dx, (size_t)v->forward.input, dgates, c.width, v->w_ih, (size_t)v->forward.input, rows, v->forward.input, c.inputs);
}

void subject_states_backward(const struct subject_layer *v, const float *dgates, float *dh, int rows) {
    struct columns c = columns_of(v);
    size_t H = (size_t)v->forward.hidden;
    add_product(dh, H, dgates, c.width, v->w_hh, H, rows, v->forward.hidden, c.joined);
    if (c.apart)
        add_product(dh, H, dgates + c.inputs, c.width, v->w_hh + (size_t)c.joined * H, H, rows, v->forward.hidden, c.apart);
}

void subject_weights_backward(const struct subject_layer *v, const float *dgates, const float *x, int rows) {
    struct columns c = columns_of(v);
    const struct kernels *k = kernels();
    if (!v->dw_ih)
        return;
    outer(v->dw_ih, dgates, c.width, x, rows, c.inputs, v->forward.input);
    k->sum_rows(v->db_ih, dgates, c.width, rows, c.inputs);
    k->sum_rows(v->db_hh, dgates, c.width, rows, c.joined);
    if (c.apart)
        k->sum_rows(v->db_hh + c.joined, dgates + c.inputs, c.width, rows, c.apart);
}

void subject_recurrence_backward(const struct subject_layer *v, const float *dgates, const float *h, int rows) {
    struct columns c = columns_of(v);
    if (!v->dw_hh)
        return;
    outer(v->dw_hh, dgates, c.width, h, rows, c.joined, v->forward.hidden);
    if (c.apart)
        outer(v->dw_hh + (size_t)c.joined * (size_t)v->forward.hidden, dgates + c.inputs, c.width, h, rows, c.apart, v->forward.hidden);
}

// --- The read-out ---

void subject_answer(const struct subject_head *v, float *y, const float *h, int rows) {
    size_t O = (size_t)v->output;
    kernels()->gemm(y, O, v->b, 0, h, (size_t)v->hidden, 1, v->w_t, O, rows, v->output, v->hidden);
}

void subject_answer_backward(const struct subject_head *v, const float *dy, const float *h, float *dh, int rows) {
    size_t O = (size_t)v->output, H = (size_t)v->hidden;
    add_product(dh, H, dy, O, v->w, H, rows, v->hidden, v->output);
    if (!v->dw)
        return;
    outer(v->dw, dy, O, h, rows, v->output, v->hidden);
    kernels()->sum_rows(v->db, dy, O, rows, v->output);
}

// --- States ---

static struct subject_states states_of(struct arena *arena, const struct rnn_arch *arch, int steps, int rows, bool backward) {
    const struct cell *cell = arch->cell;
    size_t at = (size_t)rows * (size_t)arch->hidden, all = (size_t)steps * at;
    struct subject_states s = {.cell = cell, .rows = rows, .hidden = arch->hidden};
    s.gates = arena_floats(arena, all * (size_t)(cell->gates + cell->apart));
    s.h = arena_floats(arena, all);
    s.c = cell->states > 1 ? arena_floats(arena, all) : NULL;
    s.saved = cell->saved ? arena_floats(arena, all * (size_t)cell->saved) : NULL;
    s.dh = backward ? arena_calloc(arena, all * sizeof(float)) : NULL;
    s.dc = backward && s.c ? arena_calloc(arena, at * sizeof(float)) : NULL;
    return s;
}

struct subject_states *subject_states_new(struct arena *arena, const struct rnn_arch *arch, int steps, int rows, bool backward) {
    struct subject_states *layer = arena_alloc(arena, (size_t)arch->layers * sizeof *layer);
    for (int l = 0; l < arch->layers; l++)
        layer[l] = states_of(arena, arch, steps, rows, backward);
    return layer;
}

float *subject_gates(const struct subject_states *s, int t) {
    return s->gates + (size_t)t * (size_t)s->rows * cell_width(s->cell, s->hidden);
}

float *subject_state(const struct subject_states *s, float *states, int t) {
    return states && t >= 0 ? states + (size_t)t * (size_t)s->rows * (size_t)s->hidden : NULL;
}

static struct cell_step step_at(const struct subject_states *s, int t) {
    return (struct cell_step){.rows = s->rows,
                              .hidden = s->hidden,
                              .gates = subject_gates(s, t),
                              .h = subject_state(s, s->h, t),
                              .c = subject_state(s, s->c, t),
                              .h_before = subject_state(s, s->h, t - 1),
                              .c_before = subject_state(s, s->c, t - 1),
                              .saved = subject_state(s, s->saved, t * s->cell->saved),
                              .dh = subject_state(s, s->dh, t),
                              .dh_before = subject_state(s, s->dh, t - 1),
                              .dc = s->dc};
}

void subject_step(const struct subject_states *s, int t) {
    struct cell_step step = step_at(s, t);
    s->cell->forward(&step);
}

void subject_step_backward(const struct subject_states *s, int t) {
    struct cell_step step = step_at(s, t);
    s->cell->backward(&step);
}
