// The layers of a recurrent module: cell and sizes follow from the shapes.
#include "formats/names_internal.h"

#include <stdio.h>
#include <string.h>

// --- Refusals ---

static enum status refuse_module(struct search *s, const struct module *m) {
    if (m->reverse)
        return error_set(s->error, STATUS_DATA, "a bidirectional RNN ('%.200s'): RNNs here run forward only", m->reverse->name);
    if (m->projection)
        return error_set(s->error, STATUS_DATA, "an LSTM with projections (proj_size; '%.200s'): the cells here have none",
                         m->projection->name);
    return STATUS_OK;
}

static enum status misshapen(struct search *s, const struct stored *tensor, const char *wanted) {
    return error_set(s->error, STATUS_DATA,
                     "'%.200s' has the shape %s, where %s was expected (PyTorch's order of dimensions; Keras and Flax have it transposed, "
                     "ONNX with one more in front and other gates)",
                     tensor->name, tensors_shape_text(s->t, tensor), wanted);
}

// --- Tensors ---

// The tensor that is this part of this layer, or NULL.
static const struct stored *find_part(struct search *s, const struct module *m, enum part part, int layer) {
    char last[64];
    if (m->is_cell)
        snprintf(last, sizeof last, "%s", part_names[part]);
    else
        snprintf(last, sizeof last, "%s_l%d", part_names[part], layer);
    const struct stored *found = tensors_find(s->t, tensors_text(s->t, "%s%s", m->prefix, last));
    if (found)
        s->used[found - s->t->list] = true;
    return found;
}

static enum status check_type(struct search *s, const struct stored *tensor) {
    if (tensor_type_is_float(tensor->type))
        return STATUS_OK;
    return error_set(s->error, STATUS_DATA, "'%.200s' is of the type %s%s: only floats are weights", tensor->name, tensor->type_name,
                     tensor->type == TENSOR_OTHER ? "" : " (quantised?)");
}

// A matrix [rows,cols], or a vector of `rows` when cols is 0.
static enum status check_part(struct search *s, const struct stored *tensor, uint64_t rows, uint64_t cols) {
    char wanted[64];
    enum status status = check_type(s, tensor);
    if (status != STATUS_OK)
        return status;
    bool fits =
        cols ? tensor->rank == 2 && tensor->shape[0] == rows && tensor->shape[1] == cols : tensor->rank == 1 && tensor->shape[0] == rows;
    snprintf(wanted, sizeof wanted, cols ? "[%llu,%llu]" : "[%llu]", (unsigned long long)rows, (unsigned long long)cols);
    return fits ? STATUS_OK : misshapen(s, tensor, wanted);
}

// --- Cells ---

static const char *cell_of_blocks(uint64_t blocks) {
    return blocks == 4 ? "lstm" : blocks == 3 ? "gru" : blocks == 1 ? "rnn_tanh" : NULL;
}

// PyTorch's files don't tell the nonlinearity of an RNN without gates.
static enum status choose_cell(struct search *s, uint64_t blocks, const struct stored *weight_hh) {
    const char *wanted = s->choice->cell ? s->choice->cell : s->t->cell, *is = cell_of_blocks(blocks);
    if (!is)
        return misshapen(s, weight_hh, "[4N,N] of an LSTM, [3N,N] of a GRU or [N,N] of an RNN without gates");
    if (!wanted && blocks == 1)
        network_note(s->out,
                     "the file does not tell the nonlinearity of its RNN: tanh, PyTorch's default, is assumed (--cell rnn_relu: ReLU)");
    if (wanted && !(blocks == 1 ? strncmp(wanted, "rnn_", 4) == 0 : strcmp(wanted, is) == 0))
        return error_set(s->error, STATUS_DATA, "'%.200s' has the shape %s: that is no %s, but %s", weight_hh->name,
                         tensors_shape_text(s->t, weight_hh), wanted, blocks == 1 ? "an RNN without gates" : is);
    s->out->cell = wanted ? wanted : is;
    return STATUS_OK;
}

static enum status read_sizes(struct search *s, const struct stored *weight_ih, const struct stored *weight_hh) {
    enum status status = check_type(s, weight_hh);
    if (status == STATUS_OK)
        status = check_type(s, weight_ih);
    if (status != STATUS_OK)
        return status;
    if (weight_hh->rank != 2 || weight_hh->shape[1] == 0 || weight_hh->shape[0] % weight_hh->shape[1] != 0)
        return misshapen(s, weight_hh, "[4N,N] of an LSTM, [3N,N] of a GRU or [N,N] of an RNN without gates");
    if (weight_ih->rank != 2 || weight_ih->shape[1] == 0)
        return misshapen(s, weight_ih, "a matrix of as many rows as its weight_hh has");
    s->out->hidden = weight_hh->shape[1];
    s->out->input = weight_ih->shape[1];
    return choose_cell(s, weight_hh->shape[0] / weight_hh->shape[1], weight_hh);
}

// --- Layers ---

static enum status read_bias(struct search *s, const struct module *m, enum part part, int layer, uint64_t rows, struct view *out) {
    const struct stored *bias = find_part(s, m, part, layer);
    *out = (struct view){.rows = rows, .cols = 1};
    if (!bias)
        return STATUS_OK;
    *out = view_of(bias);
    return check_part(s, bias, rows, 0);
}

static enum status read_layer(struct search *s, const struct module *m, int layer) {
    struct network *out = s->out;
    int l = out->layers;
    const struct stored *weight_ih = find_part(s, m, WEIGHT_IH, layer), *weight_hh = find_part(s, m, WEIGHT_HH, layer);
    if (!weight_ih || !weight_hh)
        return error_set(s->error, STATUS_DATA, "'%.200s%s%s' is missing", m->prefix,
                         weight_ih ? part_names[WEIGHT_HH] : part_names[WEIGHT_IH], m->is_cell ? "" : tensors_text(s->t, "_l%d", layer));
    if (l == NETWORK_MAX_LAYERS)
        return error_set(s->error, STATUS_DATA, "an RNN of more than %d layers", NETWORK_MAX_LAYERS);
    enum status status = l == 0 ? read_sizes(s, weight_ih, weight_hh) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    uint64_t n = out->hidden, rows = l == 0 ? weight_hh->shape[0] : out->weight_hh[0].rows;
    status = check_part(s, weight_hh, rows, n);
    if (status == STATUS_OK)
        status = check_part(s, weight_ih, rows, l == 0 ? out->input : n);
    if (status == STATUS_OK)
        status = read_bias(s, m, BIAS_IH, layer, rows, &out->bias_ih[l]);
    if (status == STATUS_OK)
        status = read_bias(s, m, BIAS_HH, layer, rows, &out->bias_hh[l]);
    out->weight_ih[l] = view_of(weight_ih);
    out->weight_hh[l] = view_of(weight_hh);
    out->layers++;
    return status;
}

enum status names_read_layers(struct search *s) {
    enum status status = STATUS_OK;
    for (int i = 0; i < s->chosen_count && status == STATUS_OK; i++) {
        status = refuse_module(s, s->chosen[i]);
        for (int l = 0; l < s->chosen[i]->layers && status == STATUS_OK; l++)
            status = read_layer(s, s->chosen[i], l);
    }
    bool no_biases = status == STATUS_OK;
    for (int l = 0; l < s->out->layers; l++)
        no_biases &= !s->out->bias_ih[l].tensor && !s->out->bias_hh[l].tensor;
    if (no_biases)
        network_note(s->out, "no biases in the recurrent layers: they become zeros");
    return status;
}
