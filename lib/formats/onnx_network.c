// The recurrent network in an ONNX graph. W is [1,GN,I], R [1,GN,N], B [1,2GN], Wb before Rb. An LSTM's gates are i, o, f, c, PyTorch's i,
// f, g, o; a GRU's z, r, h, PyTorch's r, z, n, with linear_before_reset = 1, which is PyTorch's form.
#ifdef HAVE_PROTOBUF_C

#include "formats/onnx_internal.h"

#include <string.h>
#include <strings.h>

struct chain {
    struct onnx *o;
    const struct network_choice *choice;
    struct network *out;
    struct error *error;
    int layers[NETWORK_MAX_LAYERS]; // nodes, from below
    int count;
};

static enum status refuse(struct chain *c, const struct onnx_node *n, const char *why) {
    return error_set(c->error, STATUS_DATA, "%s node '%.200s': %s", n->proto->op_type, n->name, why);
}

static bool is_recurrent(const struct onnx_node *n) {
    return onnx_is(n, "LSTM") || onnx_is(n, "GRU") || onnx_is(n, "RNN");
}

static bool is_one_of(const struct onnx_node *n, const char *const *ops) {
    for (; *ops; ops++)
        if (onnx_is(n, *ops))
            return true;
    return false;
}

// What moves data without changing numbers, also to the last step alone.
static const char *const layout_ops[] = {"Transpose", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Identity",
                                         "Dropout",   "Cast",    "Slice",     "Gather",  "Split",   NULL};
// What works on shapes.
static const char *const shape_ops[] = {"Shape", "Size", "Constant", "ConstantOfShape", "Concat", "Expand", "Range", NULL};
static const char *const probability_ops[] = {"Softmax", "LogSoftmax", "Sigmoid", "ArgMax", NULL};

// --- Walking the graph ---

static int producer(const struct chain *c, const struct onnx_graph *graph, const char *name) {
    const struct onnx_value *v = *name ? onnx_find(c->o, graph, name) : NULL;
    return v ? v->node : -1;
}

// The node that data come from, past what only moves them; -1: an input of the graph. Used are those on the way.
static int source(struct chain *c, int node, bool use) {
    const struct onnx_node *n = &c->o->nodes[node];
    int at = producer(c, n->graph, onnx_input(n, 0));
    for (int steps = 0; at >= 0 && steps < c->o->node_count; steps++) {
        struct onnx_node *from = &c->o->nodes[at];
        const struct stored *table = NULL;
        if (onnx_is(from, "Gather") && onnx_constant(c->o, from->graph, onnx_input(from, 0), &table, NULL) == STATUS_OK && table)
            break; // an embedding
        if (!is_one_of(from, layout_ops))
            break;
        from->used |= use;
        at = producer(c, from->graph, onnx_input(from, 0));
    }
    return at;
}

static bool reads(const struct onnx_node *n, const char *name, const struct chain *c, int from) {
    for (size_t i = 0; i < n->proto->n_input; i++)
        if (strcmp(n->proto->input[i], name) == 0 && producer(c, n->graph, name) == from)
            return true;
    return false;
}

// The first node at or after `at` that reads any output of this one, but for shapes; -1: none.
static int consumer(const struct chain *c, int from, int at) {
    const struct onnx_node *n = &c->o->nodes[from];
    for (; at < c->o->node_count; at++)
        for (size_t i = 0; i < n->proto->n_output; i++)
            if (*n->proto->output[i] && !onnx_is(&c->o->nodes[at], "Shape") && reads(&c->o->nodes[at], n->proto->output[i], c, from))
                return at;
    return -1;
}

// --- Which nodes ---

static bool is_listed(const char *list, const char *name) {
    size_t n = strlen(name);
    for (; *list; list += strcspn(list, ","), list += *list == ',')
        if (strcspn(list, ",") == n && strncmp(list, name, n) == 0)
            return true;
    return false;
}

// By its name, or by that without the graphs around it.
static bool is_named(const char *list, const struct onnx_node *n) {
    return is_listed(list, n->name) || is_listed(list, n->name + strlen(n->graph->path));
}

