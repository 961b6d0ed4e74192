#include "rnn/interrogate.h"

#include "math/kernels.h"

#include <assert.h>
#include <string.h>

// One RNN's weights, with transposed copies: a product with few rows is fast only when the other operand's rows are long.
struct layer_view {
    int input;
    const float *w_ih, *w_hh;             // [4H,I], [4H,H]
    float *w_ih_t, *w_hh_t, *bias;        // [I,4H], [H,4H], [4H] the sum of both
    float *dw_ih, *dw_hh, *db_ih, *db_hh; // NULL: no gradient wanted
};

struct subject {
    const struct rnn_arch *arch;
    struct layer_view *layer;   // [layers]
    const float *w_out, *b_out; // [O,H], [O]
    float *w_out_t;             // [H,O]
    float *dw_out, *db_out;
};

static struct subject subject_view(struct arena *arena, const struct rnn *rnn) {
    const struct rnn_arch *arch = rnn->arch;
    const struct kernels *k = kernels();
    size_t G = 4 * (size_t)arch->hidden, H = (size_t)arch->hidden, O = (size_t)arch->output;
    struct subject s = {.arch = arch};
    assert(arch->cell == &cell_lstm);
    s.layer = arena_alloc(arena, (size_t)arch->layers * sizeof *s.layer);
    for (int l = 0; l < arch->layers; l++) {
        const struct param *p = rnn->table->list + rnn_param(arch, l, W_IH);
        const float *w = rnn->weights;
        struct layer_view *v = &s.layer[l];
        int input = l ? arch->hidden : arch->input;
        *v = (struct layer_view){.input = input, .w_ih = w + p[W_IH].offset, .w_hh = w + p[W_HH].offset};
        v->w_ih_t = arena_floats(arena, (size_t)input * G);
        v->w_hh_t = arena_floats(arena, H * G);
        v->bias = arena_floats(arena, G);
        k->transpose(v->w_ih_t, G, v->w_ih, (size_t)input, (int)G, input);
        k->transpose(v->w_hh_t, G, v->w_hh, H, (int)G, (int)H);
        memcpy(v->bias, w + p[B_IH].offset, G * sizeof(float));
        k->axpy(v->bias, 1, w + p[B_HH].offset, G);
        if (rnn->grad) {
            v->dw_ih = rnn->grad + p[W_IH].offset;
            v->dw_hh = rnn->grad + p[W_HH].offset;
            v->db_ih = rnn->grad + p[B_IH].offset;
            v->db_hh = rnn->grad + p[B_HH].offset;
        }
    }
    const struct param *out = rnn->table->list + rnn_readout(arch);
    s.w_out = rnn->weights + out[0].offset;
    s.b_out = rnn->weights + out[1].offset;
    s.dw_out = rnn->grad ? rnn->grad + out[0].offset : NULL;
    s.db_out = rnn->grad ? rnn->grad + out[1].offset : NULL;
    s.w_out_t = arena_floats(arena, H * O);
    k->transpose(s.w_out_t, O, s.w_out, H, (int)O, (int)H);
    return s;
}

// y [m,n] = bias [n] + x [m,k] w [k,n], all dense
static void affine(float *y, const float *x, const float *w, const float *bias, int m, int n, int k) {
    kernels()->gemm(y, (size_t)n, bias, 0, x, (size_t)k, 1, w, (size_t)n, m, n, k);
}

// c [m,n] += a [m,k] b [k,n], all dense
static void add_product(float *c, const float *a, const float *b, int m, int n, int k) {
    kernels()->gemm(c, (size_t)n, c, (size_t)n, a, (size_t)k, 1, b, (size_t)n, m, n, k);
}

// dw [n,k] += dy [m,n]^T x [m,k]
static void outer(float *dw, const float *dy, const float *x, int m, int n, int k) {
    kernels()->gemm(dw, (size_t)k, dw, (size_t)k, dy, 1, (size_t)n, x, (size_t)k, n, k, m);
}

// One layer of one RNN over `rows` rows: pre-activations from inputs and (unless NULL) the states before.
static void layer_forward(float *gates, const struct layer_view *v, const float *x, const float *h_prev, int rows, int hidden) {
    affine(gates, x, v->w_ih_t, v->bias, rows, 4 * hidden, v->input);
    if (h_prev)
        add_product(gates, h_prev, v->w_hh_t, rows, 4 * hidden, hidden);
}

// Gradients of the weights from the gates' gradients; x and h_prev as in layer_forward.
static void layer_weights_backward(const struct layer_view *v, const float *dgates, const float *x, const float *h_prev, int rows,
                                   int hidden) {
    if (!v->dw_ih)
        return;
    outer(v->dw_ih, dgates, x, rows, 4 * hidden, v->input);
    if (h_prev)
        outer(v->dw_hh, dgates, h_prev, rows, 4 * hidden, hidden);
    kernels()->sum_rows(v->db_ih, dgates, 4 * (size_t)hidden, rows, 4 * hidden);
    kernels()->sum_rows(v->db_hh, dgates, 4 * (size_t)hidden, rows, 4 * hidden);
}

