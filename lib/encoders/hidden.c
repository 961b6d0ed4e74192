// Hidden-state probing (after HiddenProbe, 2026): generated sequences as those of the linear encoder, but the encoder sees the hidden
// states, too. The profile p_u of a unit is its state h at all K steps of all M sequences. With a linear map A_l, b_l for each layer,
//     f_u = ReLU(A_l p_u + b_l) + ReLU(-A_l p_u + b_l)                 the same for a unit and for its negative
//     z   = MLP(all answers, for each layer the mean and the greatest of f_u over its units)
// so that neither the order of the units nor their signs matter, nor how many there are.
#include "encoders/columns_internal.h"
#include "encoders/probing_internal.h"
#include "nn/activation.h"
#include "nn/linear.h"

#include <stdio.h>

static void declare(struct encoder *e) {
    const struct encoder_config *c = &e->config;
    int K = c->length, M = c->probes, L = e->arch.layers;
    generator_declare(e);
    e->first[GENERATOR_UNITS] = e->table.count;
    for (int l = 0; l < L; l++) {
        char name[PARAM_NAME_SIZE];
        snprintf(name, sizeof name, "units.%d", l);
        linear_params(&e->table, name, K * M, c->mlp_hidden);
    }
    e->first[GENERATOR_OUTPUT] =
        mlp_params(&e->table, "output_transform", K * M * e->arch.output + 2 * L * c->mlp_hidden, c->mlp_hidden, c->mlp_layers, c->z);
}

// --- Profiles: [sum of H, K*M] from the states of B RNNs, each [K*M,H] ---

struct profiles_saved {
    struct tensor **states, *y;
    int count;
};

static void profiles_backward(void *saved) {
    const struct profiles_saved *s = saved;
    const float *dy = s->y->grad;
    for (int b = 0; b < s->count; b++) {
        struct tensor *x = s->states[b];
        for (int u = 0; u < x->cols; u++, dy += x->rows)
            for (int k = 0; x->grad && k < x->rows; k++)
                x->grad[(size_t)k * (size_t)x->cols + (size_t)u] += dy[k];
    }
}

static struct tensor *profiles(struct tape *tape, struct tensor **states, int count) {
    int units = 0, wanted = 0;
    for (int b = 0; b < count; b++) {
        units += states[b]->cols;
        wanted |= states[b]->grad != NULL;
    }
    struct tensor *y = tape_tensor(tape, units, states[0]->rows, wanted);
    float *out = y->value;
    for (int b = 0; b < count; b++)
        for (int u = 0; u < states[b]->cols; u++)
            for (int k = 0; k < states[b]->rows; k++)
                *out++ = states[b]->value[k * states[b]->cols + u];
    if (y->grad) {
        struct profiles_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct profiles_saved){states, y, count};
        tape_record(tape, profiles_backward, s);
    }
    return y;
}

// --- Pooling: mean and greatest over the units of each RNN, [B,2D] ---

struct pool_saved {
    struct tensor *f, *y;
    const int *units; // [B]
    int *best;        // [B,D] the row that is greatest
};

static void pool_backward(void *saved) {
    const struct pool_saved *s = saved;
    ptrdiff_t D = s->f->cols; // a batch has more than 2^31 of these numbers, if it is large
    int first = 0;
    for (int b = 0; b < s->y->rows; first += s->units[b++]) {
        const float *mean = s->y->grad + b * 2 * D, *most = mean + D;
        for (int d = 0; d < D; d++) {
            for (int u = first; u < first + s->units[b]; u++)
                s->f->grad[u * D + d] += mean[d] / (float)s->units[b];
            s->f->grad[s->best[b * D + d] * D + d] += most[d];
        }
    }
}

static struct tensor *pool(struct tape *tape, struct tensor *f, const int *units, int count) {
    ptrdiff_t D = f->cols;
    int first = 0;
    struct tensor *y = tape_tensor(tape, count, 2 * f->cols, f->grad != NULL);
    int *best = arena_alloc(&tape->arena, (size_t)(count * D) * sizeof *best);
    for (int b = 0; b < count; first += units[b++])
        for (int d = 0; d < D; d++) {
            float sum = 0;
            int *at = &best[b * D + d];
            *at = first;
            for (int u = first; u < first + units[b]; u++) {
                sum += f->value[u * D + d];
                *at = f->value[u * D + d] > f->value[*at * D + d] ? u : *at;
            }
            y->value[b * 2 * D + d] = sum / (float)units[b];
            y->value[b * 2 * D + D + d] = f->value[*at * D + d];
        }
    if (y->grad) {
        struct pool_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct pool_saved){f, y, units, best};
        tape_record(tape, pool_backward, s);
    }
    return y;
}

// What the units of layer l of all RNNs tell, [B,2D].
static struct tensor *layer_summary(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                                    struct tensor **states, int l) {
    int B = batch->count, L = e->arch.layers, first = e->first[GENERATOR_UNITS] + 2 * l;
    struct tensor **of_layer = arena_alloc(&tape->arena, (size_t)B * sizeof *of_layer);
    int *units = arena_alloc(&tape->arena, (size_t)B * sizeof *units);
    for (int b = 0; b < B; b++) {
        of_layer[b] = states[b * L + l];
        units[b] = of_layer[b]->cols;
    }
    struct tensor *p = profiles(tape, of_layer, B);
    struct tensor *plus = activation(tape, ACTIVATION_RELU, linear_at(tape, w, first, p));
    struct tensor *minus = activation(tape, ACTIVATION_RELU, linear_at(tape, w, first, stretch(tape, p, 0, -1)));
    return pool(tape, add(tape, plus, minus), units, B);
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    const struct encoder_config *c = &e->config;
    int K = c->length, M = c->probes, B = batch->count, L = e->arch.layers;
    struct tensor **states = arena_alloc(&tape->arena, (size_t)(B * L) * sizeof *states);
    struct tensor **parts = arena_alloc(&tape->arena, (size_t)(1 + L) * sizeof *parts);
    struct tensor *inputs = generator_inputs(tape, e, w);
    struct tensor *answers = interrogation_states(tape, batch, inputs, M, states);
    probing_trace(tape, trace, inputs, answers, M, B);
    parts[0] = tape_reshape(tape, generator_exchange(tape, probing_read(tape, e, answers), K, B), B, K * M * e->arch.output);
    for (int l = 0; l < L; l++)
        parts[1 + l] = layer_summary(tape, e, w, batch, states, l);
    return mlp(tape, w, e->first[GENERATOR_OUTPUT], c->mlp_layers, columns_joined(tape, parts, 1 + L));
}

const struct encoder_type encoder_hidden = {
    .name = "hidden",
    .keys = "z hidden layers mlp_hidden mlp_layers length probes softmax probabilities",
    .defaults = {.z = 16, .hidden = 128, .layers = 2, .mlp_hidden = 128, .mlp_layers = 1, .length = 22, .probes = 16, .softmax = 1},
    .zero_layers = true,
    .bound = PROBING_BOUND | ARCH_LAYERS,
    .sees_states = true,
    .declare = declare,
    .embed = embed};
