// The recurrent network among Keras's layers. A kernel is [inputs,outputs], transposed; an LSTM's columns are i, f, c, o, as PyTorch's rows
// i, f, g, o, with one bias; a GRU's are z, r, h, PyTorch's r, z, n, with a bias [2,3N] when reset_after, which is PyTorch's form.
#include "formats/keras_internal.h"

#include "base/textlist.h"

#include <string.h>

struct chain {
    struct tensors *t;
    const struct network_choice *choice;
    struct network *out;
    struct error *error;
    struct keras_layer *layers;
    int count;
    int first, last;   // the recurrent layers that are taken: some of first .. last, all others there compute nothing
    bool *used, *left; // taken; left out as was asked
};

static enum status refuse(struct chain *c, const struct keras_layer *l, const char *why) {
    return error_set(c->error, STATUS_DATA, "layer '%.200s'%s%.100s%s: %s", l->name, l->class_name ? " (" : "",
                     l->class_name ? l->class_name : "", l->class_name ? ")" : "", why);
}

// --- Which layers ---

static enum status several(struct chain *c, const char *why) {
    struct listing listing = {0};
    for (int i = 0; i < c->count; i++)
        if (c->layers[i].kind == KERAS_RNN)
            listing_add_text(&listing, c->layers[i].name);
    return error_set(c->error, STATUS_DATA, "%s: %s; choose by --rnn NAME (or, for layers one above the other, --rnn NAME,NAME)", why,
                     listing_text(&listing));
}

static enum status no_rnn(struct chain *c) {
    struct listing listing = {0};
    for (int i = 0; i < c->count; i++)
        listing_add_text(&listing, c->layers[i].name);
    return error_set(c->error, STATUS_DATA, "no recurrent layer in it: its layers are %s", listing_text(&listing));
}

static bool runs_both_ways(const struct keras_layer *l) {
    return (l->class_name && strcmp(l->class_name, "Bidirectional") == 0) ||
           (l->recurrent && (strstr(l->recurrent->name, "/forward_") || strstr(l->recurrent->name, "/backward_")));
}

// Each name of --rnn has to be a recurrent layer's.
static enum status check_names(struct chain *c) {
    const char *list = c->choice->rnn, *name;
    int rnns = 0;
    for (int i = 0; i < c->count; i++)
        rnns += c->layers[i].kind == KERAS_RNN;
    for (size_t size; rnns && textlist_next(&list, &name, &size);) {
        bool found = false;
        for (int i = 0; i < c->count; i++)
            found |= (c->layers[i].kind == KERAS_RNN || runs_both_ways(&c->layers[i])) && strlen(c->layers[i].name) == size &&
                     strncmp(c->layers[i].name, name, size) == 0;
        if (!found)
            return several(c, tensors_text(c->t, "no recurrent layer is called '%.*s'; there are", (int)size, name));
    }
    return STATUS_OK;
}

// --name: of all layers those below it stay.
static enum status keep_named(struct chain *c) {
    struct listing listing = {0};
    const char *name = c->choice->name;
    size_t size = name ? strlen(name) : 0;
    int kept = 0;
    for (int i = 0; size && i < c->count; i++) {
        const char *own = c->layers[i].name;
        listing_add_text(&listing, own);
        if (strncmp(own, name, size) == 0 && (own[size] == '/' || own[size] == '\0'))
            c->layers[kept++] = c->layers[i];
    }
    c->count = size ? kept : c->count;
    return size && !kept ? error_set(c->error, STATUS_DATA, "no layer in it below %s: its layers are %s", name, listing_text(&listing))
                         : STATUS_OK;
}

static bool is_wanted(const struct chain *c, const struct keras_layer *l) {
    return l->kind == KERAS_RNN && (!c->choice->rnn || network_is_listed(c->choice->rnn, l->name));
}

static enum status find_layers(struct chain *c) {
    c->first = c->last = -1;
    enum status status = keep_named(c);
    if (status == STATUS_OK)
        status = check_names(c);
    for (int i = 0; i < c->count && status == STATUS_OK; i++) {
        const struct keras_layer *l = &c->layers[i];
        if (runs_both_ways(l) && (!c->choice->rnn || network_is_listed(c->choice->rnn, l->name)))
            return refuse(c, l, "a bidirectional RNN: RNNs here run forward only");
        if (!is_wanted(c, l))
            continue;
        c->first = c->first < 0 ? i : c->first;
        for (int k = c->last + 1; c->last >= 0 && k < i; k++)
            if (c->layers[k].kind != KERAS_NOTHING)
                return several(c, "several recurrent layers, with others between them");
        c->last = i;
    }
    return status == STATUS_OK && c->first < 0 ? no_rnn(c) : status;
}

