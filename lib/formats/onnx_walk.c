// Walking an ONNX graph along the data.
#ifdef HAVE_PROTOBUF_C

#include "formats/onnx_chain_internal.h"

#include <string.h>

enum status onnx_refuse(struct chain *c, const struct onnx_node *n, const char *why) {
    return error_set(c->error, STATUS_DATA, "%s node '%.200s': %s", n->proto->op_type, n->name, why);
}

bool onnx_is_recurrent(const struct onnx_node *n) {
    return onnx_is(n, "LSTM") || onnx_is(n, "GRU") || onnx_is(n, "RNN");
}

bool onnx_is_one_of(const struct onnx_node *n, const char *const *ops) {
    for (; *ops; ops++)
        if (onnx_is(n, *ops))
            return true;
    return false;
}

static int producer(const struct chain *c, const struct onnx_graph *graph, const char *name, int *output) {
    const struct onnx_value *v = *name ? onnx_find(c->o, graph, name) : NULL;
    if (output)
        *output = v ? v->output : 0;
    return v ? v->node : -1;
}

// --- Nodes that only move data ---

// A Gather of one index, as x[:, -1] is.
static bool picks_one(const struct chain *c, const struct onnx_node *n) {
    const struct stored *index;
    return onnx_constant(c->o, n->graph, onnx_input(n, 1), &index, NULL) == STATUS_OK && index && index->count == 1;
}

// A Slice with steps of 1: with -1 it would turn time around.
static bool keeps_order(const struct chain *c, const struct onnx_node *n) {
    int64_t steps[ONNX_MAX_INTS];
    int count;
    if (!*onnx_input(n, 4))
        return true;
    if (!onnx_ints(c->o, n, "steps", 4, steps, &count))
        return false;
    for (int i = 0; i < count; i++)
        if (steps[i] != 1)
            return false;
    return true;
}

bool onnx_moves(const struct chain *c, const struct onnx_node *n) {
    static const char *const layout_ops[] = {"Transpose", "Squeeze", "Unsqueeze", "Reshape", "Flatten",
                                             "Identity",  "Dropout", "Cast",      "Split",   NULL};
    if (onnx_is(n, "Gather"))
        return picks_one(c, n);
    return onnx_is(n, "Slice") ? keeps_order(c, n) : onnx_is_one_of(n, layout_ops);
}

// --- Against the data and with them ---

int onnx_source(struct chain *c, int node, bool use, int *output) {
    const struct onnx_node *n = &c->o->nodes[node];
    int at = producer(c, n->graph, onnx_input(n, 0), output);
    for (int steps = 0; at >= 0 && steps < c->o->node_count; steps++) {
        struct onnx_node *from = &c->o->nodes[at];
        const struct stored *table = NULL;
        if (onnx_is(from, "Gather") && onnx_constant(c->o, from->graph, onnx_input(from, 0), &table, NULL) == STATUS_OK && table)
            break; // an embedding
        if (!onnx_moves(c, from))
            break;
        from->used |= use;
        at = producer(c, from->graph, onnx_input(from, 0), output);
    }
    return at;
}

static bool reads(const struct onnx_node *n, const char *name, const struct chain *c, int from) {
    for (size_t i = 0; i < n->proto->n_input; i++)
        if (strcmp(n->proto->input[i], name) == 0 && producer(c, n->graph, name, NULL) == from)
            return true;
    return false;
}

int onnx_consumer(const struct chain *c, int from, int at) {
    const struct onnx_node *n = &c->o->nodes[from];
    for (; at < c->o->node_count; at++)
        for (size_t i = 0; i < n->proto->n_output && !(onnx_is_recurrent(n) && i >= ONNX_Y_C); i++)
            if (*n->proto->output[i] && !onnx_is(&c->o->nodes[at], "Shape") && reads(&c->o->nodes[at], n->proto->output[i], c, from))
                return at;
    return -1;
}

#endif
