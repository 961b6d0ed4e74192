#include "rnn/symmetry.h"

#include "base/memory.h"

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
