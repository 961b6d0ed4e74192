// GRU (Cho et al. 2014) in PyTorch's form, blocks r, z, n; the recurrent part of n, W_hn h + b_hn, is kept apart, since r multiplies it:
//     r = sig(W_ir x + b_ir + W_hr h + b_hr);  z = sig(W_iz x + b_iz + W_hz h + b_hz)
//     n = tanh(W_in x + b_in + r (W_hn h + b_hn));  h' = (1 - z) n + z h
#include "nn/cell.h"

#include "math/kernels.h"

// gates: r, z, n, and a = W_hn h + b_hn
static void forward(const struct cell_step *s) {
    kernels()->gru_forward(s->gates, cell_width(&cell_gru, s->hidden), s->h, s->h_before, s->rows, s->hidden);
}

// dn = dh (1 - z) (1 - n^2);  da = dn r;  dr = dn a r (1 - r);  dz = dh (h - n) z (1 - z);  dh for the step before += dh z
static void backward(const struct cell_step *s) {
    kernels()->gru_backward(s->gates, s->dh_before, s->dh, s->gates, cell_width(&cell_gru, s->hidden), s->h_before, s->rows, s->hidden);
}

const struct cell cell_gru = {.name = "gru",
                              .prefix = "gru",
                              .blocks = "rzn",
                              .gates = 3,
                              .apart = 1,
                              .states = 1,
                              .candidate = 2,
                              .symmetry = CELL_SIGNS,
                              .forward = forward,
                              .backward = backward};
