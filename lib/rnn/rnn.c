#include "rnn/rnn.h"

#include "nn/recurrent.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool in_range(int size, int limit) {
    return size >= 1 && size <= limit;
}

bool rnn_arch_valid(const struct rnn_arch *arch) {
    return arch->cell && in_range(arch->input, RNN_MAX_SIZE) && in_range(arch->hidden, RNN_MAX_SIZE) &&
           in_range(arch->output, RNN_MAX_SIZE) && in_range(arch->layers, RNN_MAX_LAYERS);
}

// --- Inputs and answers ---

bool rnn_reads_tokens(const struct rnn_arch *arch) {
    if (arch->reads == RNN_READS_BY_SIZES)
        return arch->input == arch->output && arch->input > 1;
    return arch->reads == RNN_READS_TOKENS;
}

bool rnn_answers_classes(const struct rnn_arch *arch) {
    if (arch->answers == RNN_ANSWERS_BY_SIZES)
        return arch->output > 1;
    return arch->answers == RNN_ANSWERS_CLASSES;
}

bool rnn_tells_tokens(const struct rnn_arch *arch) {
    return rnn_reads_tokens(arch) && rnn_answers_classes(arch) && arch->input == arch->output;
}

// --- What is alike ---

static const struct {
    enum rnn_arch_part part;
    const char *name;
    size_t offset; // of an int
} sizes[] = {
    {ARCH_INPUT, "inputs", offsetof(struct rnn_arch, input)},
    {ARCH_OUTPUT, "outputs", offsetof(struct rnn_arch, output)},
    {ARCH_LAYERS, "layers", offsetof(struct rnn_arch, layers)},
    {ARCH_HIDDEN, "widths", offsetof(struct rnn_arch, hidden)},
};
enum { SIZES = sizeof sizes / sizeof *sizes };

static int size_of(const struct rnn_arch *arch, int i) {
    return *(const int *)((const char *)arch + sizes[i].offset);
}

bool rnn_arch_alike(const struct rnn_arch *a, const struct rnn_arch *b, unsigned which) {
    for (int i = 0; i < SIZES; i++)
        if ((which & sizes[i].part) && size_of(a, i) != size_of(b, i))
            return false;
    return (!(which & ARCH_CELL) || a->cell == b->cell) && (!(which & ARCH_READS) || rnn_reads_tokens(a) == rnn_reads_tokens(b)) &&
           (!(which & ARCH_ANSWERS) || rnn_answers_classes(a) == rnn_answers_classes(b));
}

bool rnn_arch_equal(const struct rnn_arch *a, const struct rnn_arch *b) {
    return rnn_arch_alike(a, b, ARCH_ALL);
}

const char *const rnn_reads_words[] = {"", "tokens", "numbers", NULL}, *const rnn_answers_words[] = {"", "classes", "numbers", NULL};

static struct rnn_arch without_roles(const struct rnn_arch *arch) {
    return (struct rnn_arch){.cell = arch->cell, .input = arch->input, .output = arch->output};
}

const char *rnn_reads_word(const struct rnn_arch *arch) {
    const struct rnn_arch plain = without_roles(arch);
    bool told = rnn_arch_alike(arch, &plain, ARCH_READS);
    return told ? NULL : rnn_reads_words[rnn_reads_tokens(arch) ? RNN_READS_TOKENS : RNN_READS_NUMBERS];
}

const char *rnn_answers_word(const struct rnn_arch *arch) {
    const struct rnn_arch plain = without_roles(arch);
    bool told = rnn_arch_alike(arch, &plain, ARCH_ANSWERS);
    return told ? NULL : rnn_answers_words[rnn_answers_classes(arch) ? RNN_ANSWERS_CLASSES : RNN_ANSWERS_NUMBERS];
}

static void tell(char *text, const char *part, const char *a, const char *b) {
    size_t length = strlen(text);
    snprintf(text + length, RNN_ARCH_TEXT_SIZE - length, "%s%s %s and %s", length ? ", " : "", part, a, b);
}

void rnn_arch_difference(char text[RNN_ARCH_TEXT_SIZE], const struct rnn_arch *a, const struct rnn_arch *b, unsigned which) {
    *text = 0;
    for (int i = 0; i < SIZES; i++) {
        char left[16], right[16];
        snprintf(left, sizeof left, "%d", size_of(a, i));
        snprintf(right, sizeof right, "%d", size_of(b, i));
        if (!rnn_arch_alike(a, b, which & sizes[i].part))
            tell(text, sizes[i].name, left, right);
    }
    if (!rnn_arch_alike(a, b, which & ARCH_READS))
        tell(text, "reading", rnn_reads_tokens(a) ? "tokens" : "numbers", rnn_reads_tokens(b) ? "tokens" : "numbers");
    if (!rnn_arch_alike(a, b, which & ARCH_ANSWERS))
        tell(text, "answering", rnn_answers_classes(a) ? "classes" : "numbers", rnn_answers_classes(b) ? "classes" : "numbers");
    if (!rnn_arch_alike(a, b, which & ARCH_CELL))
        tell(text, "cells", a->cell->name, b->cell->name);
}

// --- Parameters ---

void rnn_params(struct params *p, const struct rnn_arch *arch) {
    int n = arch->hidden;
    float bound = (float)(1 / sqrt(n));
    char prefix[PARAM_NAME_SIZE], suffix[16];
    snprintf(prefix, sizeof prefix, "%s.", arch->cell->prefix);
    for (int l = 0; l < arch->layers; l++) {
        snprintf(suffix, sizeof suffix, "_l%d", l);
        recurrent_params(p, arch->cell, bound, prefix, suffix, l ? n : arch->input, n);
    }
    params_add(p, INIT_UNIFORM, bound, 2, (int[]){arch->output, n}, "linear.weight");
    params_add(p, INIT_UNIFORM, bound, 1, (int[]){arch->output}, "linear.bias");
}

size_t rnn_size(const struct rnn_arch *arch) {
    size_t n = (size_t)arch->hidden, layers = (size_t)arch->layers;
    size_t inputs = (size_t)arch->input + (layers - 1) * n; // of all layers
    return cell_inputs(arch->cell, arch->hidden) * (inputs + layers * (n + 2)) + (size_t)arch->output * (n + 1);
}

int rnn_param(const struct rnn_arch *arch, int layer, enum rnn_part part) {
    assert(layer >= 0 && layer < arch->layers);
    return RNN_PARTS * layer + (int)part;
}

int rnn_readout(const struct rnn_arch *arch) {
    return RNN_PARTS * arch->layers;
}
