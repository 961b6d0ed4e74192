#include "rnn/import.h"

#include "base/memory.h"
#include "math/blas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// The index of a word, 0 of NULL; -1: it is none of them.
static int word_of(const char *text, const char *const *words) {
    for (int i = 0; words[i]; i++)
        if (strcmp(text ? text : "", words[i]) == 0)
            return i;
    return -1;
}

static enum status set_arch(const struct network *n, size_t most, struct rnn_arch *arch, struct error *error) {
    uint64_t input = n->embedding.tensor ? n->embedding.rows : n->input;
    const struct cell *cell = cell_find(n->cell);
    if (!cell)
        return error_set(error, STATUS_DATA, "cells here are %s, not '%s'", cell_names(), n->cell);
    if (input > RNN_MAX_SIZE || n->hidden > RNN_MAX_SIZE || n->output > RNN_MAX_SIZE || n->layers > RNN_MAX_LAYERS)
        return error_set(error, STATUS_DATA,
                         "an RNN of %llu inputs, %d x %llu units and %llu outputs: at most %d layers, and %d of all else",
                         (unsigned long long)input, n->layers, (unsigned long long)n->hidden, (unsigned long long)n->output, RNN_MAX_LAYERS,
                         RNN_MAX_SIZE);
    *arch = (struct rnn_arch){.cell = cell, .input = (int)input, .hidden = (int)n->hidden, .layers = n->layers, .output = (int)n->output};
    int reads = word_of(n->reads, rnn_reads_words), answers = word_of(n->answers, rnn_answers_words);
    if (reads < 0 || answers < 0)
        return error_set(error, STATUS_DATA, "RNNs read tokens or numbers and answer with classes or numbers, not '%.60s'",
                         reads < 0 ? n->reads : n->answers);
    arch->reads = (enum rnn_reads)reads;
    arch->answers = (enum rnn_answers)answers;
    if (!rnn_arch_valid(arch))
        return error_set(error, STATUS_DATA, "an RNN with no inputs, units or outputs");
    if (rnn_answers_classes(arch) && arch->output < 2)
        return error_set(error, STATUS_DATA, "one output is no choice of classes");
    if (rnn_size(arch) > most)
        return error_set(error, STATUS_DATA, "an RNN of %zu weights, more than %zu", rnn_size(arch), most);
    return STATUS_OK;
}

// W_ih' [rows,V] = W_ih [rows,E] embedding^T [E,V].
static enum status fold_embedding(const struct network *n, float *out, struct error *error) {
    const struct view *w = &n->weight_ih[0], *e = &n->embedding;
    float *weight = memory_alloc(w->rows * w->cols * sizeof *weight), *embedding = memory_alloc(e->rows * e->cols * sizeof *embedding);
    enum status status = view_read(w, weight, error);
    if (status == STATUS_OK)
        status = view_read(e, embedding, error);
    if (status == STATUS_OK)
        blas_sgemm(PLAIN, TRANSPOSED, (int)w->rows, (int)e->rows, (int)w->cols, weight, w->cols, embedding, e->cols, 0, out, e->rows);
    free(weight);
    free(embedding);
    for (uint64_t i = 0; i < w->rows * e->rows && status == STATUS_OK; i++)
        if (!isfinite(out[i]))
            status = error_set(error, STATUS_DATA, "%.200s: its product with %.200s is not finite", e->tensor->name, w->tensor->name);
    return status;
}

static enum status read_readout(const struct network *n, const struct params *table, int index, float *out, struct error *error) {
    float *weight = out + table->list[index].offset;
    if (n->readout.tensor)
        return view_read(&n->readout, weight, error);
    memset(weight, 0, n->hidden * n->hidden * sizeof *weight);
    for (uint64_t i = 0; i < n->hidden; i++)
        weight[i * n->hidden + i] = 1;
    return STATUS_OK;
}

static enum status read_weights(const struct network *n, const struct rnn_arch *arch, const struct params *table, float *out,
                                struct error *error) {
    enum status status = STATUS_OK;
    for (int l = 0; l < n->layers && status == STATUS_OK; l++) {
        const struct view *const parts[RNN_PARTS] = {
            [W_IH] = &n->weight_ih[l], [W_HH] = &n->weight_hh[l], [B_IH] = &n->bias_ih[l], [B_HH] = &n->bias_hh[l]};
        for (int part = 0; part < RNN_PARTS && status == STATUS_OK; part++) {
            float *at = out + table->list[rnn_param(arch, l, (enum rnn_part)part)].offset;
            bool is_folded = l == 0 && part == W_IH && n->embedding.tensor;
            status = is_folded ? fold_embedding(n, at, error) : view_read(parts[part], at, error);
        }
    }
    int readout = rnn_readout(arch);
    if (status == STATUS_OK)
        status = read_readout(n, table, readout, out, error);
    return status == STATUS_OK ? view_read(&n->readout_bias, out + table->list[readout + 1].offset, error) : status;
}

enum status rnn_of_network(const struct network *network, size_t most, struct rnn_arch *arch, float **weights, struct error *error) {
    *weights = NULL;
    enum status status = set_arch(network, most, arch, error);
    if (status != STATUS_OK)
        return status;
    struct params table = {0};
    rnn_params(&table, arch);
    *weights = memory_alloc(table.size * sizeof **weights);
    status = read_weights(network, arch, &table, *weights, error);
    params_free(&table);
    if (status != STATUS_OK) {
        free(*weights);
        *weights = NULL;
    }
    return status;
}
