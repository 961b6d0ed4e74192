#include "rnn/rnn.h"

#include "nn/recurrent.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

bool rnn_arch_equal(const struct rnn_arch *a, const struct rnn_arch *b) {
    return a->cell == b->cell && a->input == b->input && a->hidden == b->hidden && a->layers == b->layers && a->output == b->output;
}

static bool in_range(int size, int limit) {
    return size >= 1 && size <= limit;
}

bool rnn_arch_valid(const struct rnn_arch *arch) {
    return arch->cell && in_range(arch->input, RNN_MAX_SIZE) && in_range(arch->hidden, RNN_MAX_SIZE) &&
           in_range(arch->output, RNN_MAX_SIZE) && in_range(arch->layers, RNN_MAX_LAYERS);
}

void rnn_params(struct params *p, const struct rnn_arch *arch) {
    int n = arch->hidden;
    float bound = (float)(1 / sqrt(n));
    char prefix[PARAM_NAME_SIZE], suffix[16];
    snprintf(prefix, sizeof prefix, "%s.", arch->cell->prefix);
    for (int l = 0; l < arch->layers; l++) {
        snprintf(suffix, sizeof suffix, "_l%d", l);
        recurrent_params(p, arch->cell, bound, prefix, suffix, l ? n : arch->input, n);
    }
    params_add(p, INIT_UNIFORM, bound, 2, (int[]){arch->output, n}, "linear.weight");
    params_add(p, INIT_UNIFORM, bound, 1, (int[]){arch->output}, "linear.bias");
}

size_t rnn_size(const struct rnn_arch *arch) {
    size_t n = (size_t)arch->hidden, layers = (size_t)arch->layers;
    size_t inputs = (size_t)arch->input + (layers - 1) * n; // of all layers
    return cell_inputs(arch->cell, arch->hidden) * (inputs + layers * (n + 2)) + (size_t)arch->output * (n + 1);
}

int rnn_param(const struct rnn_arch *arch, int layer, enum rnn_part part) {
    assert(layer >= 0 && layer < arch->layers);
    return RNN_PARTS * layer + (int)part;
}

int rnn_readout(const struct rnn_arch *arch) {
    return RNN_PARTS * arch->layers;
}