static void readout_forward(float *answers, const struct subject *s, const float *h, int rows, int outputs, int hidden) {
    affine(answers, h, s->w_out_t, s->b_out, rows, outputs, hidden);
}

static void readout_backward(const struct subject *s, float *dh, const float *danswers, const float *h, int rows, int outputs, int hidden) {
    add_product(dh, danswers, s->w_out, rows, hidden, outputs);
    if (s->dw_out) {
        outer(s->dw_out, danswers, h, rows, outputs, hidden);
        kernels()->sum_rows(s->db_out, danswers, (size_t)outputs, rows, outputs);
    }
}

// Saved by layer: gates [T,rows,4H]; c, tanh_c, h [T,rows,H]; in backward dh [T,rows,H], dc [rows,H].
struct layer_state {
    float *gates, *c, *tanh_c, *h, *dh, *dc;
};

static void layer_state_init(struct layer_state *s, struct arena *arena, size_t steps, size_t rows, size_t hidden, bool recording) {
    s->gates = arena_floats(arena, steps * rows * 4 * hidden);
    s->c = arena_floats(arena, steps * rows * hidden);
    s->tanh_c = arena_floats(arena, steps * rows * hidden);
    s->h = arena_floats(arena, steps * rows * hidden);
    if (recording) {
        s->dh = arena_calloc(arena, steps * rows * hidden * sizeof(float));
        s->dc = arena_calloc(arena, rows * hidden * sizeof(float));
    }
}

// Memory for all layers of an architecture.
static struct layer_state *layer_states(struct arena *arena, const struct rnn_arch *arch, int steps, int rows, bool recording) {
    struct layer_state *layer = arena_calloc(arena, (size_t)arch->layers * sizeof *layer);
    for (int l = 0; l < arch->layers; l++)
        layer_state_init(&layer[l], arena, (size_t)steps, (size_t)rows, (size_t)arch->hidden, recording);
    return layer;
}

static float *at(float *states, int t, int rows, int width) {
    return states + (size_t)t * (size_t)rows * (size_t)width;
}

// --- Step by step ---

// RNNs of one architecture, whose cells are computed together.
struct group {
    struct rnn_arch arch;
    int *which; // [count] their numbers in the batch
    int count;
    struct subject *subject;   // [count]
    struct layer_state *layer; // [layers]; rows i * M + m for the group's i-th RNN
};

struct interrogation {
    struct tape *tape;
    int input, output, count, probes, max_steps, steps;
    struct group *groups;
    int group_count;
    bool weights_wanted;
};

struct step_saved {
    struct interrogation *it;
    struct tensor *inputs, *answers;
    int t;
};

// All RNNs of the architecture of RNN `first`, which none before it has.
static struct group group_begin(struct interrogation *it, const struct rnn_batch *batch, int first) {
    struct arena *arena = &it->tape->arena;
    struct group g = {.arch = *batch->rnn[first].arch};
    for (int b = first; b < batch->count; b++)
        g.count += rnn_arch_equal(batch->rnn[b].arch, &g.arch);
    g.which = arena_alloc(arena, (size_t)g.count * sizeof *g.which);
    g.subject = arena_alloc(arena, (size_t)g.count * sizeof *g.subject);
    for (int b = first, i = 0; i < g.count; b++)
        if (rnn_arch_equal(batch->rnn[b].arch, &g.arch)) {
            g.subject[i] = subject_view(arena, &batch->rnn[b]);
            g.which[i++] = b;
        }
    g.layer = layer_states(arena, &g.arch, it->max_steps, g.count * it->probes, it->tape->recording);
    return g;
}

static bool grouped(const struct interrogation *it, const struct rnn_arch *arch) {
    for (int i = 0; i < it->group_count; i++)
        if (rnn_arch_equal(&it->groups[i].arch, arch))
            return true;
    return false;
}

struct interrogation *interrogation_begin(struct tape *tape, const struct rnn_batch *batch, int probes, int max_steps) {
    struct interrogation *it = arena_calloc(&tape->arena, sizeof *it);
    *it = (struct interrogation){.tape = tape,
                                 .input = batch->rnn->arch->input,
                                 .output = batch->rnn->arch->output,
                                 .count = batch->count,
                                 .probes = probes,
                                 .max_steps = max_steps,
                                 .weights_wanted = rnn_batch_trained(batch)};
    it->groups = arena_alloc(&tape->arena, (size_t)batch->count * sizeof *it->groups);
    for (int b = 0; b < batch->count; b++) {
        const struct rnn_arch *arch = batch->rnn[b].arch;
        assert(arch->input == it->input && arch->output == it->output);
        if (!grouped(it, arch))
            it->groups[it->group_count++] = group_begin(it, batch, b);
    }
    return it;
}

