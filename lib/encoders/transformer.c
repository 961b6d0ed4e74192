// Parameter transformer: each row of each weight matrix, its bias appended, is a token; a Transformer reads them all, and a learned
// compression token at the end collects the embedding. The order of hidden units matters to it (each row has a positional encoding of its
// own), so that in training each batch sees its RNNs under a random permutation of them.
#include "encoders/encoder.h"
#include "encoders/standard.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "nn/transformer.h"
#include "rnn/symmetry.h"

#include <stdio.h>

enum group { COMPRESSION, POSITION, INPUT, LAYERS, LAYER_PARAMS, OUTPUT };

static const float dropout_rate = 0.1f;

// Matrix m of an RNN, in the order W_ih, W_hh of each layer, then the read-out: indices of its weight and bias in the RNN's table.
struct matrix {
    int weight, bias;
};

static int matrices(const struct rnn_arch *arch) {
    return 2 * arch->layers + 1;
}

static struct matrix matrix_at(const struct rnn_arch *arch, int m) {
    int l = m / 2, out = rnn_readout(arch);
    if (l == arch->layers)
        return (struct matrix){out, out + 1};
    return (struct matrix){rnn_param(arch, l, m % 2 ? W_HH : W_IH), rnn_param(arch, l, m % 2 ? B_HH : B_IH)};
}

static int matrix_rows(const struct encoder *e, int m) {
    return params_rows(&e->rnn_table.list[matrix_at(&e->arch, m).weight]);
}

static int token_size(const struct encoder *e, int m) {
    return params_cols(&e->rnn_table.list[matrix_at(&e->arch, m).weight]) + 1;
}

static enum status check(const struct encoder_config *config, const struct rnn_arch *arch, struct error *error) {
    (void)arch;
    if (config->hidden % config->heads)
        return error_set(error, STATUS_DATA, "%d hidden units can't be shared out among %d heads", config->hidden, config->heads);
    return STATUS_OK;
}

static void declare(struct encoder *e) {
    int width = e->config.hidden, tokens = 1;
    struct params *t = &e->table;
    char name[PARAM_NAME_SIZE];
    for (int m = 0; m < matrices(&e->arch); m++)
        tokens += matrix_rows(e, m);
    e->first[COMPRESSION] = params_add(t, INIT_CONSTANT, 0, 3, (int[]){1, 1, width}, "compression_token");
    e->first[POSITION] = params_add(t, INIT_NORMAL, 1, 3, (int[]){1, tokens, width}, "positional_encoding");
    e->first[INPUT] = t->count;
    for (int m = 0; m < matrices(&e->arch); m++) {
        if (m < 2 * e->arch.layers)
            snprintf(name, sizeof name, "input_transformations.%s_cells_%d_%s", e->arch.cell->prefix, m / 2, m % 2 ? "h2h" : "i2h");
        else
            snprintf(name, sizeof name, "input_transformations.linear");
        linear_params(t, name, token_size(e, m), width);
    }
    e->first[LAYERS] = t->count;
    for (int l = 0; l < e->config.layers; l++) {
        snprintf(name, sizeof name, "transformer.layers.%d", l);
        transformer_params(t, name, width);
    }
    e->first[LAYER_PARAMS] = (t->count - e->first[LAYERS]) / e->config.layers;
    e->first[OUTPUT] = linear_params(t, "output_projection", width, e->config.z);
}