static bool below(const struct chain *c, const struct onnx_node *n) {
    size_t size = c->choice->name ? strlen(c->choice->name) : 0;
    return strncmp(n->name, c->choice->name ? c->choice->name : "", size) == 0;
}

static enum status several(struct chain *c, const char *why) {
    struct listing listing = {0};
    for (int i = 0; i < c->o->node_count; i++)
        if (is_recurrent(&c->o->nodes[i]) && below(c, &c->o->nodes[i]))
            listing_add_text(&listing, tensors_text(c->o->t, "%s (%s)", c->o->nodes[i].name, c->o->nodes[i].proto->op_type));
    if (listing.count == 0)
        return error_set(c->error, STATUS_DATA, "no recurrent layer in it%s%s (no node LSTM, GRU or RNN of ONNX)",
                         c->choice->name ? " below " : "", c->choice->name ? c->choice->name : "");
    return error_set(c->error, STATUS_DATA, "%s: %s; choose by --rnn NAME", why, listing_text(&listing));
}

// Is this node's input what another recurrent node puts out?
static int layer_below(struct chain *c, int node) {
    int from = source(c, node, false);
    return from >= 0 && is_recurrent(&c->o->nodes[from]) ? from : -1;
}

// A stack is known by its top; all tops that are wanted are counted.
static enum status find_stack(struct chain *c) {
    int top = -1, tops = 0;
    for (int i = 0; i < c->o->node_count; i++) {
        if (!is_recurrent(&c->o->nodes[i]) || !below(c, &c->o->nodes[i]))
            continue;
        bool is_top = true, is_wanted = !c->choice->rnn;
        for (int k = i + 1; k < c->o->node_count && is_top; k++)
            is_top = !is_recurrent(&c->o->nodes[k]) || layer_below(c, k) != i;
        for (int k = i, steps = 0; k >= 0 && !is_wanted && steps <= NETWORK_MAX_LAYERS; k = layer_below(c, k), steps++)
            is_wanted = is_named(c->choice->rnn, &c->o->nodes[k]);
        if (is_top && is_wanted) {
            top = i;
            tops++;
        }
    }
    if (tops > 1)
        return several(c, "several recurrent networks in it");
    if (tops == 0)
        return several(c, "no recurrent node of that name; there are");
    int stack[NETWORK_MAX_LAYERS];
    for (int k = top; k >= 0; k = layer_below(c, k)) {
        if (c->count == NETWORK_MAX_LAYERS)
            return refuse(c, &c->o->nodes[top], "there are more recurrent layers than fit");
        stack[c->count++] = k;
    }
    for (int i = 0; i < c->count; i++)
        c->layers[i] = stack[c->count - 1 - i];
    return STATUS_OK;
}

// --- Recurrent nodes ---

static const char *cell_of(const struct onnx_node *n) {
    const Onnx__Attribute *a = onnx_attribute(n, "activations");
    bool is_relu = a && a->n_strings && a->strings[0].len == 4 && strncasecmp((const char *)a->strings[0].data, "Relu", 4) == 0;
    return onnx_is(n, "LSTM") ? "lstm" : onnx_is(n, "GRU") ? "gru" : is_relu ? "rnn_relu" : "rnn_tanh";
}

static enum status check_activations(struct chain *c, const struct onnx_node *n) {
    static const char *const lstm[] = {"Sigmoid", "Tanh", "Tanh"}, *const rnn[] = {"Tanh"}, *const relu[] = {"Relu"};
    const Onnx__Attribute *a = onnx_attribute(n, "activations");
    const char *const *wanted = onnx_is(n, "RNN") ? (strcmp(cell_of(n), "rnn_relu") == 0 ? relu : rnn) : lstm;
    size_t count = onnx_is(n, "LSTM") ? 3 : onnx_is(n, "GRU") ? 2 : 1;
    for (size_t i = 0; a && i < a->n_strings; i++) {
        const char *name = tensors_text(c->o->t, "%.*s", (int)a->strings[i].len, a->strings[i].len ? (const char *)a->strings[i].data : "");
        if (i >= count || strcasecmp(name, wanted[i]) != 0)
            return refuse(c, n, tensors_text(c->o->t, "its activation '%.60s' is none that a cell has here", name));
    }
    return STATUS_OK;
}

