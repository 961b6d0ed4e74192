// Keras's files. Those of Keras 2 are HDF5 (save_weights, model.save): layers in order, each with the names of its weights; of a whole
// model also its configuration. Those of Keras 3 (keras3.c) are HDF5 without either, or a zip file of that and a configuration.
#ifndef FORMATS_KERAS_INTERNAL_H
#define FORMATS_KERAS_INTERNAL_H

#include "formats/network_internal.h"

enum keras_kind {
    KERAS_NOTHING, // computes nothing when run: an input, dropout, a mask
    KERAS_EMBEDDING,
    KERAS_RNN,
    KERAS_DENSE,
    KERAS_OTHER,
};

struct keras_layer {
    const char *name;
    enum keras_kind kind;
    const char *class_name;      // of the configuration: "LSTM"; NULL when there is none
    const struct value *config;  // the layer's own; NULL when there is none
    const struct value *inbound; // of the configuration of a functional model: what the layer reads; NULL when there is none
    const struct stored *kernel, *recurrent, *bias, *embeddings;
    bool backwards;
    bool guessed;    // the file does not tell its place among the layers
    bool alone;      // guessed: all layers are of kinds that are known here
    const char *odd; // a weight that has no place in such a layer, or NULL
};

// The layers of a file in order, [*count], in t's arena. STATUS_DATA when the file is no such one or a weight that it names is not there.
enum status keras_layers(struct tensors *t, struct keras_layer **out, int *count, struct error *error) MUST_CHECK;

// Is there a group of Keras 3's layers?
bool keras3_is(const struct tensors *t);
// The same of Keras 3: entries is the configuration's list of layers; NULL: there is none, and layers come in the order embedding,
// recurrent ones by number, Dense, unless there are others, too. STATUS_DATA when a weight belongs to no layer of the configuration.
enum status keras3_layers(struct tensors *t, const struct value *entries, struct keras_layer **out, int *count,
                          struct error *error) MUST_CHECK;

// Class, configuration and kind from a configuration's entry {class_name, config}: TimeDistributed(Dense) and RNN(LSTMCell) are what is in
// them.
void keras_read_class(struct tensors *t, struct keras_layer *l, const struct value *entry);

// Does each of the layers that are used [count] read the one that is used before it, and nothing else? STATUS_DATA when it does not; layers
// whose inbound is not known do.
enum status keras_check_graph(struct tensors *t, const struct keras_layer *layers, int count, const bool *used,
                              struct error *error) MUST_CHECK;

// A text of a configuration, or "" when there is none or it is something else.
const char *keras_text(struct tensors *t, const struct value *config, const char *key);
bool keras_flag(const struct value *config, const char *key, bool otherwise);

#endif