// The order of an RNN's weights that makes them tokens: matrix by matrix, row by row, each row's bias after it; under a random permutation
// of hidden units when rng is given.
static int *token_order(struct tape *tape, const struct encoder *e, struct rng *rng) {
    int P = (int)e->rnn_table.size, at = 0;
    int *order = arena_alloc(&tape->arena, (size_t)P * sizeof *order);
    for (int m = 0; m < matrices(&e->arch); m++) {
        int weight = (int)e->rnn_table.list[matrix_at(&e->arch, m).weight].offset,
            bias = (int)e->rnn_table.list[matrix_at(&e->arch, m).bias].offset;
        for (int r = 0, cols = token_size(e, m) - 1; r < matrix_rows(e, m); r++) {
            for (int c = 0; c < cols; c++)
                order[at++] = weight + r * cols + c;
            order[at++] = bias + r;
        }
    }
    if (rng && !e->config.ordered) {
        int *permuted = arena_alloc(&tape->arena, (size_t)P * sizeof *permuted);
        symmetry_random_index(permuted, &e->arch, rng);
        for (int j = 0; j < P; j++)
            order[j] = permuted[order[j]];
    }
    return order;
}

// Tokens [B*S,W], RNN by RNN, from the weights in token order [B,P]: each matrix's rows through its own linear map, the compression token
// after them, the positional encoding added.
static struct tensor *embed_tokens(struct tape *tape, const struct encoder *e, const struct weights *w, struct tensor *x) {
    int B = x->rows, M = matrices(&e->arch), width = e->config.hidden;
    struct tensor **rows = arena_alloc(&tape->arena, (size_t)B * sizeof *rows);
    struct tensor **parts = arena_alloc(&tape->arena, (size_t)B * (size_t)(M + 1) * sizeof *parts);
    size_t start = 0;
    for (int m = 0; m < M; m++) {
        int R = matrix_rows(e, m), size = token_size(e, m);
        for (int b = 0; b < B; b++) {
            size_t at = (size_t)b * (size_t)x->cols + start;
            rows[b] = tape_leaf(tape, R, size, x->value + at, x->grad ? x->grad + at : NULL);
        }
        struct tensor *mapped = linear_at(tape, w, e->first[INPUT] + 2 * m, concat_rows(tape, rows, B));
        for (int b = 0; b < B; b++)
            parts[b * (M + 1) + m] = tape_rows(tape, mapped, b * R, R);
        start += (size_t)R * (size_t)size;
    }
    for (int b = 0; b < B; b++)
        parts[b * (M + 1) + M] = weights_leaf(tape, w, e->first[COMPRESSION]);
    struct tensor *tokens = concat_rows(tape, parts, B * (M + 1)), *position = weights_leaf(tape, w, e->first[POSITION]);
    struct tensor *sum = add(tape, tape_reshape(tape, tokens, B, position->cols), repeat_row(tape, position, B));
    return tape_reshape(tape, sum, tokens->rows, width);
}

static struct tensor *features(struct tape *tape, const struct encoder *e, const struct rnn_batch *batch) {
    return rnn_batch_tensor(tape, batch, token_order(tape, e, NULL));
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)trace;
    struct tensor *weights = rnn_batch_tensor(tape, batch, token_order(tape, e, rng));
    struct tensor *x = embed_tokens(tape, e, w, standardised(tape, e, e->standard, weights));
    int tokens = x->rows / batch->count;
    for (int l = 0; l < e->config.layers; l++) {
        struct dropout dropout = {.rate = rng && e->config.dropout ? dropout_rate : 0, .key = rng ? rng_u64(rng) : 0};
        int wanted = l < e->config.layers - 1 ? tokens : 1; // of the last layer only the compression token
        x = transformer_layer(tape, w, e->first[LAYERS] + l * e->first[LAYER_PARAMS], x, batch->count, e->config.heads, wanted, &dropout);
    }
    return linear_at(tape, w, e->first[OUTPUT], x);
}

const struct encoder_type encoder_transformer = {.name = "transformer",
                                                 .keys = "z hidden layers heads dropout ordered standardised",
                                                 .defaults = {.z = 16, .hidden = 128, .layers = 6, .heads = 2, .dropout = 1},
                                                 .bound = ARCH_ALL,
                                                 .check = check,
                                                 .declare = declare,
                                                 .features = features,
                                                 .embed = embed};
