// The perfect clone.
#ifndef UNIT_TRAINING_CLONE_H
#define UNIT_TRAINING_CLONE_H

#include "../check.h"
#include "training/emulator.h"

#include <string.h>

// An RNN as an emulator: inputs go through the input projection unchanged (so there must not be more of them than hidden units), z has no
// effect.
static inline struct emulator *clone_of(const struct rnn_arch *arch, const float *weights, int z, int condition) {
    struct emulator_config config = {.z = z, .hidden = arch->hidden, .layers = arch->layers, .condition = condition};
    struct emulator *e = emulator_new(&config, arch, 1);
    struct params rnn = {0};
    rnn_params(&rnn, arch);
    memset(e->values, 0, e->table.size * sizeof(float));
    int I = arch->input, H = arch->hidden;
    float *projection = e->values + e->table.list[params_find(&e->table, "input_projection.weight")].offset;
    for (int i = 0; i < I; i++)
        projection[i * I + i] = 1; // [H,I]
    for (int i = 0; i < rnn.count; i++) {
        const struct param *from = &rnn.list[i], *to;
        const char *name = strcmp(from->name, "linear.weight") == 0 ? "output_projection.weight"
                           : strcmp(from->name, "linear.bias") == 0 ? "output_projection.bias"
                                                                    : from->name;
        to = &e->table.list[params_find(&e->table, name)];
        size_t rows = (size_t)params_rows(from), cols = (size_t)params_cols(from), wide = (size_t)params_cols(to);
        for (size_t r = 0; r < rows; r++)
            memcpy(e->values + to->offset + r * wide, weights + from->offset + r * cols, cols * sizeof(float));
    }
    CHECK(H >= I);
    params_free(&rnn);
    return e;
}

#endif
