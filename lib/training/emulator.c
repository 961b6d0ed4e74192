#include "training/emulator.h"

#include "base/memory.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct emulator_config emulator_paper_config = {.z = 16, .hidden = 256, .layers = 2, .condition = CONDITION_BOS};

// Indices into the table.
enum { EMBEDDING = 0, INPUT = 2, LAYERS = 4 };

static int param(int layer, enum rnn_part part) {
    return LAYERS + RNN_PARTS * layer + (int)part;
}

static int readout(const struct emulator *e) {
    return param(e->config.layers, 0);
}

// All but the values.
static struct emulator *declared(const struct emulator_config *config, const struct rnn_arch *arch, uint64_t seed) {
    struct emulator *e = memory_calloc(1, sizeof *e);
    *e = (struct emulator){.config = *config, .arch = *arch, .seed = seed};
    int H = config->hidden;
    linear_params(&e->table, "embedding_projection", config->z, H);
    linear_params(&e->table, "input_projection", arch->input, H);
    for (int l = 0; l < config->layers; l++) {
        char suffix[16];
        snprintf(suffix, sizeof suffix, "_l%d", l);
        recurrent_params(&e->table, &cell_lstm, 1 / sqrtf((float)H), "lstm.", suffix, H, H);
    }
    linear_params(&e->table, "output_projection", H, arch->output);
    return e;
}

static void init_values(struct emulator *e) {
    e->values = memory_calloc(e->table.size, sizeof(float));
    struct rng rng = rng_make(e->seed, 0, "emulator");
    params_init(&e->table, e->values, &rng);
    for (int l = 0; e->config.forget_bias && l < e->config.layers; l++)
        recurrent_forget_bias(&e->table, e->values, param(l, W_IH), (float)e->config.forget_bias);
}

struct emulator *emulator_new(const struct emulator_config *config, const struct rnn_arch *arch, uint64_t seed) {
    struct emulator *e = declared(config, arch, seed);
    init_values(e);
    return e;
}

void emulator_free(struct emulator *e) {
    if (!e)
        return;
    params_free(&e->table);
    free(e->values);
    free(e);
}

static void config_keys(struct emulator_config *c, struct config_key keys[6]) {
    const struct config_key all[6] = {
        {.name = "z", .target = &c->z, .low = 1, .high = 65536},
        {.name = "hidden", .target = &c->hidden, .low = 1, .high = 65536},
        {.name = "layers", .target = &c->layers, .low = 1, .high = RNN_MAX_LAYERS},
        {.name = "condition", .target = &c->condition, .choices = "bos|every"},
        {.name = "forget_bias", .target = &c->forget_bias, .low = 0, .high = 16, .seldom = true},
    };
    memcpy(keys, all, sizeof all);
}

enum status emulator_read(const struct model_record *record, struct emulator **out, struct error *error) {
    if (!record->has_arch)
        return error_set(error, STATUS_DATA, "emulator record: key 'arch' is missing");
    struct emulator_config config = emulator_paper_config;
    struct config_key keys[6];
    config_keys(&config, keys);
    if (config_read(record->config, keys, error) != STATUS_OK)
        return error->status;
    struct emulator *e = declared(&config, &record->arch, record->seed);
    e->step = record->step;
    if (!rnn_answers_classes(&record->arch) && !(value_to_double(value_get(record->root, "variance"), &e->variance) && e->variance > 0)) {
        emulator_free(e);
        return error_set(error, STATUS_DATA, "emulator record: key 'variance' is missing or no positive number");
    }
    if (record->weights->length / 2 <
        e->table.size) { // sizes that a record merely declares allocate nothing: two bytes a weight must have come
        emulator_free(e);
        return error_set(error, STATUS_DATA, "emulator record: fewer weights than its config tells");
    }
    init_values(e);
    if (weights_read(record->weights, &e->table, e->values, error) != STATUS_OK) {
        emulator_free(e);
        return error->status;
    }
    *out = e;
    return STATUS_OK;
}

enum status emulator_fits(const struct emulator *e, const struct rnn_arch *arch, struct error *error) {
    enum { BOUND = ARCH_INPUT | ARCH_OUTPUT | ARCH_READS | ARCH_ANSWERS };
    if (rnn_arch_alike(arch, &e->arch, BOUND))
        return STATUS_OK;
    char difference[RNN_ARCH_TEXT_SIZE];
    rnn_arch_difference(difference, arch, &e->arch, BOUND);
    return error_set(error, STATUS_DATA, "the RNN does not fit the emulator: %s", difference);
}

void emulator_pack(struct packer *p, const struct emulator *e) {
    struct emulator_config config = e->config;
    struct config_key keys[6];
    config_keys(&config, keys);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "emulator");
    model_pack(p, e->seed, e->step, keys, &e->arch, &e->table, e->values);
    if (e->variance > 0) {
        pack_key(p, "variance");
        pack_double(p, e->variance);
    }
    pack_end(p);
}

void emulator_rescale(struct emulator *e, const double *shift, double scale) {
    float *weight = e->values + e->table.list[readout(e)].offset, *bias = e->values + e->table.list[readout(e) + 1].offset;
    for (size_t i = 0; i < e->table.list[readout(e)].size; i++)
        weight[i] = (float)(scale * weight[i]);
    for (int o = 0; o < e->arch.output; o++)
        bias[o] = (float)(shift[o] + scale * bias[o]);
}