// Rows of the group's i-th RNN among those of the whole batch, [.., width].
static float *rows_of(const struct interrogation *it, const struct group *g, int i, float *rows, int width) {
    return rows + (size_t)(g->which[i] * it->probes) * (size_t)width;
}

static void group_backward(const struct step_saved *s, const struct group *g) {
    const struct interrogation *it = s->it;
    int H = g->arch.hidden, O = it->output, I = it->input, L = g->arch.layers, M = it->probes, R = g->count * M, t = s->t;
    struct layer_state *top = &g->layer[L - 1];
    for (int i = 0; i < g->count; i++)
        readout_backward(&g->subject[i], at(top->dh, t, R, H) + i * M * H, rows_of(it, g, i, s->answers->grad, O),
                         at(top->h, t, R, H) + i * M * H, M, O, H);
    for (int l = L; l-- > 0;) {
        struct layer_state *y = &g->layer[l], *below = l ? y - 1 : NULL;
        float *gates = at(y->gates, t, R, 4 * H);
        kernels()->lstm_backward(gates, y->dc, at(y->dh, t, R, H), gates, 4 * (size_t)H, at(y->tanh_c, t, R, H),
                                 t ? at(y->c, t - 1, R, H) : NULL, R, H);
        const float *h_prev = t ? at(y->h, t - 1, R, H) : NULL;
        for (int i = 0; i < g->count; i++) {
            const struct layer_view *v = &g->subject[i].layer[l];
            const float *dgates = gates + i * M * 4 * H;
            const float *x = below ? at(below->h, t, R, H) + i * M * H : rows_of(it, g, i, s->inputs->value, I);
            if (below)
                add_product(at(below->dh, t, R, H) + i * M * H, dgates, v->w_ih, M, H, 4 * H);
            else if (s->inputs->grad)
                add_product(rows_of(it, g, i, s->inputs->grad, I), dgates, v->w_ih, M, I, 4 * H);
            if (t)
                add_product(at(y->dh, t - 1, R, H) + i * M * H, dgates, v->w_hh, M, H, 4 * H);
            layer_weights_backward(v, dgates, x, h_prev ? h_prev + i * M * H : NULL, M, H);
        }
    }
}

static void step_backward(void *saved) {
    const struct step_saved *s = saved;
    for (int i = 0; i < s->it->group_count; i++)
        group_backward(s, &s->it->groups[i]);
}

static void group_forward(const struct step_saved *s, const struct group *g) {
    const struct interrogation *it = s->it;
    int H = g->arch.hidden, M = it->probes, R = g->count * M, t = s->t;
    for (int l = 0; l < g->arch.layers; l++) {
        struct layer_state *y = &g->layer[l];
        float *gates = at(y->gates, t, R, 4 * H), *h_prev = t ? at(y->h, t - 1, R, H) : NULL;
        for (int i = 0; i < g->count; i++) {
            const float *x = l ? at(y[-1].h, t, R, H) + i * M * H : rows_of(it, g, i, s->inputs->value, it->input);
            layer_forward(gates + i * M * 4 * H, &g->subject[i].layer[l], x, h_prev ? h_prev + i * M * H : NULL, M, H);
        }
        kernels()->lstm_forward(gates, 4 * (size_t)H, at(y->c, t, R, H), at(y->tanh_c, t, R, H), at(y->h, t, R, H),
                                t ? at(y->c, t - 1, R, H) : NULL, R, H);
    }
    const float *top = at(g->layer[g->arch.layers - 1].h, t, R, H);
    for (int i = 0; i < g->count; i++)
        readout_forward(rows_of(it, g, i, s->answers->value, it->output), &g->subject[i], top + i * M * H, M, it->output, H);
}

struct tensor *interrogation_step(struct interrogation *it, struct tensor *inputs) {
    int rows = it->count * it->probes;
    assert(it->steps < it->max_steps && inputs->rows == rows && inputs->cols == it->input);
    struct step_saved *s = arena_alloc(&it->tape->arena, sizeof *s);
    struct tensor *answers = tape_tensor(it->tape, rows, it->output, inputs->grad || it->weights_wanted);
    *s = (struct step_saved){it, inputs, answers, it->steps++};
    for (int i = 0; i < it->group_count; i++)
        group_forward(s, &it->groups[i]);
    if (answers->grad)
        tape_record(it->tape, step_backward, s);
    return answers;
}

// --- All steps at once: RNN by RNN, so that an RNN's weights stay in the nearest cache for all its steps ---

