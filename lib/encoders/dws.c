// Deep weight space networks for RNNs (neural functionals; paper, section 3.1): the features of every layer have the shape of the RNN's
// weights, and permuting its hidden units permutes them alike.
#include "encoders/dws_internal.h"

#include "encoders/standard.h"
#include "nn/activation.h"
#include "nn/linear.h"

#include <math.h>
#include <stdio.h>

enum { MAX_STACK = 6 };
enum { GROUP_LAYERS, GROUP_OUTPUT };

// Parameters of a layer: the three embeddings, then for each matrix six maps of two parameters.
enum { EMBED_IN, EMBED_OUT, EMBED_BIAS, EMBEDDINGS };
enum { MAP_POINTWISE, MAP_EVERYWHERE, MAP_ALONG_COLS, MAP_ALONG_ROWS, MAP_BIAS, MAP_BIAS_EVERYWHERE, MAPS };

static int matrices(const struct encoder *e) {
    return 2 * e->arch.layers + 1;
}

static int matrix_rows(const struct rnn_arch *arch, int m) {
    return m == 2 * arch->layers ? arch->output : arch->hidden;
}

static int matrix_cols(const struct rnn_arch *arch, int m) {
    return m == 0 ? arch->input : arch->hidden;
}

// The index of its weight in the RNN's table of parameters, and of its bias.
static int matrix_weight(const struct rnn_arch *arch, int m) {
    return m == 2 * arch->layers ? rnn_readout(arch) : rnn_param(arch, m / 2, m % 2 ? W_HH : W_IH);
}

static int matrix_bias(const struct rnn_arch *arch, int m) {
    return m == 2 * arch->layers ? rnn_readout(arch) + 1 : rnn_param(arch, m / 2, m % 2 ? B_HH : B_IH);
}

// Every block of a cell is a channel of the first features.
static int blocks(const struct encoder *e) {
    return e->arch.cell->gates;
}

// --- Which features a matrix's maps see ---

// Those with one value for each of the matrix's columns; returns their number.
static int stack_along_cols(struct tensor **stack, const struct dws_features *f, int m) {
    const struct grid *own = &f->matrix[m];
    int n = 0;
    stack[n++] = own->row_means;
    if (m % 2) {
        stack[n++] = own->col_means;
        stack[n++] = f->bias[m];
        stack[n++] = own[-1].col_means;
        stack[n++] = f->bias[m - 1];
    } else if (m > 0) { // what the layer before says about the same units
        stack[n++] = own[-2].col_means;
        stack[n++] = f->bias[m - 2];
        stack[n++] = own[-1].col_means;
        stack[n++] = f->bias[m - 1];
        stack[n++] = own[-1].row_means;
    }
    return n;
}

// Those with one value for each of its rows.
static int stack_along_rows(struct tensor **stack, const struct dws_features *f, int m, int count) {
    const struct grid *own = &f->matrix[m];
    int n = 0;
    stack[n++] = own->col_means;
    stack[n++] = f->bias[m];
    if (m % 2) {
        stack[n++] = own->row_means;
        if (m + 1 < count - 1) // not the read-out
            stack[n++] = own[1].row_means;
    } else if (m < count - 1) {
        stack[n++] = own[1].col_means;
        stack[n++] = f->bias[m + 1];
        stack[n++] = own[1].row_means;
        stack[n++] = own[2].row_means;
    }
    return n;
}

// --- Parameters ---

static int layer_params(const struct encoder *e) {
    return EMBEDDINGS + 2 * MAPS * matrices(e);
}

// The reference lists weight_ih of all layers and the read-out first, then weight_hh.
static int matrix_of_place(const struct encoder *e, int place) {
    int ih = e->arch.layers + 1;
    return place < ih ? 2 * place : 2 * (place - ih) + 1;
}

static int place_of_matrix(const struct encoder *e, int m) {
    return m % 2 ? e->arch.layers + 1 + m / 2 : m / 2;
}

