// Files of other programs as lists of named tensors: PyTorch's .pt, safetensors, NumPy's .npz, Keras's HDF5, ONNX. Whatever such a file
// says of sizes and places is checked against the bytes that are really there, and nothing in it is ever run.
#ifndef FORMATS_TENSORS_H
#define FORMATS_TENSORS_H

#include "base/arena.h"
#include "stream/array.h"
#include "stream/mapping.h"

enum tensor_type {
    // the types of stream/array.h, then:
    TENSOR_BF16 = DTYPE_COUNT, // a float whose lower 16 bits are left out
    TENSOR_OTHER,              // nothing that can be read as numbers here: quantised, complex, a text ...
};

// Bytes that tensors lie in: several may share them.
struct storage {
    const uint8_t *bytes; // NULL until storage_load has read them
    uint64_t size;
    struct zip_reader *zip; // where they are read from, or NULL
    uint64_t member;
    bool owned; // free() them at the end
};

struct stored {
    const char *name;
    size_t scope;          // the first bytes of the name are that of the dict it lies in, with a dot behind ("model_state_dict.")
    int type;              // an enum dtype or enum tensor_type
    const char *type_name; // for messages: "float32", "int8, quantised"
    int rank;
    uint64_t shape[ARRAY_MAX_RANK];
    int64_t step[ARRAY_MAX_RANK]; // from an item to the next along a dimension, in items
    uint64_t count;               // items
    struct storage *storage;      // NULL for TENSOR_OTHER
    uint64_t first;               // place of the first item in the storage, in items
    bool replaced;                // another tensor was made of it, which stands in its place
};

// How a file tells which tensors make a network.
enum tensors_form {
    FORM_NAMES, // by the names alone, as PyTorch's state_dict
    FORM_KERAS, // by its layers
    FORM_ONNX,  // by a graph
};

struct tensors {
    const char *path;
    const char *kind;                   // "a PyTorch file", for messages
    const char *cell, *reads, *answers; // what the file itself says of its RNN (network.h), or NULL (safetensors of export-rnn)
    enum tensors_form form;
    struct stored *list;
    int count;
    size_t capacity;
    struct arena arena; // of names and all else that lives as long as the tensors
    struct mapping mapping;
    struct zip_reader *zip;
    struct storage **storages;
    int storage_count;
    size_t storage_capacity;
    void *graph; // of FORM_KERAS and FORM_ONNX: what the file says of layers
    void (*graph_free)(void *graph);
};

// Opens a file of any of the formats, which is told from its first bytes. STATUS_NO_INPUT when there is none, STATUS_DATA when it is
// damaged, asks for code to be run, or is of no format that this build knows; the message names the path.
enum status tensors_open(struct tensors *out, const char *path, struct error *error) MUST_CHECK;
// The same over memory, which has to outlive the tensors. tensors_close after either, also after a failure.
enum status tensors_open_memory(struct tensors *out, const void *bytes, size_t size, struct error *error) MUST_CHECK;
void tensors_close(struct tensors *t);

// --- For the readers of formats ---

struct storage *tensors_storage(struct tensors *t, const void *bytes, uint64_t size);     // bytes NULL: zeroed, to be filled in
struct storage *tensors_storage_in_zip(struct tensors *t, uint64_t entry, uint64_t size); // read when it is needed
char *tensors_text(struct tensors *t, const char *format, ...) __attribute__((format(printf, 2, 3), returns_nonnull)); // lives as long as t

// Adds a tensor. shape [rank]; step [rank] in items, or NULL for C order. Proves that all its items lie in the storage, and each
// in a place of its own. STATUS_DATA, naming
// the tensor, otherwise. A rank above ARRAY_MAX_RANK gives a tensor of TENSOR_OTHER. The name is not copied.
struct stored_place {
    int type;
    const char *type_name;
    int rank;
    const uint64_t *shape;
    const int64_t *step;
    struct storage *storage;
    uint64_t first;
};
enum status tensors_add(struct tensors *t, const char *name, size_t scope, const struct stored_place *place,
                        struct error *error) MUST_CHECK;
// The same of a tensor that is not added to the list.
enum status tensors_place(struct stored *out, const char *name, size_t scope, const struct stored_place *place,
                          struct error *error) MUST_CHECK;
void tensors_add_other(struct tensors *t, const char *name, size_t scope, const char *type_name); // something that is no numbers

size_t tensor_type_size(int type);      // bytes of an item, 0 of TENSOR_OTHER
const char *tensor_type_name(int type); // "float32"
bool tensor_type_is_float(int type);
bool tensor_is_dense(const struct stored *s); // in C order without gaps
// "[64,5]"
const char *tensors_shape_text(struct tensors *t, const struct stored *s);

struct stored *tensors_find(const struct tensors *t, const char *name); // NULL when there is none

// Sees to it that the bytes of a storage are in memory; STATUS_DATA when they can't be read.
enum status storage_load(struct storage *s, struct error *error) MUST_CHECK;

#endif