struct sequence_saved {
    int count, probes, steps, output;
    struct tensor *inputs, *answers; // [K*M,I], [K*B,M*O]
    struct subject *subject;         // [B]
    struct layer_state **layer;      // [B][layers]; rows m
};

// Row block (k, b) of the answers, M*O numbers.
static float *answer_at(const struct sequence_saved *s, float *answers, int k, int b) {
    return answers + ((size_t)k * (size_t)s->count + (size_t)b) * (size_t)(s->probes * s->output);
}

static void subject_forward(struct sequence_saved *s, int b) {
    const struct rnn_arch *arch = s->subject[b].arch;
    int H = arch->hidden, M = s->probes, K = s->steps;
    const float *x = s->inputs->value;
    for (int l = 0; l < arch->layers; l++) {
        const struct layer_view *v = &s->subject[b].layer[l];
        struct layer_state *y = &s->layer[b][l];
        layer_forward(y->gates, v, x, NULL, K * M, H); // the inputs of all steps at once
        for (int t = 0; t < K; t++) {
            if (t)
                add_product(at(y->gates, t, M, 4 * H), at(y->h, t - 1, M, H), v->w_hh_t, M, 4 * H, H);
            kernels()->lstm_forward(at(y->gates, t, M, 4 * H), 4 * (size_t)H, at(y->c, t, M, H), at(y->tanh_c, t, M, H), at(y->h, t, M, H),
                                    t ? at(y->c, t - 1, M, H) : NULL, M, H);
        }
        x = y->h;
    }
    for (int t = 0; t < K; t++)
        readout_forward(answer_at(s, s->answers->value, t, b), &s->subject[b], at(s->layer[b][arch->layers - 1].h, t, M, H), M, s->output,
                        H);
}

static void subject_backward(struct sequence_saved *s, int b) {
    const struct rnn_arch *arch = s->subject[b].arch;
    int H = arch->hidden, M = s->probes, K = s->steps, L = arch->layers;
    struct layer_state *top = &s->layer[b][L - 1];
    for (int t = 0; t < K; t++)
        readout_backward(&s->subject[b], at(top->dh, t, M, H), answer_at(s, s->answers->grad, t, b), at(top->h, t, M, H), M, s->output, H);
    for (int l = L; l-- > 0;) {
        const struct layer_view *v = &s->subject[b].layer[l];
        struct layer_state *y = &s->layer[b][l];
        for (int t = K; t-- > 0;) {
            float *gates = at(y->gates, t, M, 4 * H);
            kernels()->lstm_backward(gates, y->dc, at(y->dh, t, M, H), gates, 4 * (size_t)H, at(y->tanh_c, t, M, H),
                                     t ? at(y->c, t - 1, M, H) : NULL, M, H);
            if (t)
                add_product(at(y->dh, t - 1, M, H), gates, v->w_hh, M, H, 4 * H);
        }
        float *dx = l ? s->layer[b][l - 1].dh : s->inputs->grad;
        if (dx)
            add_product(dx, y->gates, v->w_ih, K * M, v->input, 4 * H);
        layer_weights_backward(v, y->gates, l ? s->layer[b][l - 1].h : s->inputs->value, NULL, K * M, H);
        if (v->dw_hh && K > 1)
            outer(v->dw_hh, at(y->gates, 1, M, 4 * H), y->h, (K - 1) * M, 4 * H, H);
    }
}

static void sequence_backward(void *saved) {
    struct sequence_saved *s = saved;
    for (int b = 0; b < s->count; b++)
        subject_backward(s, b);
}

struct tensor *interrogation_sequence(struct tape *tape, const struct rnn_batch *batch, struct tensor *inputs, int probes) {
    struct arena *arena = &tape->arena;
    const struct rnn_arch *arch = batch->rnn->arch;
    struct sequence_saved *s = arena_alloc(arena, sizeof *s);
    *s = (struct sequence_saved){
        .count = batch->count, .probes = probes, .steps = inputs->rows / probes, .output = arch->output, .inputs = inputs};
    s->answers = tape_tensor(tape, s->steps * s->count, probes * s->output, inputs->grad || rnn_batch_trained(batch));
    s->subject = arena_alloc(arena, (size_t)s->count * sizeof *s->subject);
    s->layer = arena_alloc(arena, (size_t)s->count * sizeof *s->layer);
    for (int b = 0; b < s->count; b++) {
        arch = batch->rnn[b].arch;
        assert(inputs->rows % probes == 0 && inputs->cols == arch->input && s->output == arch->output);
        s->subject[b] = subject_view(arena, &batch->rnn[b]);
        s->layer[b] = layer_states(arena, arch, s->steps, probes, s->answers->grad);
        subject_forward(s, b);
    }
    if (s->answers->grad)
        tape_record(tape, sequence_backward, s);
    return s->answers;
}