static void declare_matrix(struct encoder *e, int layer, int m, int in) {
    struct tensor *stack[MAX_STACK];
    const struct dws_features none = {0};
    int out = e->config.channels, all = 2 * matrices(e) * in;
    int along_cols = in * stack_along_cols(stack, &none, m), along_rows = in * stack_along_rows(stack, &none, m, matrices(e));
    float bound = 1 / sqrtf((float)(in + all + along_cols + along_rows)), bias_bound = 1 / sqrtf((float)(along_rows + all));
    const struct {
        const char *of, *suffix;
        float bound;
        int rank, in;
    } maps[MAPS] = {{"layer", "", bound, 4, in},           {"layer", "_rc", bound, 2, all},         {"layer", "_r", bound, 3, along_cols},
                    {"layer", "_c", bound, 3, along_rows}, {"bias", "", bias_bound, 3, along_rows}, {"bias", "_rc", bias_bound, 2, all}};
    for (int i = 0; i < MAPS; i++) {
        char name[PARAM_NAME_SIZE];
        snprintf(name, sizeof name, "np_model.%d.%s_%s_%d%s", 2 * layer, m % 2 ? "h2h" : "i2h", maps[i].of, m / 2, maps[i].suffix);
        params_add(&e->table, INIT_UNIFORM, maps[i].bound, maps[i].rank, (int[]){out, maps[i].in, 1, 1}, "%s.weight", name);
        params_add(&e->table, INIT_UNIFORM, maps[i].bound, 1, (int[]){out}, "%s.bias", name);
    }
}

static void declare(struct encoder *e) {
    struct params *t = &e->table;
    int I = e->arch.input, O = e->arch.output;
    e->first[GROUP_LAYERS] = t->count;
    for (int l = 0; l < e->config.layers; l++) {
        int in = l ? e->config.channels : blocks(e);
        params_add(t, INIT_NORMAL, 1, 4, (int[]){1, in, 1, I}, "np_model.%d.in_embed", 2 * l);
        params_add(t, INIT_NORMAL, 1, 4, (int[]){1, in, O, 1}, "np_model.%d.out_embed", 2 * l);
        params_add(t, INIT_NORMAL, 1, 3, (int[]){1, in, O}, "np_model.%d.out_bias_embed", 2 * l);
        for (int place = 0; place < matrices(e); place++)
            declare_matrix(e, l, matrix_of_place(e, place), in);
    }
    e->first[GROUP_OUTPUT] =
        mlp_params(t, "mlp_model", 2 * matrices(e) * e->config.channels, e->config.mlp_hidden, e->config.mlp_layers, e->config.z);
}

// --- The RNNs' weights as features ---

struct channels_saved {
    struct tensor *flat, *y;
    size_t offset;
    int positions, blocks; // blocks of the parameter: as many as y has columns, or one
};

static void channels_backward(void *saved) {
    const struct channels_saved *s = saved;
    for (int b = 0; b < s->flat->rows; b++) {
        float *dx = s->flat->grad + (size_t)b * (size_t)s->flat->cols + s->offset;
        const float *dy = s->y->grad + (size_t)b * (size_t)s->positions * (size_t)s->y->cols;
        for (int p = 0; p < s->positions; p++)
            for (int c = 0; c < s->y->cols; c++)
                dx[(c % s->blocks) * s->positions + p] += *dy++;
    }
}

// The parameter at `offset` of flat [B,P], blocks [blocks,positions] each, as [B*positions,channels]; the read-out's one block is repeated.
static struct tensor *channels_of(struct tape *tape, struct tensor *flat, size_t offset, int positions, int blocks, int channels) {
    struct tensor *y = tape_tensor(tape, flat->rows * positions, channels, flat->grad != NULL);
    for (int b = 0; b < flat->rows; b++) {
        const float *x = flat->value + (size_t)b * (size_t)flat->cols + offset;
        float *out = y->value + (size_t)b * (size_t)positions * (size_t)channels;
        for (int p = 0; p < positions; p++)
            for (int c = 0; c < channels; c++)
                *out++ = x[(c % blocks) * positions + p];
    }
    if (y->grad) {
        struct channels_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct channels_saved){flat, y, offset, positions, blocks};
        tape_record(tape, channels_backward, s);
    }
    return y;
}

