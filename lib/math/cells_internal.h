// Kernels of recurrent cells' steps; a part of kernels.c, compiled with it for each instruction set.
#ifndef MATH_CELLS_INTERNAL_H
#define MATH_CELLS_INTERNAL_H

#include "math/functions_internal.h"

// --- LSTM ---

// Gates and c of rows first to last - 1.
INLINE void lstm_gates(float *gates, size_t ldg, float *c, const float *c_prev, int first, int last, int hidden) {
    for (int r = first; r < last; r++) {
        float *gi = gates + r * ldg, *gf = gi + hidden, *gg = gf + hidden, *go = gg + hidden;
        const size_t row = (size_t)r * hidden;
        for (int j = 0; j < hidden; j += LANES) {
            const lane_mask lanes = first_lanes(lanes_left(hidden, j));
            vec i, f, g, o;
            divide_two(gate_quotient(vec_load_first(gi + j, lanes)), gate_quotient(vec_load_first(gf + j, lanes)), &i, &f);
            divide_two(tanh_quotient(vec_load_first(gg + j, lanes)), gate_quotient(vec_load_first(go + j, lanes)), &g, &o);
            vec_store_first(gi + j, i, lanes);
            vec_store_first(gf + j, f, lanes);
            vec_store_first(gg + j, g, lanes);
            vec_store_first(go + j, o, lanes);
            const vec previous = c_prev ? vec_load_first(c_prev + row + j, lanes) : vec_set(0);
            vec_store_first(c + row + j, vec_fma(f, previous, i * g), lanes);
        }
    }
}

static void lstm_forward(float *gates, size_t ldg, float *c, float *tanh_c, float *h, const float *c_prev, int rows, int hidden) {
    // tanh(c) in a loop of its own: behind the gates it would be one long chain that the CPU waits for.
    const int group = 1 + 255 / (hidden + 1);
    for (int first = 0; first < rows; first += group) {
        const int last = first + group < rows ? first + group : rows;
        lstm_gates(gates, ldg, c, c_prev, first, last, hidden);
        for (int r = first; r < last; r++) {
            const float *go = gates + r * ldg + 3 * hidden;
            const size_t row = (size_t)r * hidden;
            for (int j = 0; j < hidden; j += LANES) {
                const lane_mask lanes = first_lanes(lanes_left(hidden, j));
                const vec t = tanh_of(vec_load_first(c + row + j, lanes));
                vec_store_first(tanh_c + row + j, t, lanes);
                vec_store_first(h + row + j, vec_load_first(go + j, lanes) * t, lanes);
            }
        }
    }
}

static void lstm_backward(float *dgates, float *dc, const float *dh, const float *gates, size_t ldg, const float *tanh_c,
                          const float *c_prev, int rows, int hidden) {
    for (int r = 0; r < rows; r++) {
        const float *gi = gates + r * ldg, *gf = gi + hidden, *gg = gf + hidden, *go = gg + hidden;
        float *di = dgates + r * ldg, *df = di + hidden, *dg = df + hidden, *d_o = dg + hidden;
        const size_t row = (size_t)r * hidden;
        for (int j = 0; j < hidden; j += LANES) {
            const lane_mask lanes = first_lanes(lanes_left(hidden, j));
            const vec i = vec_load_first(gi + j, lanes), f = vec_load_first(gf + j, lanes);
            const vec g = vec_load_first(gg + j, lanes), o = vec_load_first(go + j, lanes);
            const vec t = vec_load_first(tanh_c + row + j, lanes), dhv = vec_load_first(dh + row + j, lanes);
            const vec cp = c_prev ? vec_load_first(c_prev + row + j, lanes) : vec_set(0);
            const vec dcv = vec_fma(dhv * o, vec_fma(-t, t, vec_set(1)), vec_load_first(dc + row + j, lanes));
            vec_store_first(di + j, dcv * g * (i * (1.0f - i)), lanes);
            vec_store_first(df + j, dcv * cp * (f * (1.0f - f)), lanes);
            vec_store_first(dg + j, dcv * i * vec_fma(-g, g, vec_set(1)), lanes);
            vec_store_first(d_o + j, dhv * t * (o * (1.0f - o)), lanes);
            vec_store_first(dc + row + j, dcv * f, lanes);
        }
    }
}

