#include "rnn/layer.h"

#include "math/kernels.h"

#include <string.h>

size_t layer_size(const struct cell *cell, int input, int hidden) {
    return cell_inputs(cell, hidden) * ((size_t)input + (size_t)hidden + 1) + (size_t)cell->apart * (size_t)hidden;
}

struct layer layer_make(const struct cell *cell, int input, int hidden, const float *const weights[RNN_PARTS], float *memory) {
    const struct kernels *k = kernels();
    const size_t G = cell_inputs(cell, hidden), H = (size_t)hidden, I = (size_t)input, apart = (size_t)cell->apart * H;
    struct layer l = {.cell = cell, .input = input, .hidden = hidden, .w_hh_t = memory, .w_ih_t = memory + H * G};
    l.bias = l.w_ih_t + I * G;
    l.alone = l.bias + G;
    k->transpose(l.w_hh_t, G, weights[W_HH], H, (int)G, hidden);
    if (weights[W_IH])
        k->transpose(l.w_ih_t, G, weights[W_IH], I, (int)G, input);
    memcpy(l.bias, weights[B_IH], G * sizeof(float));
    k->axpy(l.bias, 1, weights[B_HH], G - apart);
    memcpy(l.alone, weights[B_HH] + G - apart, apart * sizeof(float));
    return l;
}

void layer_inputs(const struct layer *l, float *gates, const float *x, int rows) {
    const size_t G = cell_inputs(l->cell, l->hidden), I = (size_t)l->input;
    kernels()->gemm(gates, cell_width(l->cell, l->hidden), l->bias, 0, x, I, 1, l->w_ih_t, G, rows, (int)G, l->input);
}

void layer_recurrence(const struct layer *l, float *gates, const float *h, int rows) {
    const struct kernels *k = kernels();
    const size_t G = cell_inputs(l->cell, l->hidden), ld = cell_width(l->cell, l->hidden), H = (size_t)l->hidden;
    const int apart = l->cell->apart * l->hidden, joined = (int)G - apart;
    if (h)
        k->gemm(gates, ld, gates, ld, h, H, 1, l->w_hh_t, G, rows, joined, l->hidden);
    if (h && apart)
        k->gemm(gates + G, ld, l->alone, 0, h, H, 1, l->w_hh_t + joined, G, rows, apart, l->hidden);
    else if (apart)
        k->fill_rows(gates + G, ld, l->alone, rows, apart);
}
