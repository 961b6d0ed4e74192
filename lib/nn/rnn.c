// Simple recurrent networks (Elman 1990), one block, with tanh or with ReLU:
//     h' = tanh(W_ih x + b_ih + W_hh h + b_hh);  h' = max(0, W_ih x + b_ih + W_hh h + b_hh)
#include "nn/cell.h"

#include "math/kernels.h"

#include <string.h>

static size_t units(const struct cell_step *s) {
    return (size_t)s->rows * (size_t)s->hidden;
}

static void tanh_forward(const struct cell_step *s) {
    kernels()->tanh(s->gates, s->gates, units(s));
    memcpy(s->h, s->gates, units(s) * sizeof *s->h);
}

// dh (1 - h'^2)
static void tanh_backward(const struct cell_step *s) {
    kernels()->tanh_backward(s->gates, s->dh, s->gates, units(s));
}

static void relu_forward(const struct cell_step *s) {
    kernels()->relu(s->gates, s->gates, units(s));
    memcpy(s->h, s->gates, units(s) * sizeof *s->h);
}

// dh where h' > 0, else 0
static void relu_backward(const struct cell_step *s) {
    kernels()->relu_backward(s->gates, s->dh, s->gates, units(s));
}

const struct cell cell_rnn_tanh = {.name = "rnn_tanh",
                                   .prefix = "rnn",
                                   .blocks = "h",
                                   .gates = 1,
                                   .states = 1,
                                   .symmetry = CELL_SIGNS,
                                   .forward = tanh_forward,
                                   .backward = tanh_backward};

const struct cell cell_rnn_relu = {.name = "rnn_relu",
                                   .prefix = "rnn",
                                   .blocks = "h",
                                   .gates = 1,
                                   .states = 1,
                                   .symmetry = CELL_SCALES,
                                   .forward = relu_forward,
                                   .backward = relu_backward};