// --- GRU ---

static void gru_forward(float *gates, size_t ldg, float *h, const float *h_prev, int rows, int hidden) {
    for (int row = 0; row < rows; row++) {
        float *gr = gates + row * ldg, *gz = gr + hidden, *gn = gz + hidden;
        const float *alone = gn + hidden;
        const size_t at = (size_t)row * hidden;
        for (int j = 0; j < hidden; j += LANES) {
            const lane_mask lanes = first_lanes(lanes_left(hidden, j));
            vec r, z;
            divide_two(gate_quotient(vec_load_first(gr + j, lanes)), gate_quotient(vec_load_first(gz + j, lanes)), &r, &z);
            vec_store_first(gr + j, r, lanes);
            vec_store_first(gz + j, z, lanes);
            vec_store_first(gn + j, vec_fma(r, vec_load_first(alone + j, lanes), vec_load_first(gn + j, lanes)), lanes);
        }
        for (int j = 0; j < hidden; j += LANES) { // not behind the gates, which would make one long chain
            const lane_mask lanes = first_lanes(lanes_left(hidden, j));
            const vec n = tanh_of(vec_load_first(gn + j, lanes)), z = vec_load_first(gz + j, lanes);
            const vec previous = h_prev ? vec_load_first(h_prev + at + j, lanes) : vec_set(0);
            vec_store_first(gn + j, n, lanes);
            vec_store_first(h + at + j, vec_fma(z, previous - n, n), lanes);
        }
    }
}

static void gru_backward(float *dgates, float *dh_prev, const float *dh, const float *gates, size_t ldg, const float *h_prev, int rows,
                         int hidden) {
    for (int row = 0; row < rows; row++) {
        const float *gr = gates + row * ldg, *gz = gr + hidden, *gn = gz + hidden, *alone = gn + hidden;
        float *dr = dgates + row * ldg, *dz = dr + hidden, *dn = dz + hidden, *d_alone = dn + hidden;
        const size_t at = (size_t)row * hidden;
        for (int j = 0; j < hidden; j += LANES) {
            const lane_mask lanes = first_lanes(lanes_left(hidden, j));
            const vec r = vec_load_first(gr + j, lanes), z = vec_load_first(gz + j, lanes), n = vec_load_first(gn + j, lanes);
            const vec a = vec_load_first(alone + j, lanes), dhv = vec_load_first(dh + at + j, lanes);
            const vec previous = h_prev ? vec_load_first(h_prev + at + j, lanes) : vec_set(0);
            const vec dnv = dhv * (1.0f - z) * vec_fma(-n, n, vec_set(1));
            vec_store_first(dr + j, dnv * a * (r * (1.0f - r)), lanes);
            vec_store_first(dz + j, dhv * (previous - n) * (z * (1.0f - z)), lanes);
            vec_store_first(dn + j, dnv, lanes);
            vec_store_first(d_alone + j, dnv * r, lanes);
            if (dh_prev)
                vec_store_first(dh_prev + at + j, vec_fma(dhv, z, vec_load_first(dh_prev + at + j, lanes)), lanes);
        }
    }
}

// --- RNN ---

static void tanh_backward(float *dx, const float *dy, const float *y, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        const lane_mask lanes = first_lanes(lanes_left(n, i));
        const vec yv = vec_load_first(y + i, lanes);
        vec_store_first(dx + i, vec_load_first(dy + i, lanes) * vec_fma(-yv, yv, vec_set(1)), lanes);
    }
}

static void relu_backward(float *dx, const float *dy, const float *y, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        const lane_mask lanes = first_lanes(lanes_left(n, i));
        const ivec on = vec_load_first(y + i, lanes) > vec_set(0);
        vec_store_first(dx + i, (vec)((ivec)vec_load_first(dy + i, lanes) & on), lanes);
    }
}

#endif
