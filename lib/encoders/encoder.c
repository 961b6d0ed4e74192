#include "encoders/encoder.h"

#include "base/hash.h"
#include "base/memory.h"
#include "encoders/standard.h"
#include "math/kernels.h"
#include "nn/activation.h"
#include "nn/recurrent.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KEYS = 24 };

// All config keys with their ranges.
static const struct {
    const char *name;
    size_t offset;
    int low, high;
    bool flag, seldom; // seldom: in a record only where it is not the type's default
} all_keys[] = {
    {"z", offsetof(struct encoder_config, z), 1, 65536, false, false},
    {"hidden", offsetof(struct encoder_config, hidden), 1, 65536, false, false},
    {"layers", offsetof(struct encoder_config, layers), 1, RNN_MAX_LAYERS, false, false},
    {"mlp_hidden", offsetof(struct encoder_config, mlp_hidden), 1, 65536, false, false},
    {"mlp_layers", offsetof(struct encoder_config, mlp_layers), 0, 16, false, false},
    {"length", offsetof(struct encoder_config, length), 1, 4096, false, false},
    {"probes", offsetof(struct encoder_config, probes), 1, 256, false, false},
    {"heads", offsetof(struct encoder_config, heads), 1, 1024, false, false},
    {"channels", offsetof(struct encoder_config, channels), 1, 4096, false, false},
    {"vectors", offsetof(struct encoder_config, probes), 1, 256, false, false},
    {"views", offsetof(struct encoder_config, views), 1, 4, false, false},
    {"matrix", offsetof(struct encoder_config, matrix), 0, 2 * RNN_MAX_LAYERS + 1, false, false},
    {"residual", offsetof(struct encoder_config, residual), 0, 1, true, false},
    {"softmax", offsetof(struct encoder_config, softmax), 0, 1, true, false},
    {"dropout", offsetof(struct encoder_config, dropout), 0, 1, true, true},
    {"fixed", offsetof(struct encoder_config, fixed), 0, 1, true, false},
    {"probabilities", offsetof(struct encoder_config, probabilities), 0, 1, true, true},
    {"echo", offsetof(struct encoder_config, echo), 0, 1, true, true},
    {"gumbel", offsetof(struct encoder_config, gumbel), 0, 1, true, true},
    {"recall", offsetof(struct encoder_config, recall), 0, 1, true, true},
    {"forget_bias", offsetof(struct encoder_config, forget_bias), 0, 16, false, true},
    {"ordered", offsetof(struct encoder_config, ordered), 0, 1, true, true},
    {"standardised", offsetof(struct encoder_config, standardised), 0, 1, true, true},
    {"per_gate", offsetof(struct encoder_config, per_gate), 0, 1, true, true},
    {"per_input", offsetof(struct encoder_config, per_input), 0, 1, true, true},
};

bool encoder_has_key(const struct encoder_type *type, const char *key) {
    size_t n = strlen(key);
    for (const char *at = type->keys; *at; at += *at == ' ') {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, key, n) == 0)
            return true;
        at += length;
    }
    return false;
}

static void config_keys(const struct encoder_type *type, struct encoder_config *config, struct config_key *keys) {
    int count = 0;
    for (size_t i = 0; i < sizeof all_keys / sizeof *all_keys; i++) {
        bool zero = type->zero_layers && strcmp(all_keys[i].name, "layers") == 0;
        if (encoder_has_key(type, all_keys[i].name))
            keys[count++] = (struct config_key){.name = all_keys[i].name,
                                                .target = (int *)((char *)config + all_keys[i].offset),
                                                .low = zero ? 0 : all_keys[i].low,
                                                .high = all_keys[i].high,
                                                .flag = all_keys[i].flag,
                                                .seldom = all_keys[i].seldom,
                                                .usual = *(const int *)((const char *)&type->defaults + all_keys[i].offset)};
    }
    if (encoder_has_key(type, "residual"))
        keys[count++] = (struct config_key){.name = "one_hot", .target = &config->one_hot, .flag = true, .seldom = true};
    if (encoder_has_key(type, "softmax"))
        keys[count++] = (struct config_key){.name = "range", .range = config->range};
    keys[count++] = (struct config_key){.name = "standardise_z", .target = &config->standardise_z, .flag = true, .seldom = true};
    keys[count] = (struct config_key){0};
}

