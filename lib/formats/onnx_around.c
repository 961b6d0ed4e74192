// What stands before and behind the recurrent nodes of an ONNX graph: an embedding, a read-out, and what has no place.
#ifdef HAVE_PROTOBUF_C

#include "formats/onnx_chain_internal.h"

#include <string.h>

// What works on shapes.
static const char *const shape_ops[] = {"Shape", "Size", "Constant", "ConstantOfShape", "Concat", "Expand", "Range", NULL};
static const char *const probability_ops[] = {"Softmax", "LogSoftmax", "Sigmoid", "ArgMax", NULL};

// Is this what the user calls so? By the node's name, with or without the graphs around it, or the weights'; or by the beginning of one of
// these, up to a slash or a dot.
static bool is_called(const struct onnx_node *n, const struct stored *weights, const char *name) {
    const char *const names[] = {n->name, n->name + strlen(n->graph->path), weights->name};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(names[i], name, size) == 0 && strchr("/.", names[i][size]))
            return true;
    return false;
}

// What was found (n NULL: nothing) before or behind the recurrent layer is to be what was chosen by this option, if anything was.
static enum status check_choice(struct chain *c, const char *option, const char *name, const char *where, const struct onnx_node *n,
                                const struct stored *weights) {
    if (!name || network_is_none(name) || (n && is_called(n, weights, name)))
        return STATUS_OK;
    if (!n)
        return error_set(c->error, STATUS_DATA, "%s %s: there is none %s the recurrent layer", option, name, where);
    return error_set(c->error, STATUS_DATA, "%s %s: there it is %s, of the weights %s", option, name, n->name, weights->name);
}

// --- Before ---

enum status onnx_take_embedding(struct chain *c) {
    int from = onnx_source(c, c->layers[0], true, NULL);
    struct onnx_node *n = from >= 0 ? &c->o->nodes[from] : NULL;
    const struct stored *table = NULL;
    enum status status = STATUS_OK;
    if (n && onnx_is(n, "Gather"))
        status = onnx_constant(c->o, n->graph, onnx_input(n, 0), &table, c->error);
    if (status == STATUS_OK)
        status = check_choice(c, "--embedding", c->choice->embedding, "before", table ? n : NULL, table);
    if (status != STATUS_OK || !table)
        return status;
    if (network_is_none(c->choice->embedding)) {
        network_note(c->out, tensors_text(c->o->t, "left out: %s, the embedding", n->name));
        n->used = true;
        return STATUS_OK;
    }
    if (!tensor_type_is_float(table->type) || table->rank != 2 || table->shape[1] != c->out->input || onnx_int(n, "axis", 0) != 0)
        return onnx_refuse(c, n, "is no embedding that fits the recurrent layer's inputs");
    n->used = true;
    c->out->embedding = view_of(table);
    network_note(c->out, tensors_text(c->o->t, "the embedding %s %s is folded into the first layer: inputs are its %llu tokens",
                                      onnx_input(n, 0), tensors_shape_text(c->o->t, table), (unsigned long long)table->shape[0]));
    return STATUS_OK;
}

// --- Behind ---

static bool in_stack(const struct chain *c, int node, int layer) {
    return node >= 0 && node == c->layers[layer];
}

// The last state h of the top layer, out of those of all layers: a Concat of the nodes' Y_h, as PyTorch's h_n is, of which a Gather picks
// the last. The Gather, or -1.
static int last_of_states(struct chain *c, int node) {
    struct onnx_node *concat = &c->o->nodes[node];
    int64_t index[ONNX_MAX_INTS];
    int count, output, pick = onnx_consumer(c, node, node + 1);
    if (!onnx_is(concat, "Concat") || concat->proto->n_input != (size_t)c->count || pick < 0 || !onnx_is(&c->o->nodes[pick], "Gather"))
        return -1;
    for (int i = 0; i < c->count; i++) {
        const struct onnx_value *v = onnx_find(c->o, concat->graph, concat->proto->input[i]);
        int from = v ? v->node : -1;
        output = v ? v->output : 0;
        if (from >= 0 && !onnx_is_recurrent(&c->o->nodes[from]) && onnx_moves(c, &c->o->nodes[from]))
            from = onnx_source(c, from, false, &output);
        if (!in_stack(c, from, i) || output != ONNX_Y_H)
            return -1;
    }
    const struct onnx_node *gather = &c->o->nodes[pick];
    if (onnx_int(gather, "axis", 0) != 0 || onnx_int(concat, "axis", 0) != 0 || !onnx_ints(c->o, gather, "indices", 1, index, &count) ||
        count != 1 || (index[0] != -1 && index[0] != c->count - 1))
        return -1;
    concat->used = c->o->nodes[pick].used = true;
    return pick;
}

