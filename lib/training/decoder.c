#include "training/decoder.h"

#include "base/memory.h"
#include "math/kernels.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "nn/recurrent.h"
#include "records/embedding.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct decoder_config decoder_default_config = {.z = 16, .hidden = 256, .layers = 1};

enum { MLP = 0 };

static int mean_index(const struct decoder *d) {
    return MLP + 2 * (d->config.layers + 1);
}

float *decoder_mean(const struct decoder *d) {
    return d->values + d->table.list[mean_index(d)].offset;
}

float *decoder_deviation(const struct decoder *d) {
    return d->values + d->table.list[mean_index(d) + 1].offset;
}

// --- Making ---

enum status decoder_check(const struct decoder_config *config, const struct rnn_arch *arch, struct error *error) {
    double size = (double)rnn_size(arch), last = config->layers ? config->hidden : config->z;
    if (size * (last + 2) + (double)config->hidden * config->hidden * config->layers < INT_MAX)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "a decoder of %d hidden units for RNNs of %.0f weights would be too large", config->hidden, size);
}

// All but the values.
static struct decoder *declared(const struct decoder_config *config, const struct rnn_arch *arch, uint64_t seed) {
    struct decoder *d = memory_calloc(1, sizeof *d);
    *d = (struct decoder){.config = *config, .arch = *arch, .seed = seed};
    rnn_params(&d->rnn_table, arch);
    mlp_params(&d->table, "mlp", config->z, config->hidden, config->layers, (int)d->rnn_table.size);
    int mean = params_add(&d->table, INIT_CONSTANT, 0, 1, (int[]){(int)d->rnn_table.size}, "mean");
    int deviation = params_add(&d->table, INIT_CONSTANT, 1, 1, (int[]){d->rnn_table.count}, "deviation");
    d->table.list[mean].frozen = d->table.list[deviation].frozen = true;
    return d;
}

static void init_values(struct decoder *d) {
    d->values = memory_calloc(d->table.size, sizeof *d->values);
    struct rng rng = rng_make(d->seed, 0, "decoder");
    params_init(&d->table, d->values, &rng);
}

struct decoder *decoder_new(const struct decoder_config *config, const struct rnn_arch *arch, uint64_t seed) {
    struct decoder *d = declared(config, arch, seed);
    init_values(d);
    return d;
}

void decoder_free(struct decoder *d) {
    if (!d)
        return;
    params_free(&d->rnn_table);
    params_free(&d->table);
    free(d->values);
    free(d);
}

enum status decoder_fits(const struct decoder *d, const struct rnn_arch *arch, struct error *error) {
    if (rnn_arch_equal(&d->arch, arch))
        return STATUS_OK;
    char difference[RNN_ARCH_TEXT_SIZE];
    rnn_arch_difference(difference, arch, &d->arch, ARCH_ALL);
    return error_set(error, STATUS_DATA, "the RNN is none of those that the decoder makes: %s", difference);
}

// --- Records ---

static void config_keys(struct decoder_config *c, struct config_key keys[4]) {
    const struct config_key all[4] = {{.name = "z", .target = &c->z, .low = 1, .high = 65536},
                                      {.name = "hidden", .target = &c->hidden, .low = 1, .high = 65536},
                                      {.name = "layers", .target = &c->layers, .low = 0, .high = 16}};
    memcpy(keys, all, sizeof all);
}

// Sizes that a record merely declares allocate nothing: two bytes of each weight must have come.
static enum status sizes_read(const struct model_record *record, struct decoder_config *config, struct error *error) {
    struct config_key keys[4];
    config_keys(config, keys);
    if (!record->has_arch)
        return error_set(error, STATUS_DATA, "decoder record: key 'arch' is missing");
    if (config_read(record->config, keys, error) != STATUS_OK || decoder_check(config, &record->arch, error) != STATUS_OK)
        return error->status;
    if (record->weights->length / 2 < rnn_size(&record->arch))
        return error_set(error, STATUS_DATA, "decoder record: fewer weights than its config tells");
    return STATUS_OK;
}

enum status decoder_read(const struct model_record *record, struct decoder **out, struct error *error) {
    struct decoder_config config = decoder_default_config;
    const struct value *encoder = value_get(record->root, "encoder");
    if (sizes_read(record, &config, error) != STATUS_OK)
        return error->status;
    struct decoder *d = declared(&config, &record->arch, record->seed);
    enum status status = STATUS_OK;
    d->step = record->step;
    d->knows_encoder = encoder != NULL;
    if (record->weights->length / 2 < d->table.size)
        status = error_set(error, STATUS_DATA, "decoder record: fewer weights than its config tells");
    if (status == STATUS_OK && encoder && encoder_identity_read(encoder, &d->encoder, error) != STATUS_OK)
        status = error_prefix(error, "decoder record");
    if (status == STATUS_OK) {
        init_values(d);
        status = weights_read(record->weights, &d->table, d->values, error);
    }
    for (int k = 0; status == STATUS_OK && k < d->rnn_table.count; k++)
        if (!(decoder_deviation(d)[k] > 0))
            status = error_set(error, STATUS_DATA, "decoder record: a deviation is not positive");
    if (status != STATUS_OK) {
        decoder_free(d);
        return status;
    }
    *out = d;
    return STATUS_OK;
}

void decoder_pack(struct packer *p, const struct decoder *d) {
    struct decoder_config config = d->config;
    struct config_key keys[4];
    config_keys(&config, keys);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "decoder");
    if (d->knows_encoder) {
        pack_key(p, "encoder");
        encoder_identity_pack(p, &d->encoder);
    }
    model_pack(p, d->seed, d->step, keys, &d->arch, &d->table, d->values);
    pack_end(p);
}

