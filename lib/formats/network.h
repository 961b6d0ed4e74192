// The recurrent network in a file of tensors: which of them are its weights, in PyTorch's order of gates and rows.
#ifndef FORMATS_NETWORK_H
#define FORMATS_NETWORK_H

#include "formats/tensors.h"

enum { NETWORK_MAX_LAYERS = 16, NETWORK_MAX_BLOCKS = 4, NETWORK_MAX_NOTES = 16 };

// A matrix [rows,cols] somewhere in a tensor; its rows are `blocks` blocks (gates), of which block b is the order[b]-th of the tensor. A
// vector has one column. No tensor: zeros.
struct view {
    const struct stored *tensor;
    uint64_t first; // place of the first item in the storage, in items
    uint64_t rows, cols;
    int64_t row_step, col_step; // in items
    int blocks;
    unsigned char order[NETWORK_MAX_BLOCKS];
};

struct network {
    const char *name; // of the recurrent part in the file, "encoder.lstm"; "" when its names have nothing before them
    const char *cell; // "lstm", "gru", "rnn_tanh", "rnn_relu"
    // "tokens" or "numbers", "classes" or "numbers", as was chosen, as the file says, or tokens with an embedding; NULL: nobody knows.
    const char *reads, *answers;
    int layers;
    uint64_t input, hidden, output; // input: of the first layer's weights; output: hidden without a read-out
    struct view weight_ih[NETWORK_MAX_LAYERS], weight_hh[NETWORK_MAX_LAYERS], bias_ih[NETWORK_MAX_LAYERS], bias_hh[NETWORK_MAX_LAYERS];
    struct view embedding;                // [V,input]; tensor NULL: none
    struct view readout, readout_bias;    // [output,hidden], [output]; tensor NULL: none, and zeros
    const char *notes[NETWORK_MAX_NOTES]; // what was assumed or left out, for people
    int note_count;
};

// What a user chooses; NULL: to be found. "none" for readout and embedding: there is none.
struct network_choice {
    const char *name;      // only what lies below this name is looked at
    const char *rnn;       // the recurrent part's name, or several, with commas between, that are layers one above the other
    const char *readout;   // the linear layer's name
    const char *embedding; // the embedding's name
    const char *cell;      // "lstm", "gru", "rnn_tanh", "rnn_relu"
    const char *reads;     // "tokens", "numbers"
    const char *answers;   // "classes", "numbers"
};

// STATUS_DATA when there is no such network, more than one, or one that can't be represented: what was found is named.
enum status network_find(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) MUST_CHECK;

// rows x cols floats, in C order. STATUS_DATA, naming the tensor, when its bytes can't be read or an item is not finite.
enum status view_read(const struct view *v, float *out, struct error *error) MUST_CHECK;

#endif
