// Kernels that add to rows of matrices and sum over them; a part of kernels.c, compiled with it for each instruction set.
#ifndef MATH_ROWS_INTERNAL_H
#define MATH_ROWS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "math/vector_internal.h"

static void add_rows(float *y, size_t ldy, const float *bias, int rows, int cols) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            y[r * ldy + c] += bias[c];
}

static void fill_rows(float *y, size_t ldy, const float *bias, int rows, int cols) {
    for (int r = 0; r < rows && cols > 0; r++)
        memcpy(y + r * ldy, bias, (size_t)cols * sizeof *y);
}

static void sum_rows(float *sum, const float *x, size_t ldx, int rows, int cols) {
    int c = 0;
    for (; c + 4 * LANES <= cols; c += 4 * LANES) {
        vec s[4];
        for (int v = 0; v < 4; v++)
            s[v] = vec_load(sum + c + v * LANES);
        for (int r = 0; r < rows; r++)
            for (int v = 0; v < 4; v++)
                s[v] += vec_load(x + r * ldx + c + v * LANES);
        for (int v = 0; v < 4; v++)
            vec_store(sum + c + v * LANES, s[v]);
    }
    for (; c < cols; c += LANES) {
        const lane_mask lanes = first_lanes(lanes_left(cols, c));
        vec s = vec_load_first(sum + c, lanes);
        for (int r = 0; r < rows; r++)
            s += vec_load_first(x + r * ldx + c, lanes);
        vec_store_first(sum + c, s, lanes);
    }
}

// One row of a grid, and of its channels those of `vectors` vectors (a constant wherever this is inlined), the last of which may be masked.
struct grid_row {
    float *y, *row_sums, *col_sums;
    const float *dy, *mask, *along_cols, *along_rows;
    int cols, channels;
    bool relu;
    lane_mask lanes;
};

INLINE vec grid_load(const float *p, bool last, lane_mask lanes) {
    return last ? vec_load_first(p, lanes) : vec_load(p);
}

INLINE void grid_store(float *p, vec x, bool last, lane_mask lanes) {
    if (last)
        vec_store_first(p, x, lanes);
    else
        vec_store(p, x);
}

INLINE void grid_row(const struct grid_row *g, int vectors, bool backward) {
    vec sum[4], shift[4];
    UNROLL for (int v = 0; v < vectors; v++) {
        sum[v] = vec_set(0);
        shift[v] = grid_load(g->along_rows + v * LANES, v == vectors - 1, g->lanes);
    }
    const float *dy = g->dy, *mask = g->mask;
    for (size_t k = 0, at = 0; k < (size_t)g->cols; k++, at += (size_t)g->channels)
        UNROLL for (int v = 0; v < vectors; v++) {
            const bool last = v == vectors - 1;
            const size_t i = at + v * LANES;
            vec x = grid_load(g->along_cols + i, last, g->lanes) + shift[v];
            if (!backward) {
                x = grid_load(g->y + i, last, g->lanes) + x;
                if (g->relu)
                    x = vec_max(vec_set(0), x);
            } else {
                if (dy)
                    x += grid_load(dy + i, last, g->lanes);
                if (mask)
                    x = (vec)((ivec)x & (grid_load(mask + i, last, g->lanes) > vec_set(0)));
            }
            sum[v] += x;
            grid_store(g->row_sums + i, grid_load(g->row_sums + i, last, g->lanes) + x, last, g->lanes);
            grid_store(g->y + i, x, last, g->lanes);
        }
    UNROLL for (int v = 0; v < vectors; v++) grid_store(g->col_sums + v * LANES, sum[v], v == vectors - 1, g->lanes);
}

INLINE void grid_rows(struct grid_row g, int rows, bool backward) {
    const size_t size = (size_t)g.cols * g.channels;
    for (int r = 0; r < rows; r++) {
        struct grid_row part = g;
        for (int c = 0, width; c < g.channels; c += width) {
            width = g.channels - c < 4 * LANES ? g.channels - c : 4 * LANES;
            const int vectors = (width + LANES - 1) / LANES;
            part.lanes = first_lanes(width - (vectors - 1) * LANES);
            if (vectors == 4)
                grid_row(&part, 4, backward);
            else if (vectors == 3)
                grid_row(&part, 3, backward);
            else if (vectors == 2)
                grid_row(&part, 2, backward);
            else
                grid_row(&part, 1, backward);
            part.y += width, part.row_sums += width, part.col_sums += width, part.along_cols += width, part.along_rows += width;
            part.dy += part.dy ? width : 0;
            part.mask += part.mask ? width : 0;
        }
        g.y += size;
        g.dy += g.dy ? size : 0;
        g.mask += g.mask ? size : 0;
        g.col_sums += g.channels;
        g.along_rows += g.channels;
    }
}

static void grid_forward(float *y, float *row_sums, float *col_sums, const float *along_cols, const float *along_rows, int rows, int cols,
                         int channels, bool relu) {
    grid_rows((struct grid_row){y, row_sums, col_sums, NULL, NULL, along_cols, along_rows, cols, channels, relu, first_lanes(0)}, rows,
              false);
}

static void grid_backward(float *dx, float *row_sums, float *col_sums, const float *dy, const float *y, const float *along_cols,
                          const float *along_rows, int rows, int cols, int channels) {
    grid_rows((struct grid_row){dx, row_sums, col_sums, dy, y, along_cols, along_rows, cols, channels, false, first_lanes(0)}, rows, true);
}

#endif
