// The recurrent network in an ONNX graph, while it is being found: its parts among themselves.
#ifndef FORMATS_ONNX_CHAIN_INTERNAL_H
#define FORMATS_ONNX_CHAIN_INTERNAL_H

#include "formats/onnx_internal.h"

struct chain {
    struct onnx *o;
    const struct network_choice *choice;
    struct network *out;
    struct error *error;
    int layers[NETWORK_MAX_LAYERS]; // nodes, from below
    int count;
};

// --- Walking the graph (onnx_walk.c) ---

enum { ONNX_Y, ONNX_Y_H, ONNX_Y_C }; // outputs of a recurrent node: h at each step, the last h, the last c

enum status onnx_refuse(struct chain *c, const struct onnx_node *n, const char *why);
bool onnx_is_one_of(const struct onnx_node *n, const char *const *ops);
bool onnx_is_recurrent(const struct onnx_node *n);

// Does it move data without changing numbers, or take a part in their order: the last step alone, one of several? What picks and reorders
// does more.
bool onnx_moves(const struct chain *c, const struct onnx_node *n);

// The node that data come from, past what only moves them; -1: an input of the graph. *output (may be NULL) is which of its outputs. With
// use, those on the way are used.
int onnx_source(struct chain *c, int node, bool use, int *output);

// The first node at or after `at` that reads the answers of this one (any output, but no state c), but for shapes; -1: none.
int onnx_consumer(const struct chain *c, int from, int at);

// --- Around the recurrent nodes (onnx_around.c) ---

enum status onnx_take_embedding(struct chain *c) MUST_CHECK;
enum status onnx_take_readout(struct chain *c) MUST_CHECK;
enum status onnx_check_left(struct chain *c) MUST_CHECK; // STATUS_DATA when what is left has a part in the answers and was not chosen away

#endif