static struct tensor *features(struct tape *tape, const struct encoder *e, const struct rnn_batch *batch) {
    (void)e;
    return rnn_batch_tensor(tape, batch, NULL);
}

void dws_input(struct tape *tape, const struct encoder *e, const struct rnn_batch *batch, struct dws_features *f) {
    f->pooled = false;
    struct tensor *flat = standardised_by_tensor(tape, e, e->standard, batch->rnn->table, features(tape, e, batch));
    const struct rnn_arch *arch = batch->rnn->arch;
    const struct param *params = batch->rnn->table->list;
    for (int m = 0; m < matrices(e); m++) {
        int rows = matrix_rows(arch, m), cols = matrix_cols(arch, m), in = m == matrices(e) - 1 ? 1 : blocks(e);
        struct tensor *x = channels_of(tape, flat, params[matrix_weight(arch, m)].offset, rows * cols, in, blocks(e));
        f->matrix[m] = grid_of(tape, x, rows, cols);
        f->bias[m] = channels_of(tape, flat, params[matrix_bias(arch, m)].offset, rows, in, blocks(e));
    }
}

// --- Layers ---

// A learned embedding as [C,n]; [C,1] where it is added to features that are means.
static struct tensor *embedding(struct tape *tape, const struct weights *w, int index, int channels_in, bool mean) {
    struct tensor *leaf = weights_leaf(tape, w, index);
    int n = (int)tensor_size(leaf) / channels_in;
    if (mean)
        return group_means(tape, tape_reshape(tape, leaf, channels_in * n, 1), n);
    return tape_reshape(tape, leaf, channels_in, n);
}

// Inputs and outputs, unlike hidden units, have identities of their own: learned embeddings are added to their features.
static void add_embeddings(struct tape *tape, const struct encoder *e, const struct weights *w, int layer, struct dws_features *f) {
    int last = matrices(e) - 1, first = e->first[GROUP_LAYERS] + layer * layer_params(e);
    struct grid *in = &f->matrix[0], *out = &f->matrix[last];
    int C = in->x->cols;
    *in = grid_of(tape, add_embedding(tape, in->x, embedding(tape, w, first + EMBED_IN, C, f->pooled), 1), in->rows, in->cols);
    *out = grid_of(tape, add_embedding(tape, out->x, embedding(tape, w, first + EMBED_OUT, C, f->pooled), out->cols), out->rows, out->cols);
    f->bias[last] = add_embedding(tape, f->bias[last], embedding(tape, w, first + EMBED_BIAS, C, f->pooled), 1);
}

struct dws_features dws_pooled(struct tape *tape, const struct encoder *e, const struct dws_features *f) {
    struct dws_features means = {.pooled = true};
    for (int m = 0; m < matrices(e); m++) {
        int rows = f->matrix[m].rows;
        struct tensor *x = group_means(tape, f->matrix[m].col_means, rows);
        means.matrix[m] = (struct grid){1, 1, x, x, x};
        means.bias[m] = group_means(tape, f->bias[m], rows);
    }
    return means;
}

static struct tensor *map_stack(struct tape *tape, const struct weights *w, int first, int map, struct tensor *const *stack, int count) {
    return linear_parts(tape, stack, count, weights_leaf(tape, w, first + 2 * map), weights_leaf(tape, w, first + 2 * map + 1));
}

