#include "rnn/rnn.h"

#include <math.h>

bool rnn_arch_equal(const struct rnn_arch *a, const struct rnn_arch *b) {
    return a->input == b->input && a->hidden == b->hidden && a->layers == b->layers && a->output == b->output;
}

static bool in_range(int size, int limit) {
    return size >= 1 && size <= limit;
}

bool rnn_arch_valid(const struct rnn_arch *arch) {
    return in_range(arch->input, RNN_MAX_SIZE) && in_range(arch->hidden, RNN_MAX_SIZE) && in_range(arch->output, RNN_MAX_SIZE) &&
           in_range(arch->layers, RNN_MAX_LAYERS);
}

void rnn_params(struct params *p, const struct rnn_arch *arch) {
    int n = arch->hidden;
    float bound = (float)(1 / sqrt(n));
    for (int l = 0; l < arch->layers; l++) {
        int inputs = l ? n : arch->input;
        params_add(p, INIT_UNIFORM, bound, 2, (int[]){4 * n, inputs}, "lstm.weight_ih_l%d", l);
        params_add(p, INIT_UNIFORM, bound, 2, (int[]){4 * n, n}, "lstm.weight_hh_l%d", l);
        params_add(p, INIT_UNIFORM, bound, 1, (int[]){4 * n}, "lstm.bias_ih_l%d", l);
        params_add(p, INIT_UNIFORM, bound, 1, (int[]){4 * n}, "lstm.bias_hh_l%d", l);
    }
    params_add(p, INIT_UNIFORM, bound, 2, (int[]){arch->output, n}, "linear.weight");
    params_add(p, INIT_UNIFORM, bound, 1, (int[]){arch->output}, "linear.bias");
}

size_t rnn_size(const struct rnn_arch *arch) {
    size_t n = (size_t)arch->hidden, layers = (size_t)arch->layers;
    size_t inputs = (size_t)arch->input + (layers - 1) * n; // of all layers
    return 4 * n * (inputs + layers * (n + 2)) + (size_t)arch->output * (n + 1);
}
