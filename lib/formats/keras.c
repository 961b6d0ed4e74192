#include "formats/keras_internal.h"

#include "base/memory.h"
#include "formats/hdf5_internal.h"
#include "formats/readers_internal.h"
#include "stream/json.h"
#include "stream/reader.h"

#include <stdlib.h>
#include <string.h>

// What was read of a file.
struct keras {
    struct mapping contents;
    struct value_nodes nodes;   // of contents: [arrays, texts]
    struct packer *config_pack; // model_config, which is JSON
    struct value_nodes config;
};

static void keras_free(void *graph) {
    struct keras *k = graph;
    mapping_close(&k->contents);
    free(k->nodes.node);
    free(k->config.node);
    packer_free(k->config_pack);
    free(k);
}

// --- Reading ---

static enum status add_array(struct tensors *t, const struct value *path, const struct value *v, struct error *error) {
    struct array a;
    enum status status = array_read(v, &a, error);
    if (status != STATUS_OK)
        return status;
    struct stored_place place = {
        .type = a.dtype, .rank = a.rank, .shape = a.shape, .storage = tensors_storage(t, a.data, a.count * dtype_size(a.dtype))};
    return tensors_add(t, tensors_text(t, "%.*s", (int)path->size, (const char *)path->data), 0, &place, error);
}

static enum status add_arrays(struct tensors *t, const struct value *arrays, struct error *error) {
    enum status status = STATUS_OK;
    const struct value *v = arrays && arrays->type == VALUE_MAP ? value_first(arrays) : NULL;
    for (uint32_t i = 0; v && i < arrays->count && status == STATUS_OK; i++) {
        const struct value *path = v, *array = value_next(path);
        status = add_array(t, path, array, error);
        v = value_next(array);
    }
    return status;
}

static enum status read_config(struct keras *k, const void *json, size_t length, struct error *error) {
    size_t size;
    k->config_pack = packer_new();
    enum status status = json_read(k->config_pack, json, length, error);
    if (status == STATUS_OK) {
        const uint8_t *bytes = packer_bytes(k->config_pack, &size);
        status = value_decode(bytes, size, 0, &k->config, error);
    }
    return status;
}

static const struct value *config_layers_of(const struct keras *k) {
    const struct value *layers = value_get(value_get(k->config.node, "config"), "layers");
    return layers && layers->type == VALUE_ARRAY ? layers : NULL;
}

static enum status read_hdf5(struct tensors *t, const char *kind, const uint8_t *bytes, size_t size, struct error *error) {
    struct keras *k = memory_calloc(1, sizeof *k);
    t->kind = kind;
    t->form = FORM_KERAS;
    t->graph = k;
    t->graph_free = keras_free;
    enum status status = hdf5_read(bytes, size, &k->contents, error);
    if (status == STATUS_OK) {
        status = value_decode(k->contents.bytes, k->contents.size, 0, &k->nodes, error);
        if (status != STATUS_OK)
            error_prefix(error, "the HDF5 file's contents");
    }
    return status == STATUS_OK ? add_arrays(t, value_at(k->nodes.node, 0), error) : status;
}

enum status keras_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    enum status status = read_hdf5(t, "an HDF5 file", bytes, size, error);
    if (status != STATUS_OK)
        return status;
    struct keras *k = t->graph;
    const struct value *texts = value_at(k->nodes.node, 1), *json = value_at(value_get(value_get(texts, ""), "model_config"), 0);
    status = json ? read_config(k, json->data, json->size, error) : STATUS_OK;
    return status == STATUS_OK ? status : error_prefix(error, "model_config");
}

// All of a member of the zip file, as bytes that live as long as t.
static enum status read_member(struct tensors *t, const char *name, struct storage **out, struct error *error) {
    int64_t index = zip_index_of(t->zip, name);
    struct zip_entry entry;
    if (index < 0)
        return error_set(error, STATUS_DATA, "a zip file as Keras 3 writes it, but there is no '%s' in it", name);
    enum status status = zip_entry_at(t->zip, (uint64_t)index, &entry, error);
    if (status != STATUS_OK)
        return status;
    *out = tensors_storage(t, NULL, entry.size);
    return zip_read(t->zip, (uint64_t)index, (uint8_t *)(*out)->bytes, entry.size, error);
}

enum status keras_read_zip(struct tensors *t, struct error *error) {
    struct storage *weights, *config;
    enum status status = read_member(t, KERAS_ZIP_WEIGHTS, &weights, error);
    if (status == STATUS_OK)
        status = read_member(t, "config.json", &config, error);
    if (status == STATUS_OK)
        status = read_hdf5(t, "a file of Keras 3", weights->bytes, weights->size, error);
    if (status != STATUS_OK)
        return status;
    status = read_config(t->graph, config->bytes, config->size, error);
    if (status != STATUS_OK)
        return error_prefix(error, "config.json");
    if (!config_layers_of(t->graph))
        return error_set(error, STATUS_DATA, "config.json has no list of layers: only Sequential and functional models have one");
    return STATUS_OK;
}

// --- Layers ---

const char *keras_text(struct tensors *t, const struct value *config, const char *key) {
    const struct value *v = value_get(config, key);
    return v && v->type == VALUE_STR ? tensors_text(t, "%.*s", (int)v->size, (const char *)v->data) : "";
}