static enum status check_attributes(struct chain *c, const struct onnx_node *n) {
    const Onnx__Attribute *direction = onnx_attribute(n, "direction"), *clip = onnx_attribute(n, "clip");
    if (direction && (direction->s.len != 7 || memcmp(direction->s.data, "forward", 7) != 0))
        return refuse(c, n,
                      tensors_text(c->o->t, "its direction is '%.*s': RNNs here run forward only, never bidirectional or in reverse",
                                   (int)(direction->s.len < 40 ? direction->s.len : 40),
                                   direction->s.len ? (const char *)direction->s.data : ""));
    if (clip && clip->f != 0)
        return refuse(c, n, "it clips what goes into its gates (clip)");
    if (onnx_int(n, "input_forget", 0))
        return refuse(c, n, "its input and forget gates are coupled (input_forget)");
    if (onnx_is(n, "LSTM") && *onnx_input(n, 7))
        return refuse(c, n, "it has peepholes (P), which the cells here have not");
    if (onnx_is(n, "GRU") && !onnx_int(n, "linear_before_reset", 0))
        return refuse(c, n, "a GRU with linear_before_reset = 0 is another function than PyTorch's GRU");
    return check_activations(c, n);
}

// Zero, or not known from the graph: then zero is assumed. A constant that is not zero has no place.
static enum status check_start(struct chain *c, const struct onnx_node *n) {
    size_t last = onnx_is(n, "LSTM") ? 6 : 5;
    for (size_t i = 5; i <= last; i++) {
        const char *name = onnx_input(n, i);
        const struct stored *constant;
        if (!*name || onnx_is_zero(c->o, n->graph, name))
            continue;
        enum status status = onnx_constant(c->o, n->graph, name, &constant, c->error);
        if (status != STATUS_OK)
            return status;
        if (constant)
            return refuse(c, n, tensors_text(c->o->t, "it starts from the state '%.100s', which is not zero", name));
        network_note(
            c->out, tensors_text(c->o->t, "'%s' starts from a state that comes from elsewhere ('%.100s'): zero is assumed", n->name, name));
    }
    return STATUS_OK;
}

static struct view in_blocks(struct view v, int blocks) {
    static const unsigned char lstm[NETWORK_MAX_BLOCKS] = {0, 2, 3, 1}, gru[NETWORK_MAX_BLOCKS] = {1, 0, 2};
    if (blocks > 1) {
        v.blocks = blocks;
        memcpy(v.order, blocks == 4 ? lstm : gru, sizeof v.order);
    }
    return v;
}

// An input that has to be a constant of floats of this rank; its first dimension, of directions, is 1.
static enum status weight(struct chain *c, const struct onnx_node *n, size_t input, int rank, const struct stored **out) {
    enum status status = onnx_constant(c->o, n->graph, onnx_input(n, input), out, c->error);
    if (status != STATUS_OK)
        return status;
    if (!*out)
        return refuse(c, n, tensors_text(c->o->t, "its weights '%.100s' are no constants", onnx_input(n, input)));
    if (!tensor_type_is_float((*out)->type))
        return refuse(c, n, tensors_text(c->o->t, "its weights '%.100s' are %s, no floats", onnx_input(n, input), (*out)->type_name));
    if ((*out)->rank != rank || (*out)->shape[0] != 1)
        return refuse(
            c, n, tensors_text(c->o->t, "its weights '%.100s' have the shape %s", onnx_input(n, input), tensors_shape_text(c->o->t, *out)));
    return STATUS_OK;
}

static struct view matrix_of(const struct stored *s, int blocks) {
    return in_blocks((struct view){s, s->first, s->shape[1], s->shape[2], s->step[1], s->step[2], 0, {0}}, blocks);
}