void dws_layer(struct tape *tape, const struct encoder *e, const struct weights *w, int layer, struct dws_features *f) {
    add_embeddings(tape, e, w, layer, f);
    struct dws_features means = dws_pooled(tape, e, f), out = {.pooled = f->pooled};
    struct tensor *all[2 * DWS_MAX_MATRICES], *stack[MAX_STACK];
    int count = matrices(e), last = e->config.layers - 1;
    bool relu = layer < last;
    for (int m = 0; m < count; m++) {
        all[m] = means.matrix[m].x;
        all[count + m] = means.bias[m];
    }
    for (int m = 0; m < count; m++) {
        int first = e->first[GROUP_LAYERS] + layer * layer_params(e) + EMBEDDINGS + 2 * MAPS * place_of_matrix(e, m), n;
        struct tensor *everywhere = map_stack(tape, w, first, MAP_EVERYWHERE, all, 2 * count);
        n = stack_along_cols(stack, f, m);
        struct tensor *along_cols = map_stack(tape, w, first, MAP_ALONG_COLS, stack, n);
        n = stack_along_rows(stack, f, m, count);
        struct tensor *along_rows = map_stack(tape, w, first, MAP_ALONG_ROWS, stack, n);
        out.matrix[m] =
            grid_map(tape, &f->matrix[m], weights_leaf(tape, w, first + 2 * MAP_POINTWISE),
                     weights_leaf(tape, w, first + 2 * MAP_POINTWISE + 1), along_cols, along_rows, everywhere, relu, layer == last - 1);
        struct tensor *bias = add_to_groups(tape, map_stack(tape, w, first, MAP_BIAS, stack, n),
                                            map_stack(tape, w, first, MAP_BIAS_EVERYWHERE, all, 2 * count));
        out.bias[m] = relu ? activation(tape, ACTIVATION_RELU, bias) : bias;
    }
    *f = out;
}

// The last layer has no ReLU after it, only the mean over positions, and affine maps commute with means: that layer works on means alone.
static struct tensor *embed_part(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch) {
    int last = e->config.layers - 1, count = matrices(e), n = 0;
    struct dws_features f;
    dws_input(tape, e, batch, &f);
    for (int layer = 0; layer < last; layer++)
        dws_layer(tape, e, w, layer, &f);
    f = dws_pooled(tape, e, &f);
    dws_layer(tape, e, w, last, &f);

    struct tensor *parts[2 * DWS_MAX_MATRICES]; // in the order of the RNN's parameters
    for (int m = 0; m < count; m += 2) {
        int of_layer = m < count - 1 ? 2 : 1;
        for (int i = 0; i < of_layer; i++)
            parts[n++] = f.matrix[m + i].x;
        for (int i = 0; i < of_layer; i++)
            parts[n++] = f.bias[m + i];
    }
    int first = e->first[GROUP_OUTPUT], hidden = e->config.mlp_layers;
    struct tensor *z = linear_parts(tape, parts, n, weights_leaf(tape, w, first), weights_leaf(tape, w, first + 1));
    return hidden ? mlp(tape, w, first + 2, hidden - 1, activation(tape, ACTIVATION_RELU, z)) : z;
}

// The RNNs from `first` on that are encoded together: all of one architecture, and so many that one layer's features are still in cache
// when the next layer reads them.
static int part_size(const struct encoder *e, const struct rnn_batch *batch, int first) {
    enum { FLOATS = 3 << 18 };
    size_t fitting = FLOATS / (rnn_size(batch->rnn[first].arch) / (size_t)blocks(e) * (size_t)e->config.channels + 1);
    return rnn_batch_alike(batch, first, fitting < 1 ? 1 : fitting < (size_t)batch->count ? (int)fitting : batch->count);
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    (void)trace;
    struct tensor **z = arena_alloc(&tape->arena, (size_t)batch->count * sizeof *z);
    int parts = 0;
    for (int first = 0, size; first < batch->count; first += size) {
        size = part_size(e, batch, first);
        struct rnn_batch part = rnn_batch_part(batch, first, size);
        tape_part_begin(tape);
        z[parts++] = tape_part_end(tape, embed_part(tape, e, w, &part));
    }
    return concat_rows(tape, z, parts);
}

const struct encoder_type encoder_dws = {
    .name = "dws",
    .keys = "z channels layers mlp_hidden mlp_layers standardised",
    .defaults = {.z = 16, .channels = 48, .layers = 4, .mlp_hidden = 128, .mlp_layers = 1},
    .bound = ARCH_INPUT | ARCH_OUTPUT | ARCH_CELL | ARCH_LAYERS,
    .declare = declare,
    .features = features,
    .by_tensor = true,
    .embed = embed,
};
