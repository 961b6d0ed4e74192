// Keras's HDF5 files (save_weights, model.save): layers in order, each with the names of its weights; of a whole model also its
// configuration.
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
    const char *class_name;     // of the configuration: "LSTM"; NULL when there is none
    const struct value *config; // the layer's own; NULL when there is none
    const struct stored *kernel, *recurrent, *bias, *embeddings;
    const char *odd; // a weight that has no place in such a layer, or NULL
};

// The layers of a file in order, [*count], in t's arena. STATUS_DATA when the file is no such one or a weight that it names is not there.
enum status keras_layers(struct tensors *t, struct keras_layer **out, int *count, struct error *error) MUST_CHECK;

// A text of a configuration, or "" when there is none or it is something else.
const char *keras_text(struct tensors *t, const struct value *config, const char *key);
bool keras_flag(const struct value *config, const char *key, bool otherwise);

#endif