// --- Recurrent layers ---

static const char *cell_of(const struct chain *c, const struct keras_layer *l, uint64_t blocks) {
    const char *activation = keras_text(c->t, l->config, "activation");
    if (blocks == 1 && (strcmp(activation, "relu") == 0 || (!l->config && c->choice->cell && strcmp(c->choice->cell, "rnn_relu") == 0)))
        return "rnn_relu";
    return blocks == 4 ? "lstm" : blocks == 3 ? "gru" : blocks == 1 ? "rnn_tanh" : NULL;
}

// A configuration that asks for another function than the cells' is refused; without one the defaults are assumed.
static enum status check_config(struct chain *c, const struct keras_layer *l, const char *cell) {
    const char *activation = keras_text(c->t, l->config, "activation"), *gates = keras_text(c->t, l->config, "recurrent_activation");
    if (!l->config) {
        network_note(c->out, "the file does not tell activations: Keras's defaults, tanh, and sigmoid for gates, are assumed");
        return STATUS_OK;
    }
    if (strcmp(activation, strcmp(cell, "rnn_relu") == 0 ? "relu" : "tanh") != 0)
        return refuse(c, l, tensors_text(c->t, "its activation is '%.60s', which no cell has that is known here", activation));
    if (strncmp(cell, "rnn_", 4) != 0 && strcmp(gates, "sigmoid") != 0)
        return refuse(c, l, tensors_text(c->t, "the activation of its gates is '%.60s', not sigmoid", gates));
    if (l->backwards)
        return refuse(c, l, "it runs backwards");
    if (strcmp(cell, "gru") == 0 && !keras_flag(l->config, "reset_after", false))
        return refuse(c, l, "a GRU with reset_after=False is another function than PyTorch's GRU");
    return STATUS_OK;
}

static struct view in_blocks(struct view v, uint64_t blocks) {
    static const unsigned char gru[NETWORK_MAX_BLOCKS] = {1, 0, 2};
    if (blocks == 3) {
        v.blocks = 3;
        memcpy(v.order, gru, sizeof gru);
    }
    return v;
}

// A row of the bias [2,3N] of a GRU, or the one bias of another cell, which is the input's.
static enum status read_biases(struct chain *c, const struct keras_layer *l, int layer, uint64_t blocks) {
    uint64_t rows = blocks * c->out->hidden;
    struct view none = {.rows = rows, .cols = 1}, *ih = &c->out->bias_ih[layer], *hh = &c->out->bias_hh[layer];
    *ih = *hh = none;
    if (!l->bias)
        return STATUS_OK;
    if (blocks == 3 && l->bias->rank == 1)
        return refuse(c, l, "a GRU with reset_after=False (it has one bias) is another function than PyTorch's GRU");
    struct view bias = view_of(l->bias);
    bool fits = blocks == 3 ? l->bias->rank == 2 && bias.rows == 2 && bias.cols == rows : l->bias->rank == 1 && bias.rows == rows;
    if (!fits)
        return refuse(c, l, tensors_text(c->t, "its bias has the shape %s", tensors_shape_text(c->t, l->bias)));
    *ih = bias;
    if (blocks == 3) {
        *ih = *hh =
            (struct view){.tensor = l->bias, .first = l->bias->first, .rows = rows, .cols = 1, .row_step = bias.col_step, .col_step = 1};
        hh->first += (uint64_t)bias.row_step;
        *ih = in_blocks(*ih, blocks);
        *hh = in_blocks(*hh, blocks);
    }
    return STATUS_OK;
}