// The first node behind this one that does more than move data; -1: none. Used are those on the way.
static int behind(struct chain *c, int at) {
    for (int steps = 0; steps < c->o->node_count; steps++) {
        int next = onnx_consumer(c, at, at + 1);
        while (next >= 0 && onnx_is_recurrent(&c->o->nodes[next])) // states that are handed on
            next = onnx_consumer(c, at, next + 1);
        int pick = next >= 0 ? last_of_states(c, next) : -1;
        if (pick >= 0)
            next = pick;
        else if (next < 0 || !onnx_moves(c, &c->o->nodes[next]))
            return next;
        c->o->nodes[next].used = true;
        at = next;
    }
    return -1;
}

static bool constant_matrix(struct chain *c, const struct onnx_node *n, size_t input, const struct stored **out) {
    return onnx_constant(c->o, n->graph, onnx_input(n, input), out, c->error) == STATUS_OK && *out && tensor_type_is_float((*out)->type) &&
           (*out)->rank == 2;
}

static enum status set_readout(struct chain *c, const struct onnx_node *n, struct view matrix, const struct stored *bias) {
    struct network *out = c->out;
    if (matrix.cols != out->hidden)
        return onnx_refuse(c, n, "is no linear read-out of the recurrent layer's units");
    out->readout = matrix;
    out->output = matrix.rows;
    out->readout_bias = (struct view){.rows = out->output, .cols = 1};
    if (!bias)
        return STATUS_OK;
    if (!tensor_type_is_float(bias->type) || bias->count != out->output || bias->rank < 1 || bias->shape[bias->rank - 1] != out->output)
        return onnx_refuse(c, n, "its bias does not fit its matrix");
    out->readout_bias = (struct view){bias, bias->first, out->output, 1, bias->step[bias->rank - 1], 1, 0, {0}};
    return STATUS_OK;
}

// Y = alpha A op(B) + beta C
static enum status take_gemm(struct chain *c, struct onnx_node *n, const struct stored *matrix) {
    const Onnx__Attribute *alpha = onnx_attribute(n, "alpha"), *beta = onnx_attribute(n, "beta");
    const struct stored *bias = NULL;
    if ((alpha && alpha->f != 1) || (beta && beta->f != 1) || onnx_int(n, "transA", 0))
        return onnx_refuse(c, n, "it is scaled or transposed as no read-out is");
    if (*onnx_input(n, 2)) {
        enum status status = onnx_constant(c->o, n->graph, onnx_input(n, 2), &bias, c->error);
        if (status != STATUS_OK)
            return status;
        if (!bias)
            return onnx_refuse(c, n, "its bias is no constant");
    }
    n->used = true;
    struct view v = view_of(matrix);
    return set_readout(c, n, onnx_int(n, "transB", 0) ? v : view_transposed(v), bias);
}

// MatMul, and an Add behind it.
static enum status take_matmul(struct chain *c, int node, const struct stored *matrix, int *last) {
    const struct stored *bias = NULL;
    int add = onnx_consumer(c, node, node + 1);
    struct onnx_node *n = &c->o->nodes[node];
    n->used = true;
    for (size_t i = 0; add >= 0 && onnx_is(&c->o->nodes[add], "Add") && i < 2 && !bias; i++)
        if (onnx_constant(c->o, c->o->nodes[add].graph, onnx_input(&c->o->nodes[add], i), &bias, c->error) != STATUS_OK)
            return c->error->status;
    if (bias) {
        c->o->nodes[add].used = true;
        *last = add;
    }
    return set_readout(c, n, view_transposed(view_of(matrix)), bias);
}

// A convolution over one position, with kernel [O,N,1] or [O,N,1,1]: all other attributes leave it what it is, as long as they are not
// there or 1 (pads: 0).
static bool is_pointwise(struct chain *c, const struct onnx_node *n, struct stored *kernel) {
    static const char *const ones[] = {"strides", "dilations"};
    const struct stored *w;
    if (!onnx_is(n, "Conv") || onnx_constant(c->o, n->graph, onnx_input(n, 1), &w, NULL) != STATUS_OK || !w || w->rank < 3 || w->rank > 4 ||
        !tensor_type_is_float(w->type) || w->count != w->shape[0] * w->shape[1] || onnx_int(n, "group", 1) != 1)
        return false;
    for (size_t k = 0; k < 2; k++) {
        const Onnx__Attribute *a = onnx_attribute(n, ones[k]);
        for (size_t i = 0; a && i < a->n_ints; i++)
            if (a->ints[i] != 1)
                return false;
    }
    const Onnx__Attribute *pads = onnx_attribute(n, "pads");
    for (size_t i = 0; pads && i < pads->n_ints; i++)
        if (pads->ints[i] != 0)
            return false;
    *kernel = *w;
    kernel->rank = 2;
    return true;
}

