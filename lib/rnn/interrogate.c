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
    struct layer_view layer[RNN_MAX_LAYERS];
    const float *w_out, *b_out; // [O,H], [O]
    float *w_out_t;             // [H,O]
    float *dw_out, *db_out;
};

static struct subject subject_view(struct arena *arena, const struct rnn_batch *batch, int b) {
    const struct rnn_arch *arch = &batch->arch;
    const struct kernels *k = kernels();
    const struct param *p = batch->table->list;
    const float *w = batch->weights[b];
    float *grad = batch->grads ? batch->grads[b] : NULL;
    size_t G = 4 * (size_t)arch->hidden, H = (size_t)arch->hidden, O = (size_t)arch->output;
    struct subject s;
    assert(arch->cell == &cell_lstm);
    for (int l = 0; l < arch->layers; l++, p += 4) {
        struct layer_view *v = &s.layer[l];
        int input = l ? arch->hidden : arch->input;
        *v = (struct layer_view){.input = input, .w_ih = w + p[0].offset, .w_hh = w + p[1].offset};
        v->w_ih_t = arena_floats(arena, (size_t)input * G);
        v->w_hh_t = arena_floats(arena, H * G);
        v->bias = arena_floats(arena, G);
        k->transpose(v->w_ih_t, G, v->w_ih, (size_t)input, (int)G, input);
        k->transpose(v->w_hh_t, G, v->w_hh, H, (int)G, (int)H);
        memcpy(v->bias, w + p[2].offset, G * sizeof(float));
        k->axpy(v->bias, 1, w + p[3].offset, G);
        if (grad) {
            v->dw_ih = grad + p[0].offset;
            v->dw_hh = grad + p[1].offset;
            v->db_ih = grad + p[2].offset;
            v->db_hh = grad + p[3].offset;
        }
    }
    s.w_out = w + p[0].offset;
    s.b_out = w + p[1].offset;
    s.dw_out = grad ? grad + p[0].offset : NULL;
    s.db_out = grad ? grad + p[1].offset : NULL;
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

struct interrogation {
    struct tape *tape;
    struct rnn_arch arch;
    int count, probes, rows, max_steps, steps; // rows = B * M
    struct subject *subject;                   // [B]
    struct layer_state layer[RNN_MAX_LAYERS];  // rows b * M + m
    bool weights_wanted;
};

struct step_saved {
    struct interrogation *it;
    struct tensor *inputs, *answers;
    int t;
};

struct interrogation *interrogation_begin(struct tape *tape, const struct rnn_batch *batch, int probes, int max_steps) {
    struct interrogation *it = arena_calloc(&tape->arena, sizeof *it);
    *it = (struct interrogation){.tape = tape,
                                 .arch = batch->arch,
                                 .count = batch->count,
                                 .probes = probes,
                                 .rows = batch->count * probes,
                                 .max_steps = max_steps,
                                 .weights_wanted = batch->grads != NULL};
    it->subject = arena_alloc(&tape->arena, (size_t)batch->count * sizeof *it->subject);
    for (int b = 0; b < batch->count; b++)
        it->subject[b] = subject_view(&tape->arena, batch, b);
    for (int l = 0; l < it->arch.layers; l++)
        layer_state_init(&it->layer[l], &tape->arena, (size_t)max_steps, (size_t)it->rows, (size_t)it->arch.hidden, tape->recording);
    return it;
}

static float *at(float *states, int t, int rows, int width) {
    return states + (size_t)t * (size_t)rows * (size_t)width;
}

static void step_backward(void *saved) {
    const struct step_saved *s = saved;
    struct interrogation *it = s->it;
    int H = it->arch.hidden, O = it->arch.output, I = it->arch.input, L = it->arch.layers, M = it->probes, R = it->rows, t = s->t;
    struct layer_state *top = &it->layer[L - 1];
    for (int b = 0; b < it->count; b++)
        readout_backward(&it->subject[b], at(top->dh, t, R, H) + b * M * H, s->answers->grad + b * M * O, at(top->h, t, R, H) + b * M * H,
                         M, O, H);
    for (int l = L; l-- > 0;) {
        struct layer_state *y = &it->layer[l];
        float *gates = at(y->gates, t, R, 4 * H);
        kernels()->lstm_backward(gates, y->dc, at(y->dh, t, R, H), gates, 4 * (size_t)H, at(y->tanh_c, t, R, H),
                                 t ? at(y->c, t - 1, R, H) : NULL, R, H);
        const float *x = l ? at(it->layer[l - 1].h, t, R, H) : s->inputs->value, *h_prev = t ? at(y->h, t - 1, R, H) : NULL;
        float *dx = l ? at(it->layer[l - 1].dh, t, R, H) : s->inputs->grad;
        int width = l ? H : I;
        for (int b = 0; b < it->count; b++) {
            const struct layer_view *v = &it->subject[b].layer[l];
            const float *dgates = gates + b * M * 4 * H;
            if (dx)
                add_product(dx + b * M * width, dgates, v->w_ih, M, width, 4 * H);
            if (t)
                add_product(at(y->dh, t - 1, R, H) + b * M * H, dgates, v->w_hh, M, H, 4 * H);
            layer_weights_backward(v, dgates, x + b * M * width, h_prev ? h_prev + b * M * H : NULL, M, H);
        }
    }
}

struct tensor *interrogation_step(struct interrogation *it, struct tensor *inputs) {
    int H = it->arch.hidden, O = it->arch.output, M = it->probes, R = it->rows, t = it->steps++;
    assert(t < it->max_steps && inputs->rows == R && inputs->cols == it->arch.input);
    const float *x = inputs->value;
    for (int l = 0, width = it->arch.input; l < it->arch.layers; l++, width = H) {
        struct layer_state *y = &it->layer[l];
        float *gates = at(y->gates, t, R, 4 * H), *h_prev = t ? at(y->h, t - 1, R, H) : NULL;
        for (int b = 0; b < it->count; b++)
            layer_forward(gates + b * M * 4 * H, &it->subject[b].layer[l], x + b * M * width, h_prev ? h_prev + b * M * H : NULL, M, H);
        kernels()->lstm_forward(gates, 4 * (size_t)H, at(y->c, t, R, H), at(y->tanh_c, t, R, H), at(y->h, t, R, H),
                                t ? at(y->c, t - 1, R, H) : NULL, R, H);
        x = at(y->h, t, R, H);
    }
    struct tensor *answers = tape_tensor(it->tape, R, O, inputs->grad || it->weights_wanted);
    for (int b = 0; b < it->count; b++)
        readout_forward(answers->value + b * M * O, &it->subject[b], x + b * M * H, M, O, H);
    if (answers->grad) {
        struct step_saved *s = arena_alloc(&it->tape->arena, sizeof *s);
        *s = (struct step_saved){it, inputs, answers, t};
        tape_record(it->tape, step_backward, s);
    }
    return answers;
}

// The sequence form goes RNN by RNN, so that an RNN's weights stay in the nearest cache for all its steps.
struct sequence_saved {
    struct rnn_arch arch;
    int count, probes, steps;
    struct tensor *inputs, *answers;             // [K*M,I], [K*B,M*O]
    struct subject *subject;                     // [B]
    struct layer_state (*layer)[RNN_MAX_LAYERS]; // [B]; rows m
};

// Row block (k, b) of the answers, M*O numbers.
static float *answer_at(const struct sequence_saved *s, float *answers, int k, int b) {
    return answers + ((size_t)k * (size_t)s->count + (size_t)b) * (size_t)(s->probes * s->arch.output);
}

static void subject_forward(struct sequence_saved *s, int b) {
    int H = s->arch.hidden, M = s->probes, K = s->steps;
    const float *x = s->inputs->value;
    for (int l = 0; l < s->arch.layers; l++) {
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
        readout_forward(answer_at(s, s->answers->value, t, b), &s->subject[b], at(s->layer[b][s->arch.layers - 1].h, t, M, H), M,
                        s->arch.output, H);
}

static void subject_backward(struct sequence_saved *s, int b) {
    int H = s->arch.hidden, M = s->probes, K = s->steps, L = s->arch.layers;
    struct layer_state *top = &s->layer[b][L - 1];
    for (int t = 0; t < K; t++)
        readout_backward(&s->subject[b], at(top->dh, t, M, H), answer_at(s, s->answers->grad, t, b), at(top->h, t, M, H), M, s->arch.output,
                         H);
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
    assert(inputs->rows % probes == 0 && inputs->cols == batch->arch.input);
    struct sequence_saved *s = arena_alloc(&tape->arena, sizeof *s);
    *s = (struct sequence_saved){
        .arch = batch->arch, .count = batch->count, .probes = probes, .steps = inputs->rows / probes, .inputs = inputs};
    s->answers = tape_tensor(tape, s->steps * s->count, probes * s->arch.output, inputs->grad || batch->grads);
    s->subject = arena_alloc(&tape->arena, (size_t)s->count * sizeof *s->subject);
    s->layer = arena_calloc(&tape->arena, (size_t)s->count * sizeof *s->layer);
    for (int b = 0; b < s->count; b++) {
        s->subject[b] = subject_view(&tape->arena, batch, b);
        for (int l = 0; l < s->arch.layers; l++)
            layer_state_init(&s->layer[b][l], &tape->arena, (size_t)s->steps, (size_t)probes, (size_t)s->arch.hidden, s->answers->grad);
        subject_forward(s, b);
    }
    if (s->answers->grad)
        tape_record(tape, sequence_backward, s);
    return s->answers;
}