static enum status read_biases(struct chain *c, const struct onnx_node *n, int layer, int blocks) {
    const struct stored *b;
    uint64_t rows = (uint64_t)blocks * c->out->hidden;
    c->out->bias_ih[layer] = c->out->bias_hh[layer] = (struct view){.rows = rows, .cols = 1};
    if (!*onnx_input(n, 3))
        return STATUS_OK;
    enum status status = weight(c, n, 3, 2, &b);
    if (status != STATUS_OK)
        return status;
    if (b->shape[1] != 2 * rows)
        return refuse(c, n, tensors_text(c->o->t, "its biases have the shape %s", tensors_shape_text(c->o->t, b)));
    struct view v = in_blocks((struct view){b, b->first, rows, 1, b->step[1], 1, 0, {0}}, blocks);
    c->out->bias_ih[layer] = c->out->bias_hh[layer] = v;
    c->out->bias_hh[layer].first += rows * (uint64_t)b->step[1];
    return STATUS_OK;
}

static enum status read_weights(struct chain *c, const struct onnx_node *n, int layer, int blocks) {
    struct network *out = c->out;
    const struct stored *w, *r;
    enum status status = weight(c, n, 1, 3, &w);
    if (status == STATUS_OK)
        status = weight(c, n, 2, 3, &r);
    if (status != STATUS_OK)
        return status;
    uint64_t units = r->shape[2], rows = r->shape[1];
    if (units == 0 || units > UINT32_MAX || rows != (uint64_t)blocks * units || w->shape[1] != rows)
        return refuse(
            c, n,
            tensors_text(c->o->t, "its W and R have the shapes %s and %s", tensors_shape_text(c->o->t, w), tensors_shape_text(c->o->t, r)));
    if (layer && (units != out->hidden || w->shape[2] != units || strcmp(cell_of(n), out->cell) != 0))
        return refuse(c, n, "it is no further layer of the same cell and size as the one below it");
    if (!layer)
        out->hidden = units, out->input = w->shape[2], out->cell = cell_of(n), out->name = n->name;
    out->weight_ih[layer] = matrix_of(w, blocks);
    out->weight_hh[layer] = matrix_of(r, blocks);
    out->layers++;
    return read_biases(c, n, layer, blocks);
}

static enum status read_layers(struct chain *c) {
    enum status status = STATUS_OK;
    for (int i = 0; i < c->count && status == STATUS_OK; i++) {
        struct onnx_node *n = &c->o->nodes[c->layers[i]];
        int blocks = onnx_is(n, "LSTM") ? 4 : onnx_is(n, "GRU") ? 3 : 1;
        n->used = true;
        status = check_attributes(c, n);
        if (status == STATUS_OK)
            status = check_start(c, n);
        if (status == STATUS_OK)
            status = read_weights(c, n, i, blocks);
        source(c, c->layers[i], true); // marks what lies between the layers
    }
    if (status == STATUS_OK && c->choice->cell && strcmp(c->choice->cell, c->out->cell) != 0)
        return refuse(c, &c->o->nodes[c->layers[0]], tensors_text(c->o->t, "is no %s, but %s", c->choice->cell, c->out->cell));
    return status;
}

// --- Before ---

static enum status take_embedding(struct chain *c) {
    int from = source(c, c->layers[0], true);
    struct onnx_node *n = from >= 0 ? &c->o->nodes[from] : NULL;
    const struct stored *table = NULL;
    if (!n || !onnx_is(n, "Gather") || (c->choice->embedding && strcmp(c->choice->embedding, "none") == 0))
        return STATUS_OK;
    enum status status = onnx_constant(c->o, n->graph, onnx_input(n, 0), &table, c->error);
    if (status != STATUS_OK || !table)
        return status;
    if (!tensor_type_is_float(table->type) || table->rank != 2 || table->shape[1] != c->out->input || onnx_int(n, "axis", 0) != 0)
        return refuse(c, n, "is no embedding that fits the recurrent layer's inputs");
    n->used = true;
    c->out->embedding = view_of(table);
    network_note(c->out, tensors_text(c->o->t, "the embedding %s %s is folded into the first layer: inputs are its %llu tokens",
                                      onnx_input(n, 0), tensors_shape_text(c->o->t, table), (unsigned long long)table->shape[0]));
    return STATUS_OK;
}

// --- Behind ---

