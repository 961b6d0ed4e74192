#include "analysis/walker.h"

#include "base/memory.h"
#include "math/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 }; // walks at a time

struct walker_layer {
    float *w_ih_t, *w_hh_t; // [input,G*H], [H,G*H]
    float *bias;            // [G*H]: b_ih, and b_hh too but for blocks that are kept apart
    const float *bias_hh;   // [G*H], of which the last blocks are used
    int input;
};

struct walker {
    struct rnn_arch arch;
    float *w_out_t; // [H,O]
    const float *b_out;
    float *x, *h, *c, *h_next, *c_next, *saved, *gates; // [BLOCK, input or H], [BLOCK,H] ..., [BLOCK,width]
    struct walker_layer layer[RNN_MAX_LAYERS];
};

static float *floats(size_t n) {
    return memory_calloc(n, sizeof(float));
}

static float *transposed(const float *in, int rows, int cols) {
    float *out = floats((size_t)rows * (size_t)cols);
    kernels()->transpose(out, (size_t)rows, in, (size_t)cols, rows, cols);
    return out;
}

static int wider(int a, int b) {
    return a > b ? a : b;
}

// Blocks whose two products add up, in floats of a row: all but those kept apart.
static size_t together(const struct rnn_arch *arch) {
    return (size_t)(arch->cell->gates - arch->cell->apart) * (size_t)arch->hidden;
}

static void layer_view(struct walker_layer *layer, const struct rnn_arch *arch, int l, const struct params *table, const float *weights) {
    size_t G = cell_inputs(arch->cell, arch->hidden);
    const struct param *const p = table->list;
    layer->input = l ? arch->hidden : arch->input;
    layer->w_ih_t = transposed(weights + p[rnn_param(arch, l, W_IH)].offset, (int)G, layer->input);
    layer->w_hh_t = transposed(weights + p[rnn_param(arch, l, W_HH)].offset, (int)G, arch->hidden);
    layer->bias = memcpy(floats(G), weights + p[rnn_param(arch, l, B_IH)].offset, G * sizeof(float));
    layer->bias_hh = weights + p[rnn_param(arch, l, B_HH)].offset;
    kernels()->axpy(layer->bias, 1, layer->bias_hh, together(arch));
}

struct walker *walker_new(const struct rnn_arch *arch, const struct params *table, const float *weights) {
    struct walker *w = memory_calloc(1, sizeof *w);
    size_t H = (size_t)arch->hidden;
    w->arch = *arch;
    for (int l = 0; l < arch->layers; l++)
        layer_view(&w->layer[l], arch, l, table, weights);
    w->w_out_t = transposed(weights + table->list[rnn_readout(arch)].offset, arch->output, arch->hidden);
    w->b_out = weights + table->list[rnn_readout(arch) + 1].offset;
    w->x = floats(BLOCK * (size_t)wider(arch->hidden, arch->input));
    float **const states[] = {&w->h, &w->c, &w->h_next, &w->c_next};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        *states[i] = floats(BLOCK * H);
    w->saved = floats(BLOCK * H * (size_t)(arch->cell->saved + 1));
    w->gates = floats(BLOCK * cell_width(arch->cell, arch->hidden));
    return w;
}

void walker_free(struct walker *w) {
    if (!w)
        return;
    for (int l = 0; l < w->arch.layers; l++) {
        free(w->layer[l].w_ih_t);
        free(w->layer[l].w_hh_t);
        free(w->layer[l].bias);
    }
    float *const all[] = {w->w_out_t, w->x, w->h, w->c, w->h_next, w->c_next, w->saved, w->gates};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(w);
}

const struct rnn_arch *walker_arch(const struct walker *w) {
    return &w->arch;
}

int walker_vectors(const struct walker *w) {
    return w->arch.cell->states;
}

int walker_gates(const struct walker *w) {
    return w->arch.cell->gates;
}

size_t walker_state_size(const struct walker *w) {
    return (size_t)walker_vectors(w) * (size_t)w->arch.layers * (size_t)w->arch.hidden;
}

// W_ih x + bias for the first layer's inputs: a column of W_ih for a token, a product for rows of numbers.
static void read_inputs(struct walker *w, const struct walk_step *step, int first, int count) {
    const struct walker_layer *v = &w->layer[0];
    size_t G = cell_inputs(w->arch.cell, w->arch.hidden), width = cell_width(w->arch.cell, w->arch.hidden), I = (size_t)w->arch.input;
    if (!step->tokens) {
        kernels()->gemm(w->gates, width, v->bias, 0, step->inputs + (size_t)first * I, I, 1, v->w_ih_t, G, count, (int)G, (int)I);
        return;
    }
    kernels()->fill_rows(w->gates, width, v->bias, count, (int)G);
    for (int i = 0; i < count; i++)
        kernels()->axpy(w->gates + (size_t)i * width, 1, v->w_ih_t + (size_t)step->tokens[first + i] * G, G);
}

