// ONNX files: a graph of nodes, with graphs inside of nodes (the branches of an If), whose nodes see the values around them.
#ifndef FORMATS_ONNX_INTERNAL_H
#define FORMATS_ONNX_INTERNAL_H

#include "formats/network_internal.h"

#include "formats/onnx.pb-c.h" // generated from onnx.proto

struct onnx_graph {
    const Onnx__Graph *proto;
    const struct onnx_graph *outer; // the graph around it, or NULL
    const char *path;               // what its nodes' names begin with: "" or "If_3.then_branch."
};

struct onnx_node {
    const Onnx__Node *proto;
    const struct onnx_graph *graph;
    const char *name; // the node's, or that of its first output; with the graph's path
    bool is_data;     // works on what comes in, not on shapes and constants alone
    bool used;
};

// Where a name gets its value.
struct onnx_value {
    const char *name;
    const struct onnx_graph *graph;
    const Onnx__Tensor *tensor; // of an initializer
    int node;                   // that makes it, or -1: an initializer or an input
    int output;                 // which of its outputs
};

struct onnx {
    struct tensors *t;
    Onnx__Model *model;
    Onnx__Graph **inner; // graphs that were unpacked apart
    struct onnx_graph **graphs;
    struct onnx_node *nodes;   // a graph's after those before it in the file; a branch's before the node that has it
    struct onnx_value *values; // sorted by name
    int inner_count, graph_count, node_count, value_count;
    size_t inner_capacity, graph_capacity, node_capacity, value_capacity;
    uint64_t budget; // bytes that messages, and what is made of them, may still take in memory
    unsigned steps;  // of evaluating constants that were taken
};

// The value of a name as it is seen from a graph, or NULL.
const struct onnx_value *onnx_find(const struct onnx *o, const struct onnx_graph *graph, const char *name);

// A dimension of what has this name in a graph, as the file says; -1: it does not.
int64_t onnx_dimension(const struct onnx *o, const struct onnx_graph *graph, const char *name, size_t axis);

bool onnx_is(const struct onnx_node *n, const char *op_type);
const char *onnx_input(const struct onnx_node *n, size_t i); // "" when there is none
const Onnx__Attribute *onnx_attribute(const struct onnx_node *n, const char *name);
int64_t onnx_int(const struct onnx_node *n, const char *name, int64_t otherwise);

// The tensor that a name stands for, when it is an initializer, a Constant, or made of constants by Identity, Cast between floats,
// Transpose, Unsqueeze, Squeeze, Reshape, Slice or Concat. *out is NULL when it depends on inputs or on anything else. STATUS_DATA when a
// tensor is damaged.
enum status onnx_constant(struct onnx *o, const struct onnx_graph *graph, const char *name, const struct stored **out,
                          struct error *error) MUST_CHECK;

// A node's list of at most ONNX_MAX_INTS integers: the attribute of this name, or, in newer files, an input. False when there is none, it
// is no constant, or longer.
enum { ONNX_MAX_INTS = 16 };
bool onnx_ints(struct onnx *o, const struct onnx_node *n, const char *attribute, size_t input, int64_t out[ONNX_MAX_INTS], int *count);

// The constant whose items, or some of them, are copied to make what has this name (by Expand, Tile, ConstantOfShape and what moves numbers
// about), or NULL when there is none: then it depends on inputs.
const struct stored *onnx_origin(struct onnx *o, const struct onnx_graph *graph, const char *name);

// Is it zeros, however they are made (a constant, ConstantOfShape, and what moves zeros about)?
bool onnx_is_zero(struct onnx *o, const struct onnx_graph *graph, const char *name);

// A message as a tensor, which is not in t's list. STATUS_DATA when its data don't fit its dims.
enum status onnx_tensor(struct tensors *t, const Onnx__Tensor *proto, const char *name, struct stored *out, struct error *error) MUST_CHECK;

#endif
