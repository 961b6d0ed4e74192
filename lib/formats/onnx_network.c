// The recurrent network in an ONNX graph. W is [1,GN,I], R [1,GN,N], B [1,2GN], Wb before Rb. An LSTM's gates are i, o, f, c, PyTorch's i,
// f, g, o; a GRU's z, r, h, PyTorch's r, z, n, with linear_before_reset = 1, which is PyTorch's form.
#ifdef HAVE_PROTOBUF_C

#include "formats/onnx_chain_internal.h"

#include "base/textlist.h"

#include <string.h>
#include <strings.h>

// --- Which nodes ---

// By its name, or by that without the graphs around it.
static bool is_named(const char *list, const struct onnx_node *n) {
    return network_is_listed(list, n->name) || network_is_listed(list, n->name + strlen(n->graph->path));
}

static bool below(const struct chain *c, const struct onnx_node *n) {
    size_t size = c->choice->name ? strlen(c->choice->name) : 0;
    return strncmp(n->name, c->choice->name ? c->choice->name : "", size) == 0;
}

static enum status several(struct chain *c, const char *why) {
    struct listing listing = {0};
    for (int i = 0; i < c->o->node_count; i++)
        if (onnx_is_recurrent(&c->o->nodes[i]) && below(c, &c->o->nodes[i]))
            listing_add_text(&listing, tensors_text(c->o->t, "%s (%s)", c->o->nodes[i].name, c->o->nodes[i].proto->op_type));
    if (listing.count == 0)
        return error_set(c->error, STATUS_DATA, "no recurrent layer in it%s%s (no node LSTM, GRU or RNN of ONNX)",
                         c->choice->name ? " below " : "", c->choice->name ? c->choice->name : "");
    return error_set(c->error, STATUS_DATA, "%s: %s; choose by --rnn NAME (--list shows all)", why, listing_text(&listing));
}

// The recurrent node whose h are this one's input, or -1.
static int layer_below(struct chain *c, int node) {
    int output, from = onnx_source(c, node, false, &output);
    return from >= 0 && output != ONNX_Y_C && onnx_is_recurrent(&c->o->nodes[from]) ? from : -1;
}

// Each name of --rnn has to be a recurrent node's.
static enum status check_names(struct chain *c) {
    const char *list = c->choice->rnn, *name;
    for (size_t size; textlist_next(&list, &name, &size);) {
        const char *one = tensors_text(c->o->t, "%.*s", (int)size, name);
        bool found = false;
        for (int i = 0; i < c->o->node_count && !found; i++)
            found = onnx_is_recurrent(&c->o->nodes[i]) && below(c, &c->o->nodes[i]) && is_named(one, &c->o->nodes[i]);
        if (!found)
            return several(c, tensors_text(c->o->t, "no recurrent node is called '%.200s'; there are", one));
    }
    return STATUS_OK;
}

// A stack is known by its top; all tops that are wanted are counted.
static enum status find_stack(struct chain *c) {
    int top = -1, tops = 0;
    enum status status = check_names(c);
    if (status != STATUS_OK)
        return status;
    for (int i = 0; i < c->o->node_count; i++) {
        if (!onnx_is_recurrent(&c->o->nodes[i]) || !below(c, &c->o->nodes[i]))
            continue;
        bool is_top = true, is_wanted = !c->choice->rnn;
        for (int k = i + 1; k < c->o->node_count && is_top; k++)
            is_top = !onnx_is_recurrent(&c->o->nodes[k]) || layer_below(c, k) != i;
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
        return several(c, "no recurrent network that is chosen; there are");
    int stack[NETWORK_MAX_LAYERS];
    for (int k = top; k >= 0; k = layer_below(c, k)) {
        if (c->count == NETWORK_MAX_LAYERS)
            return onnx_refuse(c, &c->o->nodes[top], "there are more recurrent layers than fit");
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
            return onnx_refuse(c, n, tensors_text(c->o->t, "its activation '%.60s' is none that a cell has here", name));
    }
    return STATUS_OK;
}

static enum status check_attributes(struct chain *c, const struct onnx_node *n) {
    const Onnx__Attribute *direction = onnx_attribute(n, "direction"), *clip = onnx_attribute(n, "clip");
    if (direction && (direction->s.len != 7 || memcmp(direction->s.data, "forward", 7) != 0))
        return onnx_refuse(c, n,
                           tensors_text(c->o->t, "its direction is '%.*s': RNNs here run forward only, never bidirectional or in reverse",
                                        (int)(direction->s.len < 40 ? direction->s.len : 40),
                                        direction->s.len ? (const char *)direction->s.data : ""));
    if (clip && clip->f != 0)
        return onnx_refuse(c, n, "it clips what goes into its gates (clip)");
    if (onnx_int(n, "input_forget", 0))
        return onnx_refuse(c, n, "its input and forget gates are coupled (input_forget)");
    if (onnx_is(n, "LSTM") && *onnx_input(n, 7))
        return onnx_refuse(c, n, "it has peepholes (P), which the cells here have not");
    if (onnx_is(n, "GRU") && !onnx_int(n, "linear_before_reset", 0))
        return onnx_refuse(c, n, "a GRU with linear_before_reset = 0 is another function than PyTorch's GRU");
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
            return onnx_refuse(c, n, tensors_text(c->o->t, "it starts from the state '%.100s', which is not zero", name));
        network_note(
            c->out, tensors_text(c->o->t, "'%s' starts from a state that comes from elsewhere ('%.100s'): zero is assumed", n->name, name));
    }
    return STATUS_OK;
}