static struct tensor *zeros(struct tape *tape, int rows, int cols) {
    return tape_leaf(tape, rows, cols, arena_calloc(&tape->arena, (size_t)rows * (size_t)cols * sizeof(float)), NULL);
}

// The first layer's input is one of few tokens, so its pre-activations are a table, to which z adds the same at every step that it's given.
static struct tensor *first_layer_tokens(struct tape *tape, const struct emulator *e, const struct weights *w, struct tensor *z,
                                         const uint8_t *tokens, int steps) {
    int V = e->arch.input, B = z->rows;
    uint8_t *all = arena_alloc(&tape->arena, (size_t)V);
    for (int i = 0; i < V; i++)
        all[i] = (uint8_t)i;
    struct tensor *w_ih = weights_leaf(tape, w, param(0, W_IH)), *b_ih = weights_leaf(tape, w, param(0, B_IH)),
                  *b_hh = weights_leaf(tape, w, param(0, B_HH));
    struct tensor *x = linear_tokens(tape, all, V, weights_leaf(tape, w, INPUT), weights_leaf(tape, w, INPUT + 1)); // [V,H]
    struct tensor *table = add(tape, linear(tape, x, w_ih, b_ih), repeat_row(tape, b_hh, V));                       // [V,4H]
    struct tensor *opening = linear(tape, linear_at(tape, w, EMBEDDING, z), w_ih, zeros(tape, 1, w_ih->rows));      // [B,4H]
    return recurrent_sequence_table(tape, &cell_lstm, w, LAYERS, table, opening, e->config.condition == CONDITION_EVERY ? steps : 1, tokens,
                                    steps, B);
}

static struct tensor *first_layer_dense(struct tape *tape, const struct emulator *e, const struct weights *w, struct tensor *z,
                                        struct tensor *inputs, int steps) {
    int B = z->rows;
    struct tensor *x = linear_at(tape, w, INPUT, inputs), *condition = linear_at(tape, w, EMBEDDING, z),
                  **parts = arena_alloc(&tape->arena, (size_t)steps * sizeof *parts);
    for (int t = 0; t < steps; t++)
        parts[t] = t == 0 || e->config.condition == CONDITION_EVERY ? condition : zeros(tape, B, e->config.hidden);
    return recurrent_sequence(tape, &cell_lstm, w, LAYERS, add(tape, x, concat_rows(tape, parts, steps)), steps);
}

struct tensor *emulator_forward(struct tape *tape, const struct emulator *e, const struct weights *w, struct tensor *z,
                                const uint8_t *tokens, struct tensor *inputs, int steps) {
    struct tensor *h = tokens ? first_layer_tokens(tape, e, w, z, tokens, steps) : first_layer_dense(tape, e, w, z, inputs, steps);
    for (int l = 1; l < e->config.layers; l++)
        h = recurrent_sequence(tape, &cell_lstm, w, param(l, W_IH), h, steps);
    return linear_at(tape, w, readout(e), h);
}

static const float *values(const struct emulator *e, int index) {
    return e->values + e->table.list[index].offset;
}

struct stepper *emulator_stepper(const struct emulator *e) {
    int H = e->config.hidden, V = e->arch.input;
    size_t G = cell_inputs(&cell_lstm, H);
    float *x = memory_alloc((size_t)V * (size_t)H * sizeof(float)), *table = memory_alloc((size_t)V * G * sizeof(float));
    kernels()->transpose(x, (size_t)H, values(e, INPUT), (size_t)V, H, V);
    kernels()->add_rows(x, (size_t)H, values(e, INPUT + 1), V, H);
    kernels()->fill_rows(table, G, values(e, param(0, B_IH)), V, (int)G);
    kernels()->add_rows(table, G, values(e, param(0, B_HH)), V, (int)G);
    blas_sgemm(PLAIN, TRANSPOSED, V, (int)G, H, x, (size_t)H, values(e, LAYERS), (size_t)H, 1, table, G);
    const float *layer[RNN_MAX_LAYERS][RNN_PARTS];
    for (int l = 0; l < e->config.layers; l++)
        for (int part = 0; part < RNN_PARTS; part++)
            layer[l][part] = values(e, param(l, (enum rnn_part)part));
    const struct rnn_arch stack = {.cell = &cell_lstm, .input = V, .hidden = H, .layers = e->config.layers, .output = e->arch.output};
    struct stepper *s = stepper_of_layers(&stack, layer, table, values(e, readout(e)), values(e, readout(e) + 1), STEPPER_BLOCK);
    free(x);
    free(table);
    return s;
}

float *emulator_opening(const struct emulator *e, const float *z, int count) {
    int H = e->config.hidden, Z = e->config.z;
    size_t G = cell_inputs(&cell_lstm, H);
    float *x = memory_alloc((size_t)count * (size_t)H * sizeof(float)), *opening = memory_alloc((size_t)count * G * sizeof(float));
    blas_affine(count, H, Z, z, values(e, EMBEDDING), values(e, EMBEDDING + 1), x, (size_t)H);
    blas_sgemm(PLAIN, TRANSPOSED, count, (int)G, H, x, (size_t)H, values(e, LAYERS), (size_t)H, 0, opening, G);
    free(x);
    return opening;
}