bool keras_flag(const struct value *config, const char *key, bool otherwise) {
    const struct value *v = value_get(config, key);
    return v && v->type == VALUE_BOOL ? v->boolean : otherwise;
}

static enum keras_kind kind_of_class(const char *name) {
    static const char *const nothing[] = {"InputLayer",    "Dropout",         "SpatialDropout1D",      "Masking",
                                          "GaussianNoise", "GaussianDropout", "ActivityRegularization"};
    static const char *const cells[] = {"LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell", "SimpleRNNCell"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (strcmp(name, nothing[i]) == 0)
            return KERAS_NOTHING;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        if (strcmp(name, cells[i]) == 0)
            return KERAS_RNN;
    return strcmp(name, "Dense") == 0 ? KERAS_DENSE : strcmp(name, "Embedding") == 0 ? KERAS_EMBEDDING : KERAS_OTHER;
}

static enum keras_kind kind_of_weights(const struct keras_layer *l) {
    if (l->recurrent)
        return KERAS_RNN;
    if (l->embeddings)
        return KERAS_EMBEDDING;
    if (l->kernel && l->kernel->rank == 2 && !l->odd)
        return KERAS_DENSE;
    return l->kernel || l->bias || l->odd ? KERAS_OTHER : KERAS_NOTHING;
}

// The entry {class_name, config} of the layer that has this name.
static const struct value *find_config(const struct value *layers, const char *name) {
    for (uint32_t i = 0; layers && layers->type == VALUE_ARRAY && i < layers->count; i++) {
        const struct value *entry = value_at(layers, i);
        if (value_is(value_get(value_get(entry, "config"), "name"), name) || value_is(value_get(entry, "name"), name))
            return entry;
    }
    return NULL;
}

// TimeDistributed(Dense) and RNN(LSTMCell) are what is in them.
void keras_read_class(struct tensors *t, struct keras_layer *l, const struct value *entry) {
    l->inbound = value_get(entry, "inbound_nodes");
    for (int depth = 0; depth < 2; depth++) {
        const char *class_name = keras_text(t, entry, "class_name");
        const struct value *config = value_get(entry, "config");
        const char *inner = strcmp(class_name, "TimeDistributed") == 0 ? "layer" : strcmp(class_name, "RNN") == 0 ? "cell" : NULL;
        l->class_name = class_name;
        l->config = config;
        l->backwards |= keras_flag(config, "go_backwards", false);
        if (!inner || !value_get(config, inner))
            break;
        entry = value_get(config, inner);
    }
    l->kind = kind_of_class(l->class_name);
}

static void add_weight(struct tensors *t, struct keras_layer *l, const char *name, const struct stored *weight) {
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
    const char *plain = tensors_text(t, "%.*s", (int)strcspn(last, ":"), last); // without the ":0" of TensorFlow's variables
    const struct stored **place = strcmp(plain, "kernel") == 0             ? &l->kernel
                                  : strcmp(plain, "recurrent_kernel") == 0 ? &l->recurrent
                                  : strcmp(plain, "bias") == 0             ? &l->bias
                                  : strcmp(plain, "embeddings") == 0       ? &l->embeddings
                                                                           : NULL;
    if (!place || *place)
        l->odd = name;
    else
        *place = weight;
}

static enum status read_layer(struct tensors *t, const char *base, const struct value *texts, const struct value *config_layers,
                              struct keras_layer *l, struct error *error) {
    const char *group = tensors_text(t, "%s/%s", base, l->name);
    const struct value *names = value_get(value_get(texts, group), "weight_names");
    for (uint32_t i = 0; names && i < names->count; i++) {
        const struct value *name = value_at(names, i);
        const char *text = tensors_text(t, "%.*s", (int)name->size, (const char *)name->data);
        const struct stored *weight = tensors_find(t, tensors_text(t, "%s/%s", group, text));
        if (!weight)
            return error_set(error, STATUS_DATA, "the weight '%.200s/%.200s' is not in the file, or no array of floats", group, text);
        add_weight(t, l, text, weight);
    }
    l->kind = kind_of_weights(l);
    const struct value *entry = find_config(config_layers, l->name);
    if (entry)
        keras_read_class(t, l, entry);
    return STATUS_OK;
}

enum status keras_layers(struct tensors *t, struct keras_layer **out, int *count, struct error *error) {
    const struct keras *k = t->graph;
    const struct value *texts = value_at(k->nodes.node, 1);
    const char *base = value_get(value_get(texts, ""), "layer_names") ? "" : "/model_weights";
    const struct value *names = value_get(value_get(texts, base), "layer_names");
    const struct value *config_layers = config_layers_of(k);
    if (!names && keras3_is(t))
        return keras3_layers(t, config_layers, out, count, error);
    if (!names || names->type != VALUE_ARRAY)
        return error_set(
            error, STATUS_DATA,
            "an HDF5 file, but none of Keras's (there is no list layer_names of Keras 2, and no group layers of Keras 3, as Sequential and "
            "functional models have it)");
    *out = arena_calloc(&t->arena, names->count * sizeof **out);
    *count = (int)names->count;
    enum status status = STATUS_OK;
    for (int i = 0; i < *count && status == STATUS_OK; i++) {
        const struct value *name = value_at(names, (uint32_t)i);
        (*out)[i].name = tensors_text(t, "%.*s", (int)name->size, (const char *)name->data);
        status = read_layer(t, base, texts, config_layers, &(*out)[i], error);
    }
    return status;
}