// All of each sequence is to be read: a constant that ends one earlier makes another function. What comes from elsewhere is assumed to say
// so.
static enum status check_lengths(struct chain *c, const struct onnx_node *n) {
    const char *name = onnx_input(n, 4);
    if (!*name)
        return STATUS_OK;
    const struct stored *lengths = onnx_origin(c->o, n->graph, name);
    if (!lengths) {
        network_note(c->out,
                     tensors_text(c->o->t, "'%s' reads of each sequence as many steps as '%.100s' says: all are assumed", n->name, name));
        return STATUS_OK;
    }
    if (lengths->type != DTYPE_I4)
        return onnx_refuse(c, n, tensors_text(c->o->t, "its sequence_lens '%.100s' are %s, not int32", name, lengths->type_name));
    int64_t whole = onnx_dimension(c->o, n->graph, onnx_input(n, 0), onnx_int(n, "layout", 0) ? 1 : 0);
    for (uint64_t i = 0; i < lengths->storage->size / sizeof(int32_t); i++) {
        int32_t length;
        memcpy(&length, lengths->storage->bytes + i * sizeof length, sizeof length);
        if (length != whole)
            return onnx_refuse(
                c, n,
                tensors_text(c->o->t, "its sequence_lens '%.100s' is a constant, %d, and sequences have %s: RNNs here read all of each",
                             name, (int)length,
                             whole < 0 ? "a length that is not in the file" : tensors_text(c->o->t, "%lld steps", (long long)whole)));
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
        return onnx_refuse(c, n, tensors_text(c->o->t, "its weights '%.100s' are no constants", onnx_input(n, input)));
    if (!tensor_type_is_float((*out)->type))
        return onnx_refuse(c, n, tensors_text(c->o->t, "its weights '%.100s' are %s, no floats", onnx_input(n, input), (*out)->type_name));
    if ((*out)->rank != rank || (*out)->shape[0] != 1)
        return onnx_refuse(
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
        return onnx_refuse(c, n, tensors_text(c->o->t, "its biases have the shape %s", tensors_shape_text(c->o->t, b)));
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
        return onnx_refuse(
            c, n,
            tensors_text(c->o->t, "its W and R have the shapes %s and %s", tensors_shape_text(c->o->t, w), tensors_shape_text(c->o->t, r)));
    if (layer && (units != out->hidden || w->shape[2] != units || strcmp(cell_of(n), out->cell) != 0))
        return onnx_refuse(c, n, "it is no further layer of the same cell and size as the one below it");
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
            status = check_lengths(c, n);
        if (status == STATUS_OK)
            status = read_weights(c, n, i, blocks);
        onnx_source(c, c->layers[i], true, NULL); // marks what lies between the layers
    }
    if (status == STATUS_OK && c->choice->cell && strcmp(c->choice->cell, c->out->cell) != 0)
        return onnx_refuse(c, &c->o->nodes[c->layers[0]], tensors_text(c->o->t, "is no %s, but %s", c->choice->cell, c->out->cell));
    return status;
}

enum status network_of_onnx(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) {
    struct chain c = {.o = t->graph, .choice = choice, .out = out, .error = error};
    enum status status = find_stack(&c);
    if (status == STATUS_OK)
        status = read_layers(&c);
    if (status == STATUS_OK)
        status = onnx_take_embedding(&c);
    if (status == STATUS_OK)
        status = onnx_take_readout(&c);
    return status == STATUS_OK ? onnx_check_left(&c) : status;
}

#endif