static enum status read_layer(struct chain *c, const struct keras_layer *l) {
    struct network *out = c->out;
    int layer = out->layers;
    if (l->odd)
        return refuse(c, l, tensors_text(c->t, "its weight '%.200s' has no place in the cells that are known here", l->odd));
    if (!l->kernel || !l->recurrent || l->kernel->rank != 2 || l->recurrent->rank != 2 || l->recurrent->shape[0] == 0)
        return refuse(c, l, "its kernel and recurrent_kernel are no matrices");
    uint64_t n = l->recurrent->shape[0], inputs = l->kernel->shape[0], rows = l->recurrent->shape[1], blocks = rows / n;
    const char *cell = rows % n ? NULL : cell_of(c, l, blocks);
    if (!cell || l->kernel->shape[1] != rows)
        return refuse(c, l,
                      tensors_text(c->t, "its recurrent_kernel has the shape %s, which fits no cell that is known here",
                                   tensors_shape_text(c->t, l->recurrent)));
    if (layer == NETWORK_MAX_LAYERS)
        return refuse(c, l, "there are more recurrent layers than fit");
    if (layer && (n != out->hidden || inputs != n || strcmp(cell, out->cell) != 0))
        return refuse(c, l, "it is no further layer of the same cell and size as the recurrent layer before it; choose one by --rnn");
    if (!layer)
        out->hidden = n, out->input = inputs, out->cell = cell, out->name = l->name;
    if (c->choice->cell && strcmp(c->choice->cell, cell) != 0)
        return refuse(c, l, tensors_text(c->t, "is no %s, but %s", c->choice->cell, cell));
    enum status status = check_config(c, l, cell);
    if (status == STATUS_OK)
        status = read_biases(c, l, layer, blocks);
    out->weight_ih[layer] = in_blocks(view_transposed(view_of(l->kernel)), blocks);
    out->weight_hh[layer] = in_blocks(view_transposed(view_of(l->recurrent)), blocks);
    out->layers++;
    return status;
}

static enum status read_layers(struct chain *c) {
    enum status status = STATUS_OK;
    for (int i = c->first; i <= c->last && status == STATUS_OK; i++) {
        if (!is_wanted(c, &c->layers[i]))
            continue;
        c->used[i] = true;
        int notes = c->out->note_count; // the same one for each layer
        status = read_layer(c, &c->layers[i]);
        c->out->note_count = c->out->layers > 1 && c->out->note_count > notes ? notes : c->out->note_count;
    }
    return status;
}

// --- Before and behind ---

// The next layer from `at` on in this direction that computes something; -1: none.
static int next_layer(const struct chain *c, int at, int direction) {
    for (int i = at + direction; i >= 0 && i < c->count; i += direction)
        if (c->layers[i].kind != KERAS_NOTHING)
            return i;
    return -1;
}

static enum status find_named(struct chain *c, const char *option, const char *name, int *out) {
    for (*out = 0; *out < c->count; ++*out)
        if (strcmp(c->layers[*out].name, name) == 0)
            return STATUS_OK;
    return error_set(c->error, STATUS_DATA, "%s %s: there is no such layer", option, name);
}

// The layer of this kind beside the recurrent ones, or the one that is chosen; -1: none.
static enum status find_beside(struct chain *c, const char *option, const char *name, int at, int direction, enum keras_kind kind,
                               int *out) {
    *out = -1;
    if (network_is_none(name))
        return STATUS_OK;
    if (name)
        return find_named(c, option, name, out);
    int next = next_layer(c, at, direction);
    *out = next >= 0 && c->layers[next].kind == kind ? next : -1;
    return STATUS_OK;
}

static bool is_probability(const char *activation) {
    return strcmp(activation, "softmax") == 0 || strcmp(activation, "log_softmax") == 0 || strcmp(activation, "sigmoid") == 0;
}

static enum status take_readout(struct chain *c, int i) {
    struct network *out = c->out;
    out->output = out->hidden;
    out->readout_bias = (struct view){.rows = out->hidden, .cols = 1};
    if (i < 0) {
        network_note(out, "no read-out: it becomes the identity, so that the outputs are the states h of the last layer");
        return STATUS_OK;
    }
    const struct keras_layer *l = &c->layers[i];
    const char *activation = keras_text(c->t, l->config, "activation");
    if (!l->kernel || l->kernel->rank != 2 || l->kernel->shape[0] != out->hidden || l->odd)
        return refuse(c, l, "is no linear read-out of the recurrent layer's units");
    if (is_probability(activation))
        network_note(out, tensors_text(c->t, "the %s behind the read-out is left out: outputs are what it is made of", activation));
    else if (l->config && strcmp(activation, "linear") != 0)
        return refuse(
            c, l, tensors_text(c->t, "its activation is '%.60s': a read-out here is linear (--readout none leaves it out)", activation));
    out->readout = view_transposed(view_of(l->kernel));
    out->output = out->readout.rows;
    out->readout_bias = (struct view){.rows = out->output, .cols = 1};
    if (l->bias && (l->bias->rank != 1 || l->bias->shape[0] != out->output))
        return refuse(c, l, "its bias does not fit its kernel");
    if (l->bias)
        out->readout_bias = view_of(l->bias);
    c->used[i] = true;
    return STATUS_OK;
}

