#include "rnn/symmetry.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

// A matrix at `offset` of the flat vector: rows are reordered within each of `blocks` blocks of as many rows as there are units, columns
// likewise; NULL keeps the order. Returns the offset after it.
static int reorder(int *index, int offset, int blocks, int rows, int cols, const int *row_order, const int *col_order) {
    for (int block = 0; block < blocks; block++)
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < cols; c++)
                index[offset + (block * rows + r) * cols + c] =
                    offset + (block * rows + (row_order ? row_order[r] : r)) * cols + (col_order ? col_order[c] : c);
    return offset + blocks * rows * cols;
}

void symmetry_index(int *index, const struct rnn_arch *arch, int *const *permutations) {
    int offset = 0, n = arch->hidden, gates = arch->cell->gates;
    for (int l = 0; l < arch->layers; l++) {
        const int *own = permutations[l];
        offset = reorder(index, offset, gates, n, l ? n : arch->input, own, l ? permutations[l - 1] : NULL); // weight_ih
        offset = reorder(index, offset, gates, n, n, own, own);                                              // weight_hh
        offset = reorder(index, offset, gates, n, 1, own, NULL);                                             // bias_ih
        offset = reorder(index, offset, gates, n, 1, own, NULL);                                             // bias_hh
    }
    offset = reorder(index, offset, 1, arch->output, n, NULL, permutations[arch->layers - 1]); // linear.weight
    reorder(index, offset, 1, arch->output, 1, NULL, NULL);
}

void symmetry_random_index(int *index, const struct rnn_arch *arch, struct rng *rng) {
    int *permutations[RNN_MAX_LAYERS];
    for (int l = 0; l < arch->layers; l++) {
        permutations[l] = memory_alloc((size_t)arch->hidden * sizeof(int));
        rng_permutation(rng, permutations[l], arch->hidden);
    }
    symmetry_index(index, arch, permutations);
    for (int l = 0; l < arch->layers; l++)
        free(permutations[l]);
}

// What the rows and the columns of a matrix belong to: units with their order and scales; NULL: they stay.
struct axis {
    const int *unit;
    const float *scale;
};

// A matrix of `blocks` blocks of `rows` rows; the rows of block `candidate` are multiplied by their units' scales. Returns the numbers
// done.
static size_t apply_matrix(float *out, const float *in, int blocks, int candidate, int rows, int cols, struct axis row, struct axis col) {
    for (int b = 0; b < blocks; b++)
        for (int i = 0; i < rows; i++) {
            float factor = row.scale && b == candidate ? row.scale[i] : 1;
            const float *from = in + (size_t)(b * rows + (row.unit ? row.unit[i] : i)) * (size_t)cols;
            float *to = out + (size_t)(b * rows + i) * (size_t)cols;
            for (int k = 0; k < cols; k++)
                to[k] = factor * from[col.unit ? col.unit[k] : k] / (col.scale ? col.scale[k] : 1);
        }
    return (size_t)blocks * (size_t)rows * (size_t)cols;
}

void symmetry_apply(float *out, const float *weights, const struct rnn_arch *arch, const int *unit, const float *scale) {
    int H = arch->hidden, G = arch->cell->gates, candidate = arch->cell->candidate;
    struct axis below = {0}, none = {0};
    size_t done = 0;
    for (int l = 0; l < arch->layers; l++) {
        struct axis own = {unit + l * H, scale + l * H};
        done += apply_matrix(out + done, weights + done, G, candidate, H, l ? H : arch->input, own, below);
        done += apply_matrix(out + done, weights + done, G, candidate, H, H, own, own);
        done += apply_matrix(out + done, weights + done, G, candidate, H, 1, own, none);
        done += apply_matrix(out + done, weights + done, G, candidate, H, 1, own, none);
        below = own;
    }
    done += apply_matrix(out + done, weights + done, 1, -1, arch->output, H, none, below);
    apply_matrix(out + done, weights + done, 1, -1, arch->output, 1, none, none);
}

// The biases of a layer in the flat vector, and how many of their rows count by their sum alone: those of the blocks that are not kept
// apart, which stand first.
struct biases {
    float *ih, *hh;
    size_t merged;
};

static struct biases biases_of(float *weights, const struct rnn_arch *arch, int layer) {
    size_t H = (size_t)arch->hidden, rows = cell_inputs(arch->cell, arch->hidden);
    for (int l = 0;; l++) {
        float *ih = weights + rows * ((size_t)(l ? arch->hidden : arch->input) + H);
        if (l == layer)
            return (struct biases){ih, ih + rows, (size_t)(arch->cell->gates - arch->cell->apart) * H};
        weights = ih + 2 * rows;
    }
}

void symmetry_merge_biases(float *weights, const struct rnn_arch *arch) {
    for (int l = 0; l < arch->layers; l++) {
        struct biases b = biases_of(weights, arch, l);
        for (size_t i = 0; i < b.merged; i++) {
            b.ih[i] += b.hh[i];
            b.hh[i] = 0;
        }
    }
}

void symmetry_shift_biases(float *weights, const struct rnn_arch *arch, double deviation, struct rng *rng) {
    for (int l = 0; l < arch->layers; l++) {
        struct biases b = biases_of(weights, arch, l);
        for (size_t i = 0; i < b.merged; i++) {
            float d = (float)deviation * rng_normal(rng);
            b.ih[i] += d;
            b.hh[i] -= d;
        }
    }
}

void symmetry_swap_biases(float *weights, const struct rnn_arch *arch, struct rng *rng) {
    for (int l = 0; l < arch->layers; l++) {
        struct biases b = biases_of(weights, arch, l);
        for (size_t i = 0; i < b.merged; i++) {
            bool swap = rng_below(rng, 2);
            float ih = b.ih[i];
            b.ih[i] = swap ? b.hh[i] : ih;
            b.hh[i] = swap ? ih : b.hh[i];
        }
    }
}

void symmetry_random(int *unit, float *scale, const struct rnn_arch *arch, bool permute, bool rescale, struct rng *rng) {
    int H = arch->hidden;
    for (int l = 0; l < arch->layers; l++) {
        if (permute)
            rng_permutation(rng, unit + l * H, H);
        for (int k = 0; k < H; k++) {
            unit[l * H + k] = permute ? unit[l * H + k] : k;
            scale[l * H + k] = 1;
            if (rescale)
                scale[l * H + k] = arch->cell->symmetry == CELL_SIGNS ? (rng_below(rng, 2) ? 1 : -1) : exp2f(rng_uniform(rng, -1, 1));
        }
    }
}