struct encoder_config encoder_defaults(const struct encoder_type *type, const struct rnn_arch *arch) {
    struct encoder_config config = type->defaults;
    bool tokens = rnn_reads_tokens(arch);
    config.softmax = tokens;
    config.length = tokens ? 22 : 50;
    return config;
}

// All but the values.
static struct encoder *declared(const struct encoder_type *type, const struct encoder_config *config, const struct rnn_arch *arch,
                                uint64_t seed) {
    struct encoder *e = memory_calloc(1, sizeof *e);
    *e = (struct encoder){.type = type, .config = *config, .arch = *arch, .seed = seed};
    rnn_params(&e->rnn_table, arch);
    type->declare(e);
    standard_declare(e);
    return e;
}

// Networks count in int. What a probing encoder makes and takes in at once, and all its parameters, have to fit; nothing is allocated for
// a table.
static enum status size_check(const struct encoder_type *type, const struct encoder_config *config, const struct rnn_arch *arch,
                              struct error *error) {
    uint64_t length = encoder_has_key(type, "length") ? (uint64_t)config->length : 1,
             probes = encoder_has_key(type, "probes") ? (uint64_t)config->probes : 1;
    uint64_t inputs = length * (uint64_t)arch->input, answers = length * probes * (uint64_t)arch->output;
    if (inputs > INT_MAX || answers > INT_MAX)
        return error_set(error, STATUS_DATA, "an encoder for %" PRIu64 " inputs or %" PRIu64 " answers, more than %d", inputs, answers,
                         INT_MAX);
    struct encoder *e = declared(type, config, arch, 0);
    size_t size = e->table.size;
    encoder_free(e);
    return size <= INT_MAX ? STATUS_OK : error_set(error, STATUS_DATA, "an encoder of %zu weights, more than %d", size, INT_MAX);
}

enum status encoder_check(const struct encoder_type *type, const struct encoder_config *config, const struct rnn_arch *arch,
                          struct error *error) {
    if (config->probabilities && !rnn_answers_classes(arch))
        return error_set(error, STATUS_DATA, "the RNNs answer with numbers, which are no probabilities");
    if (config->echo && !rnn_tells_tokens(arch))
        return error_set(error, STATUS_DATA, "the RNNs don't answer with what they read next: there is no echo to be asked");
    if (config->gumbel && !config->echo)
        return error_set(error, STATUS_DATA, "gumbel draws from an echo: without one there is nothing to draw from");
    enum status status = type->check ? type->check(config, arch, error) : STATUS_OK;
    return status == STATUS_OK ? size_check(type, config, arch, error) : status;
}

static void init_values(struct encoder *e) {
    e->values = memory_calloc(e->table.size, sizeof(float));
    struct rng rng = rng_make(e->seed, 0, "encoder");
    params_init(&e->table, e->values, &rng);
    for (int l = 0; e->config.forget_bias && l < e->config.layers; l++)
        recurrent_forget_bias(&e->table, e->values, e->first[e->type->core] + RNN_PARTS * l, (float)e->config.forget_bias);
}

struct encoder *encoder_new(const struct encoder_type *type, const struct encoder_config *config, const struct rnn_arch *arch,
                            uint64_t seed) {
    struct encoder *e = declared(type, config, arch, seed);
    init_values(e);
    return e;
}

uint64_t encoder_config_hash(uint64_t h, const struct encoder_config *config) {
    h = hash_bytes(h, config, offsetof(struct encoder_config, range));
    return config->range[0] < config->range[1] ? hash_bytes(h, config->range, sizeof config->range) : h;
}

