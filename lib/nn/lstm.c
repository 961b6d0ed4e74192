// LSTM (Hochreiter and Schmidhuber 1997, with forget gates), blocks i, f, g, o:
//     c' = sig(f) c + sig(i) tanh(g);  h' = sig(o) tanh(c')
#include "nn/cell.h"

#include "math/kernels.h"

// saved: tanh(c')
static void forward(const struct cell_step *s) {
    kernels()->lstm_forward(s->gates, 4 * (size_t)s->hidden, s->c, s->saved, s->h, s->c_before, s->rows, s->hidden);
}

// do = dh tanh(c') sig'(o);  dc += dh sig(o) (1 - tanh(c')^2);  di = dc g sig'(i);  df = dc c sig'(f);  dg = dc i (1 - g^2);
// dc for the step before = dc sig(f)
static void backward(const struct cell_step *s) {
    kernels()->lstm_backward(s->gates, s->dc, s->dh, s->gates, 4 * (size_t)s->hidden, s->saved, s->c_before, s->rows, s->hidden);
}

const struct cell cell_lstm = {.name = "lstm",
                               .prefix = "lstm",
                               .blocks = "ifgo",
                               .gates = 4,
                               .states = 2,
                               .saved = 1,
                               .candidate = 2,
                               .symmetry = CELL_SIGNS,
                               .forward = forward,
                               .backward = backward};