// The first node behind this one that does more than move data; -1: none. Used are those on the way.
static int behind(struct chain *c, int at) {
    for (int steps = 0; steps < c->o->node_count; steps++) {
        int next = consumer(c, at, at + 1), first = next;
        for (; next >= 0 && is_recurrent(&c->o->nodes[next]); next = consumer(c, at, next + 1))
            continue; // states that are handed on
        if (next < 0 || !is_one_of(&c->o->nodes[next], layout_ops))
            return next;
        (void)first;
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
        return refuse(c, n, "is no linear read-out of the recurrent layer's units");
    out->readout = matrix;
    out->output = matrix.rows;
    out->readout_bias = (struct view){.rows = out->output, .cols = 1};
    if (!bias)
        return STATUS_OK;
    if (!tensor_type_is_float(bias->type) || bias->count != out->output || bias->rank < 1 || bias->shape[bias->rank - 1] != out->output)
        return refuse(c, n, "its bias does not fit its matrix");
    out->readout_bias = (struct view){bias, bias->first, out->output, 1, bias->step[bias->rank - 1], 1, 0, {0}};
    return STATUS_OK;
}

// Y = alpha A op(B) + beta C
static enum status take_gemm(struct chain *c, struct onnx_node *n, const struct stored *matrix) {
    const Onnx__Attribute *alpha = onnx_attribute(n, "alpha"), *beta = onnx_attribute(n, "beta");
    const struct stored *bias = NULL;
    if ((alpha && alpha->f != 1) || (beta && beta->f != 1) || onnx_int(n, "transA", 0))
        return refuse(c, n, "it is scaled or transposed as no read-out is");
    if (*onnx_input(n, 2)) {
        enum status status = onnx_constant(c->o, n->graph, onnx_input(n, 2), &bias, c->error);
        if (status != STATUS_OK)
            return status;
        if (!bias)
            return refuse(c, n, "its bias is no constant");
    }
    n->used = true;
    struct view v = view_of(matrix);
    return set_readout(c, n, onnx_int(n, "transB", 0) ? v : view_transposed(v), bias);
}

// MatMul, and an Add behind it.
static enum status take_matmul(struct chain *c, int node, const struct stored *matrix, int *last) {
    const struct stored *bias = NULL;
    int add = consumer(c, node, node + 1);
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

static enum status take_readout(struct chain *c) {
    const struct stored *matrix = NULL;
    int node = behind(c, c->layers[c->count - 1]), last = node;
    struct onnx_node *n = node >= 0 ? &c->o->nodes[node] : NULL;
    bool wanted = !c->choice->readout || strcmp(c->choice->readout, "none") != 0;
    enum status status = STATUS_OK;
    c->out->output = c->out->hidden;
    c->out->readout_bias = (struct view){.rows = c->out->hidden, .cols = 1};
    if (wanted && n && onnx_is(n, "Gemm") && constant_matrix(c, n, 1, &matrix))
        status = take_gemm(c, n, matrix);
    else if (wanted && n && onnx_is(n, "MatMul") && constant_matrix(c, n, 1, &matrix))
        status = take_matmul(c, node, matrix, &last);
    else
        network_note(c->out, "no read-out: it becomes the identity, so that the outputs are the states h of the last layer");
    int next = status == STATUS_OK && matrix ? behind(c, last) : -1;
    if (next >= 0 && is_one_of(&c->o->nodes[next], probability_ops) && behind(c, next) < 0) {
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

static enum status check_left(struct chain *c) {
    struct listing left = {0};
    mark_data(c);
    for (int i = 0; i < c->o->node_count; i++) {
        const struct onnx_node *n = &c->o->nodes[i];
        if (!n->used && n->is_data && !is_one_of(n, layout_ops) && !is_one_of(n, shape_ops))
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

enum status network_of_onnx(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) {
    struct chain c = {.o = t->graph, .choice = choice, .out = out, .error = error};
    enum status status = find_stack(&c);
    if (status == STATUS_OK)
        status = read_layers(&c);
    if (status == STATUS_OK)
        status = take_embedding(&c);
    if (status == STATUS_OK)
        status = take_readout(&c);
    return status == STATUS_OK ? check_left(&c) : status;
}

#endif