// + W_hh h: added to the blocks that add up, put with its bias behind the inputs' for those kept apart (nn/cell.h).
static void read_state(struct walker *w, const struct walker_layer *v, int count) {
    const struct kernels *k = kernels();
    size_t H = (size_t)w->arch.hidden, G = cell_inputs(w->arch.cell, w->arch.hidden), width = cell_width(w->arch.cell, w->arch.hidden),
           sum = together(&w->arch);
    k->gemm(w->gates, width, w->gates, width, w->h, H, 1, v->w_hh_t, G, count, (int)sum, (int)H);
    if (width > G)
        k->gemm(w->gates + G, width, v->bias_hh + sum, 0, w->h, H, 1, v->w_hh_t + sum, G, count, (int)(G - sum), (int)H);
}

// Vector k of layer l of the states of a block, gathered into rows and back.
static void gather(float *rows, const float *const *states, int count, size_t at, size_t H) {
    for (int i = 0; i < count; i++)
        if (states[i])
            memcpy(rows + (size_t)i * H, states[i] + at, H * sizeof(float));
        else
            memset(rows + (size_t)i * H, 0, H * sizeof(float));
}

static void scatter(float *const *states, const float *rows, int count, size_t at, size_t H) {
    for (int i = 0; i < count; i++)
        memcpy(states[i] + at, rows + (size_t)i * H, H * sizeof(float));
}

static void keep_gates(const struct walker *w, const struct walk_step *step, int first, int count, int l) {
    size_t G = cell_inputs(w->arch.cell, w->arch.hidden), width = cell_width(w->arch.cell, w->arch.hidden), L = (size_t)w->arch.layers;
    for (int i = 0; step->gates && i < count; i++)
        memcpy(step->gates + ((size_t)(first + i) * L + (size_t)l) * G, w->gates + (size_t)i * width, G * sizeof(float));
}

static void step_layer(struct walker *w, const struct walk_step *step, int first, int count, int l) {
    size_t H = (size_t)w->arch.hidden, G = cell_inputs(w->arch.cell, w->arch.hidden), width = cell_width(w->arch.cell, w->arch.hidden);
    size_t at = (size_t)l * (size_t)walker_vectors(w) * H;
    bool has_c = walker_vectors(w) == 2;
    const struct walker_layer *v = &w->layer[l];
    gather(w->h, step->before + first, count, at, H);
    if (has_c)
        gather(w->c, step->before + first, count, at + H, H);
    if (l)
        kernels()->gemm(w->gates, width, v->bias, 0, w->x, H, 1, v->w_ih_t, G, count, (int)G, (int)H);
    else
        read_inputs(w, step, first, count);
    read_state(w, v, count);
    w->arch.cell->forward(&(struct cell_step){.rows = count,
                                              .hidden = (int)H,
                                              .gates = w->gates,
                                              .h = w->h_next,
                                              .c = has_c ? w->c_next : NULL,
                                              .h_before = w->h,
                                              .c_before = has_c ? w->c : NULL,
                                              .saved = w->saved});
    keep_gates(w, step, first, count, l);
    memcpy(w->x, w->h_next, (size_t)count * H * sizeof(float));
    scatter(step->after + first, w->h_next, count, at, H);
    if (has_c)
        scatter(step->after + first, w->c_next, count, at + H, H);
}

static void step_block(struct walker *w, const struct walk_step *step, int first, int count) {
    size_t H = (size_t)w->arch.hidden, O = (size_t)w->arch.output;
    for (int l = 0; l < w->arch.layers; l++)
        step_layer(w, step, first, count, l);
    if (step->answers)
        kernels()->gemm(step->answers + (size_t)first * O, O, w->b_out, 0, w->x, H, 1, w->w_out_t, O, count, (int)O, (int)H);
}

void walker_step(struct walker *w, const struct walk_step *step) {
    for (int first = 0; first < step->count; first += BLOCK)
        step_block(w, step, first, step->count - first < BLOCK ? step->count - first : BLOCK);
}

void walker_log_softmax(double *log_p, const float *answers, int count, int outputs) {
    for (int i = 0; i < count; i++, answers += outputs, log_p += outputs) {
        double greatest = -INFINITY, sum = 0;
        for (int o = 0; o < outputs; o++)
            greatest = fmax(greatest, (double)answers[o]);
        for (int o = 0; o < outputs; o++)
            sum += exp((double)answers[o] - greatest);
        for (int o = 0; o < outputs; o++)
            log_p[o] = (double)answers[o] - greatest - log(sum);
    }
}
