#include "analysis/walker.h"

#include "base/memory.h"
#include "rnn/stepper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64, BYTE_TOKENS = 256 };

struct walker {
    struct rnn_arch arch;
    struct stepper *stepper;
    float *one_hot; // [BLOCK,I], for RNNs of more tokens than a byte tells apart; NULL before it is wanted
};

struct walker *walker_new(const struct rnn_arch *arch, const struct params *table, const float *weights) {
    struct walker *w = memory_calloc(1, sizeof *w);
    w->arch = *arch;
    w->stepper = stepper_of_rnn(arch, table, weights, BLOCK);
    return w;
}

void walker_free(struct walker *w) {
    if (!w)
        return;
    stepper_free(w->stepper);
    free(w->one_hot);
    free(w);
}

const struct rnn_arch *walker_arch(const struct walker *w) {
    return &w->arch;
}

int walker_vectors(const struct walker *w) {
    return w->arch.cell->states;
}

int walker_gates(const struct walker *w) {
    return w->arch.cell->gates;
}

size_t walker_state_size(const struct walker *w) {
    return (size_t)walker_vectors(w) * (size_t)w->arch.layers * (size_t)w->arch.hidden;
}

// Rows `rows` [count,H] of the stepper are set from, or copied to, vector `at` of the walks' states.
static void set_rows(float *rows, const float *const *states, int count, size_t at, size_t H) {
    for (int i = 0; i < count; i++)
        if (states[i])
            memcpy(rows + (size_t)i * H, states[i] + at, H * sizeof(float));
        else
            memset(rows + (size_t)i * H, 0, H * sizeof(float));
}

static void get_rows(float *const *states, const float *rows, int count, size_t at, size_t H) {
    for (int i = 0; i < count; i++)
        memcpy(states[i] + at, rows + (size_t)i * H, H * sizeof(float));
}

static void read_tokens(struct walker *w, const int *tokens, int count) {
    size_t I = (size_t)w->arch.input;
    uint8_t bytes[BLOCK];
    if (w->arch.input <= BYTE_TOKENS) {
        for (int i = 0; i < count; i++)
            bytes[i] = (uint8_t)tokens[i];
        stepper_tokens(w->stepper, bytes);
        return;
    }
    if (!w->one_hot)
        w->one_hot = memory_calloc(BLOCK * I, sizeof *w->one_hot);
    for (int i = 0; i < count; i++)
        w->one_hot[(size_t)i * I + (size_t)tokens[i]] = 1;
    stepper_numbers(w->stepper, w->one_hot);
    for (int i = 0; i < count; i++)
        w->one_hot[(size_t)i * I + (size_t)tokens[i]] = 0;
}

static void keep_gates(const struct walker *w, float *gates, int count) {
    size_t G = cell_inputs(w->arch.cell, w->arch.hidden), width = cell_width(w->arch.cell, w->arch.hidden), L = (size_t)w->arch.layers;
    for (size_t i = 0; i < (size_t)count; i++)
        for (size_t l = 0; l < L; l++)
            memcpy(gates + (i * L + l) * G, stepper_gates(w->stepper, (int)l) + i * width, G * sizeof(float));
}

static void step_block(struct walker *w, const struct walk_step *step, int first, int count) {
    size_t H = (size_t)w->arch.hidden, O = (size_t)w->arch.output, I = (size_t)w->arch.input, G = cell_inputs(w->arch.cell, w->arch.hidden);
    bool has_c = walker_vectors(w) == 2;
    stepper_start(w->stepper, count);
    for (int l = 0; l < w->arch.layers; l++) {
        size_t at = (size_t)l * (size_t)walker_vectors(w) * H;
        set_rows(stepper_h(w->stepper, l), step->before + first, count, at, H);
        if (has_c)
            set_rows(stepper_c(w->stepper, l), step->before + first, count, at + H, H);
    }
    if (step->tokens)
        read_tokens(w, step->tokens + first, count);
    else
        stepper_numbers(w->stepper, step->inputs + (size_t)first * I);
    for (int l = 0; l < w->arch.layers; l++) {
        size_t at = (size_t)l * (size_t)walker_vectors(w) * H;
        get_rows(step->after + first, stepper_h(w->stepper, l), count, at, H);
        if (has_c)
            get_rows(step->after + first, stepper_c(w->stepper, l), count, at + H, H);
    }
    if (step->answers)
        memcpy(step->answers + (size_t)first * O, stepper_logits(w->stepper), (size_t)count * O * sizeof(float));
    if (step->gates)
        keep_gates(w, step->gates + (size_t)first * (size_t)w->arch.layers * G, count);
}

void walker_step(struct walker *w, const struct walk_step *step) {
    if (step->gates)
        stepper_keep_gates(w->stepper);
    for (int first = 0; first < step->count; first += BLOCK)
        step_block(w, step, first, step->count - first < BLOCK ? step->count - first : BLOCK);
}

void walker_log_softmax(double *log_p, const float *answers, int count, int outputs) {
    for (int i = 0; i < count; i++, answers += outputs, log_p += outputs) {
        double greatest = -INFINITY, sum = 0;
        for (int o = 0; o < outputs; o++)
            greatest = fmax(greatest, (double)answers[o]);
        for (int o = 0; o < outputs; o++)
            sum += exp((double)answers[o] - greatest);
        for (int o = 0; o < outputs; o++)
            log_p[o] = (double)answers[o] - greatest - log(sum);
    }
}