// --- Computation ---

struct tensor *decoder_forward(struct tape *tape, const struct decoder *d, const struct weights *w, struct tensor *z) {
    return mlp(tape, w, MLP, d->config.layers, z);
}

struct scaled_saved {
    struct tensor *y, *w;
    const float *scale; // [P]
};

static void scaled_backward(void *saved) {
    const struct scaled_saved *s = saved;
    size_t P = (size_t)s->y->cols;
    for (size_t r = 0; r < (size_t)s->y->rows; r++)
        for (size_t i = 0; i < P; i++)
            s->y->grad[r * P + i] += s->w->grad[r * P + i] * s->scale[i];
}

// The deviation of each weight, [P].
static float *deviations(struct tape *tape, const struct decoder *d) {
    float *scale = arena_floats(&tape->arena, d->rnn_table.size);
    for (int k = 0; k < d->rnn_table.count; k++)
        for (size_t i = 0; i < d->rnn_table.list[k].size; i++)
            scale[d->rnn_table.list[k].offset + i] = decoder_deviation(d)[k];
    return scale;
}

struct tensor *decoder_weights(struct tape *tape, const struct decoder *d, struct tensor *y) {
    size_t P = d->rnn_table.size;
    const float *scale = deviations(tape, d), *mean = decoder_mean(d);
    struct tensor *w = tape_tensor(tape, y->rows, y->cols, y->grad != NULL);
    for (size_t r = 0; r < (size_t)y->rows; r++)
        for (size_t i = 0; i < P; i++)
            w->value[r * P + i] = mean[i] + scale[i] * y->value[r * P + i];
    if (w->grad) {
        struct scaled_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct scaled_saved){y, w, scale};
        tape_record(tape, scaled_backward, s);
    }
    return w;
}

struct tensor *decoder_structure(struct tape *tape, const struct decoder *d, struct tensor *y, const float *const *weights) {
    size_t P = d->rnn_table.size;
    const float *scale = deviations(tape, d), *mean = decoder_mean(d);
    float *target = arena_floats(&tape->arena, (size_t)y->rows * P);
    for (size_t r = 0; r < (size_t)y->rows; r++)
        for (size_t i = 0; i < P; i++)
            target[r * P + i] = (weights[r][i] - mean[i]) / scale[i];
    return squared_error(tape, y, target);
}

// Raw answers [T*R,O] of an RNN whose weights are on the tape themselves.
static struct tensor *answers(struct tape *tape, const struct decoder *d, const struct weights *w, const struct rollout_batch *r) {
    const struct rnn_arch *a = &d->arch;
    struct tensor *h;
    if (r->continuous)
        h = recurrent_sequence(tape, a->cell, w, 0, tape_leaf(tape, r->steps * r->columns, a->input, r->inputs, NULL), r->steps);
    else
        h = recurrent_sequence_tokens(tape, a->cell, w, 0, r->tokens, r->steps, r->columns);
    for (int l = 1; l < a->layers; l++)
        h = recurrent_sequence(tape, a->cell, w, rnn_param(a, l, W_IH), h, r->steps);
    return linear_at(tape, w, rnn_readout(a), h);
}

struct tensor *decoder_behaviour(struct tape *tape, const struct decoder *d, struct tensor *weights, const struct rollout_batch *r) {
    const struct weights w = {&d->rnn_table, weights->value, weights->grad};
    struct tensor *q = answers(tape, d, &w, r);
    if (!rnn_answers_classes(&d->arch))
        return squared_error(tape, q, r->targets);
    float *p = arena_floats(&tape->arena, tensor_size(q));
    kernels()->softmax(p, NULL, r->targets, q->rows, q->cols);
    return squared_error(tape, activation(tape, ACTIVATION_SOFTMAX, q), p);
}

// --- Use ---

static enum status check_encoder(const struct decoder *d, const struct value *embedding, struct error *error) {
    const struct value *map = value_get(embedding, "encoder");
    struct encoder_identity id;
    char other[IDENTITY_TEXT_SIZE], own[IDENTITY_TEXT_SIZE];
    if (!map || !d->knows_encoder)
        return STATUS_OK;
    if (encoder_identity_read(map, &id, error) != STATUS_OK)
        return error->status;
    if (encoder_identity_equal(&id, &d->encoder))
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "the embedding is by %s, but the decoder decodes those of %s", encoder_identity_text(&id, other),
                     encoder_identity_text(&d->encoder, own));
}

enum status decoder_decode(const struct decoder *d, const struct value *embedding, struct tape *tape, float *weights, struct error *error) {
    tape_reset(tape, false);
    float *z = arena_floats(&tape->arena, (size_t)d->config.z);
    if (check_encoder(d, embedding, error) != STATUS_OK || embedding_z_read(embedding, d->config.z, z, error) != STATUS_OK)
        return error->status;
    const struct weights w = {&d->table, d->values, NULL};
    struct tensor *y = decoder_forward(tape, d, &w, tape_leaf(tape, 1, d->config.z, z, NULL));
    memcpy(weights, decoder_weights(tape, d, y)->value, d->rnn_table.size * sizeof *weights);
    for (size_t i = 0; i < d->rnn_table.size; i++)
        if (!isfinite(weights[i]))
            return error_set(error, STATUS_DATA, "a weight that the decoder makes is not finite");
    return STATUS_OK;
}