struct encoder *encoder_another(const struct encoder *e, uint64_t seed) {
    struct encoder *other = encoder_new(e->type, &e->config, &e->arch, seed);
    for (int i = e->standard; e->standard && i < e->standard + 2; i++)
        memcpy(other->values + other->table.list[i].offset, e->values + e->table.list[i].offset, e->table.list[i].size * sizeof *e->values);
    return other;
}

void encoder_free(struct encoder *e) {
    if (!e)
        return;
    params_free(&e->rnn_table);
    params_free(&e->table);
    free(e->values);
    free(e);
}

// Sizes that a record merely declares allocate nothing: weights of at least two bytes each must really have come.
static bool weights_missing(const struct encoder *e, const struct value *weights) {
    size_t needed = 0;
    for (int i = 0; i < e->table.count; i++)
        needed += e->table.list[i].unused ? 0 : e->table.list[i].size;
    return weights->length / 2 < needed;
}

enum status encoder_fits(const struct encoder *e, const struct rnn_arch *arch, struct error *error) {
    if (rnn_arch_alike(arch, &e->arch, e->type->bound))
        return STATUS_OK;
    char difference[RNN_ARCH_TEXT_SIZE];
    rnn_arch_difference(difference, arch, &e->arch, e->type->bound);
    return error_set(error, STATUS_DATA, "the RNN does not fit the %s encoder: %s", e->type->name, difference);
}

enum status encoder_read(const struct model_record *record, struct encoder **out, struct error *error) {
    const struct encoder_type *type = encoder_type_find(record->type);
    if (!type)
        return error_set(error, STATUS_DATA, "encoder of unknown type '%s'", record->type);
    if (!record->has_arch)
        return error_set(error, STATUS_DATA, "encoder record: key 'arch' is missing");
    struct encoder_config config = encoder_defaults(type, &record->arch);
    struct config_key keys[MAX_KEYS];
    config_keys(type, &config, keys);
    if (config_read(record->config, keys, error) != STATUS_OK)
        return error->status;
    if (encoder_check(type, &config, &record->arch, error) != STATUS_OK)
        return error_prefix(error, "encoder record");
    struct encoder *e = declared(type, &config, &record->arch, record->seed);
    e->step = record->step;
    if (weights_missing(e, record->weights)) {
        encoder_free(e);
        return error_set(error, STATUS_DATA, "encoder record: fewer weights than its config tells");
    }
    init_values(e);
    if (weights_read(record->weights, &e->table, e->values, error) != STATUS_OK) {
        encoder_free(e);
        return error->status;
    }
    *out = e;
    return STATUS_OK;
}

void encoder_pack(struct packer *p, const struct encoder *e) {
    struct encoder_config config = e->config;
    struct config_key keys[MAX_KEYS];
    config_keys(e->type, &config, keys);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "encoder");
    pack_key(p, "type");
    pack_str(p, e->type->name);
    model_pack(p, e->seed, e->step, keys, &e->arch, &e->table, e->values);
    if (e->diverged_at) {
        pack_key(p, "metrics");
        pack_map(p);
        pack_key(p, "diverged_at");
        pack_u64(p, e->diverged_at);
        pack_end(p);
    }
    pack_end(p);
}

struct tensor *encoder_embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                             struct rng *rng, struct encoder_trace *trace, struct tensor **raw) {
    struct tensor *z = e->type->embed(tape, e, w, batch, rng, trace);
    if (raw)
        *raw = z;
    return unit_rows(tape, standardised(tape, e, e->z_standard, z));
}

enum status encoder_check_norm(const struct tensor *z, int row, struct error *error) {
    double square = kernels()->sum_squares(z->value + (size_t)row * (size_t)z->cols, (size_t)z->cols);
    return fabs(square - 1) < 1e-3 ? STATUS_OK : error_set(error, STATUS_DATA, "it has no embedding of norm 1 (%g)", sqrt(square));
}