// Its kernel is the matrix.
static enum status take_conv(struct chain *c, struct onnx_node *n, const struct stored *kernel) {
    const struct stored *bias = NULL;
    struct stored *matrix = arena_alloc(&c->o->t->arena, sizeof *matrix);
    *matrix = *kernel;
    if (*onnx_input(n, 2) && onnx_constant(c->o, n->graph, onnx_input(n, 2), &bias, c->error) != STATUS_OK)
        return c->error->status;
    if (*onnx_input(n, 2) && !bias)
        return onnx_refuse(c, n, "its bias is no constant");
    n->used = true;
    return set_readout(c, n, view_of(matrix), bias);
}

enum status onnx_take_readout(struct chain *c) {
    const struct stored *matrix = NULL;
    struct stored kernel;
    int node = behind(c, c->layers[c->count - 1]), last = node;
    struct onnx_node *n = node >= 0 ? &c->o->nodes[node] : NULL;
    bool wanted = !network_is_none(c->choice->readout);
    enum status status = STATUS_OK;
    c->out->output = c->out->hidden;
    c->out->readout_bias = (struct view){.rows = c->out->hidden, .cols = 1};
    if (wanted && n && onnx_is(n, "Gemm") && constant_matrix(c, n, 1, &matrix))
        status = take_gemm(c, n, matrix);
    else if (wanted && n && onnx_is(n, "MatMul") && constant_matrix(c, n, 1, &matrix))
        status = take_matmul(c, node, matrix, &last);
    else if (wanted && n && is_pointwise(c, n, &kernel) && kernel.shape[1] == c->out->hidden)
        status = take_conv(c, n, matrix = &kernel);
    else
        network_note(c->out, "no read-out: it becomes the identity, so that the outputs are the states h of the last layer");
    if (status == STATUS_OK)
        status = check_choice(c, "--readout", c->choice->readout, "behind", matrix ? n : NULL, matrix);
    int next = status == STATUS_OK && matrix ? behind(c, last) : -1;
    if (next >= 0 && onnx_is_one_of(&c->o->nodes[next], probability_ops) && behind(c, next) < 0) {
        c->o->nodes[next].used = true;
        network_note(c->out, tensors_text(c->o->t, "the %s behind the read-out is left out: outputs are what it is made of",
                                          c->o->nodes[next].proto->op_type));
    }
    return status;
}

// --- The rest ---

// Is it around the node of this name?
static bool surrounds(const struct onnx_node *n, const char *name) {
    size_t size = strlen(n->name);
    return strncmp(n->name, name, size) == 0 && name[size] == '.';
}

static bool has_graphs(const struct onnx_node *n) {
    for (size_t i = 0; i < n->proto->n_attribute; i++)
        if (n->proto->attribute[i]->has_g)
            return true;
    return false;
}

// Data are what comes of the graph's inputs but by way of shapes, and of graphs inside of nodes. Nodes come after those that they read.
static void mark_data(struct chain *c) {
    for (int i = 0; i < c->o->node_count; i++) {
        struct onnx_node *n = &c->o->nodes[i];
        n->is_data = has_graphs(n);
        n->used |= n->is_data && surrounds(n, c->o->nodes[c->layers[0]].name);
        for (size_t k = 0; k < n->proto->n_input && !n->is_data && !onnx_is(n, "Shape"); k++) {
            const struct onnx_value *v = onnx_find(c->o, n->graph, n->proto->input[k]);
            n->is_data = v && !v->tensor && (v->node < 0 || c->o->nodes[v->node].is_data);
        }
    }
}

enum status onnx_check_left(struct chain *c) {
    struct listing left = {0};
    mark_data(c);
    for (int i = 0; i < c->o->node_count; i++) {
        const struct onnx_node *n = &c->o->nodes[i];
        if (!n->used && n->is_data && !onnx_moves(c, n) && !onnx_is_one_of(n, shape_ops))
            listing_add_text(&left, tensors_text(c->o->t, "%s (%s)", n->name, n->proto->op_type ? n->proto->op_type : "?"));
    }
    if (left.count == 0)
        return STATUS_OK;
    if (!c->choice->rnn && !c->choice->readout)
        return error_set(
            c->error, STATUS_DATA,
            "more is in it than an RNN with one linear read-out (and an embedding before it): %s. --rnn %s imports that part alone "
            "and leaves the rest out",
            listing_text(&left), c->out->name);
    network_note(c->out, tensors_text(c->o->t, "left out: %s", listing_text(&left)));
    return STATUS_OK;
}

#endif