static enum status take_embedding(struct chain *c, int i) {
    if (i < 0)
        return STATUS_OK;
    const struct keras_layer *l = &c->layers[i];
    if (!l->embeddings || l->embeddings->rank != 2 || l->embeddings->shape[1] != c->out->input)
        return refuse(c, l, "is no embedding that fits the recurrent layer's inputs");
    c->out->embedding = view_of(l->embeddings);
    network_note(c->out, tensors_text(c->t, "the embedding %s is folded into the first layer: inputs are its %llu tokens", l->name,
                                      (unsigned long long)l->embeddings->shape[0]));
    if (keras_flag(l->config, "mask_zero", false))
        network_note(c->out, tensors_text(c->t, "%s has the RNN skip token 0 (mask_zero): here it is read like all others", l->name));
    c->used[i] = true;
    return STATUS_OK;
}

// --embedding none: one that there is is left out.
static void leave_embedding(struct chain *c) {
    int i = next_layer(c, c->first, -1);
    if (i < 0 || c->layers[i].kind != KERAS_EMBEDDING)
        return;
    network_note(c->out, tensors_text(c->t, "left out: %s, the embedding", c->layers[i].name));
    c->left[i] = true;
}

// An Activation layer at the end that makes probabilities changes no answer.
static bool is_last_probability(const struct chain *c, int i) {
    const struct keras_layer *l = &c->layers[i];
    return l->class_name &&
           (strcmp(l->class_name, "Softmax") == 0 ||
            (strcmp(l->class_name, "Activation") == 0 && is_probability(keras_text(c->t, l->config, "activation")))) &&
           next_layer(c, i, 1) < 0;
}

static enum status check_left(struct chain *c) {
    struct listing left = {0};
    bool only_probability = true;
    for (int i = 0; i < c->count; i++) {
        const struct keras_layer *l = &c->layers[i];
        if (l->class_name && strcmp(l->class_name, "Masking") == 0)
            network_note(c->out, tensors_text(c->t, "%s has the RNN skip steps of one value: here all steps are read", l->name));
        if (c->used[i] || c->left[i] || l->kind == KERAS_NOTHING)
            continue;
        only_probability &= is_last_probability(c, i);
        listing_add_text(&left, l->class_name ? tensors_text(c->t, "%s (%s)", l->name, l->class_name) : l->name);
    }
    if (left.count == 0)
        return STATUS_OK;
    if (!only_probability && !c->choice->rnn && !c->choice->readout)
        return error_set(
            c->error, STATUS_DATA,
            "more is in it than an RNN with one linear read-out (and an embedding before it): %s. --rnn %s imports that part alone "
            "and leaves the rest out",
            listing_text(&left), c->out->name);
    network_note(c->out, tensors_text(c->t, "left out: %s", listing_text(&left)));
    return STATUS_OK;
}

enum status network_of_keras(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) {
    struct chain c = {.t = t, .choice = choice, .out = out, .error = error};
    int embedding, readout;
    enum status status = keras_layers(t, &c.layers, &c.count, error);
    if (status != STATUS_OK)
        return status;
    c.used = arena_calloc(&t->arena, (size_t)c.count + 1);
    c.left = arena_calloc(&t->arena, (size_t)c.count + 1);
    status = find_layers(&c);
    if (status == STATUS_OK)
        status = read_layers(&c);
    if (status == STATUS_OK && c.layers[0].guessed)
        network_note(out,
                     "the file does not tell the order of its layers: recurrent ones are taken by their numbers, one above the other, an "
                     "embedding before and a Dense layer behind them");
    if (status == STATUS_OK)
        status = find_beside(&c, "--embedding", choice->embedding, c.first, -1, KERAS_EMBEDDING, &embedding);
    if (status == STATUS_OK && network_is_none(choice->embedding))
        leave_embedding(&c);
    if (status == STATUS_OK)
        status = take_embedding(&c, embedding);
    if (status == STATUS_OK)
        status = find_beside(&c, "--readout", choice->readout, c.last, 1, KERAS_DENSE, &readout);
    if (status == STATUS_OK)
        status = take_readout(&c, readout);
    if (status == STATUS_OK)
        status = keras_check_graph(t, c.layers, c.count, c.used, error);
    return status == STATUS_OK ? check_left(&c) : status;
}
