#include "rnn/stepper.h"

#include "base/memory.h"
#include "math/kernels.h"
#include "rnn/layer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct stepper_states {
    float *memory; // of the layer's weights
    struct layer layer;
    float *h, *c;   // [capacity,H]; c is NULL where the cell has none
    float *h2, *c2; // the same, for stepper_select
    float *gates;   // [capacity,(G+A)H], or NULL
};

struct stepper {
    struct rnn_arch arch;
    int capacity, block, count;
    bool fresh;             // all states are zero
    float *table;           // [I,GH]
    float *w_out_t, *b_out; // [H,O], [O]
    float *gates, *saved;   // [block,(G+A)H], [block,saved*H]
    float *logits;          // [capacity,O]
    struct stepper_states of[RNN_MAX_LAYERS];
};

// What the first layer of a step takes: tokens or numbers, and rows of an opening (NULL: none), where[i] the one of string i.
struct step_input {
    const uint8_t *tokens;
    const float *numbers, *opening;
    const int *where;
};

static float *transposed(const float *in, int rows, int cols) {
    float *out = memory_alloc((size_t)rows * (size_t)cols * sizeof(float));
    kernels()->transpose(out, (size_t)rows, in, (size_t)cols, rows, cols);
    return out;
}

static float *floats(size_t n) {
    return memory_calloc(n, sizeof(float));
}

static float *copied(const float *in, size_t n) {
    return memcpy(floats(n), in, n * sizeof(float));
}

static void states_new(struct stepper *s, int l, int input, const float *const weights[RNN_PARTS]) {
    struct stepper_states *y = &s->of[l];
    size_t units = (size_t)s->capacity * (size_t)s->arch.hidden;
    y->memory = floats(layer_size(s->arch.cell, input, s->arch.hidden));
    y->layer = layer_make(s->arch.cell, input, s->arch.hidden, weights, y->memory);
    y->h = floats(units);
    y->c = s->arch.cell->states > 1 ? floats(units) : NULL;
}

static struct stepper *stepper_new(const struct rnn_arch *arch, const float *w_out, const float *b_out, int capacity) {
    const struct cell *cell = arch->cell;
    struct stepper *s = memory_calloc(1, sizeof *s);
    *s = (struct stepper){.arch = *arch, .capacity = capacity, .block = capacity < STEPPER_BLOCK ? capacity : STEPPER_BLOCK};
    s->w_out_t = transposed(w_out, arch->output, arch->hidden);
    s->b_out = copied(b_out, (size_t)arch->output);
    s->gates = floats((size_t)s->block * cell_width(cell, arch->hidden));
    s->saved = floats((size_t)(s->block * cell->saved) * (size_t)arch->hidden);
    s->logits = floats((size_t)capacity * (size_t)arch->output);
    return s;
}

struct stepper *stepper_of_layers(const struct rnn_arch *arch, const float *const layer[][RNN_PARTS], const float *tokens,
                                  const float *w_out, const float *b_out, int capacity) {
    struct stepper *s = stepper_new(arch, w_out, b_out, capacity);
    const float *first[RNN_PARTS] = {NULL, layer[0][W_HH], layer[0][B_HH], layer[0][B_HH]};
    states_new(s, 0, 0, first);
    for (int l = 1; l < arch->layers; l++)
        states_new(s, l, arch->hidden, layer[l]);
    s->table = copied(tokens, (size_t)arch->input * cell_inputs(arch->cell, arch->hidden));
    return s;
}

struct stepper *stepper_of_rnn(const struct rnn_arch *arch, const struct params *table, const float *weights, int capacity) {
    const struct param *list = table->list;
    int readout = rnn_readout(arch);
    int apart = arch->cell->apart * arch->hidden;
    size_t G = cell_inputs(arch->cell, arch->hidden);
    struct stepper *s = stepper_new(arch, weights + list[readout].offset, weights + list[readout + 1].offset, capacity);
    for (int l = 0; l < arch->layers; l++) {
        const float *layer[RNN_PARTS];
        for (int part = 0; part < RNN_PARTS; part++)
            layer[part] = weights + list[rnn_param(arch, l, (enum rnn_part)part)].offset;
        states_new(s, l, l ? arch->hidden : arch->input, layer);
    }
    s->table = copied(s->of[0].layer.w_ih_t, (size_t)arch->input * G);
    kernels()->add_rows(s->table, G, weights + list[rnn_param(arch, 0, B_IH)].offset, arch->input, (int)G);
    kernels()->add_rows(s->table, G, weights + list[rnn_param(arch, 0, B_HH)].offset, arch->input, (int)G - apart);
    return s;
}

void stepper_free(struct stepper *s) {
    if (!s)
        return;
    for (int l = 0; l < s->arch.layers; l++) {
        float *all[] = {s->of[l].memory, s->of[l].h, s->of[l].c, s->of[l].h2, s->of[l].c2, s->of[l].gates};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            free(all[i]);
    }
    float *all[] = {s->table, s->w_out_t, s->b_out, s->gates, s->saved, s->logits};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(s);
}

// --- Steps ---

// Row `row` of states that may not be there.
static float *row_of(float *states, int row, int width) {
    return states ? states + (size_t)row * (size_t)width : NULL;
}

// The first layer's pre-activations of strings first .. first + n - 1.
static void first_layer(const struct stepper *s, const struct step_input *in, int first, int n, float *gates) {
    size_t G = cell_inputs(s->arch.cell, s->arch.hidden), width = cell_width(s->arch.cell, s->arch.hidden);
    if (in->numbers)
        layer_inputs(&s->of[0].layer, gates, in->numbers + (size_t)first * (size_t)s->arch.input, n);
    for (int i = 0; i < n; i++, gates += width) {
        if (in->tokens)
            memcpy(gates, s->table + in->tokens[first + i] * G, G * sizeof(float));
        if (in->opening)
            kernels()->axpy(gates, 1, in->opening + (size_t)in->where[first + i] * G, G);
    }
}

static void step_block(struct stepper *s, const struct step_input *in, int first, int n) {
    int H = s->arch.hidden, O = s->arch.output;
    const float *below = NULL;
    for (int l = 0; l < s->arch.layers; l++) {
        struct stepper_states *y = &s->of[l];
        float *gates = y->gates ? row_of(y->gates, first, (int)cell_width(s->arch.cell, H)) : s->gates;
        float *h = row_of(y->h, first, H), *c = row_of(y->c, first, H), *h_before = s->fresh ? NULL : h;
        if (l)
            layer_inputs(&y->layer, gates, below, n);
        else
            first_layer(s, in, first, n, gates);
        layer_recurrence(&y->layer, gates, h_before, n);
        s->arch.cell->forward(&(struct cell_step){.rows = n,
                                                  .hidden = H,
                                                  .gates = gates,
                                                  .h = h,
                                                  .c = c,
                                                  .h_before = h_before,
                                                  .c_before = s->fresh ? NULL : c,
                                                  .saved = s->saved});
        below = h;
    }
    kernels()->gemm(row_of(s->logits, first, O), (size_t)O, s->b_out, 0, below, (size_t)H, 1, s->w_out_t, (size_t)O, n, O, H);
}

static void step(struct stepper *s, const struct step_input *in) {
    for (int first = 0; first < s->count; first += s->block)
        step_block(s, in, first, s->count - first < s->block ? s->count - first : s->block);
    s->fresh = false;
}

void stepper_start(struct stepper *s, int count) {
    assert(count <= s->capacity);
    s->count = count;
    s->fresh = true;
}

void stepper_tokens(struct stepper *s, const uint8_t *tokens) {
    step(s, &(struct step_input){.tokens = tokens});
}

void stepper_numbers(struct stepper *s, const float *numbers) {
    assert(s->of[0].layer.input == s->arch.input);
    step(s, &(struct step_input){.numbers = numbers});
}

const float *stepper_logits(const struct stepper *s) {
    return s->logits;
}

// --- States ---

// Zero states are there only by not being used, before somebody wants to see them.
static void settle(struct stepper *s) {
    size_t bytes = (size_t)s->count * (size_t)s->arch.hidden * sizeof(float);
    for (int l = 0; l < s->arch.layers && s->fresh; l++) {
        memset(s->of[l].h, 0, bytes);
        if (s->of[l].c)
            memset(s->of[l].c, 0, bytes);
    }
    s->fresh = false;
}

float *stepper_h(struct stepper *s, int layer) {
    settle(s);
    return s->of[layer].h;
}

float *stepper_c(struct stepper *s, int layer) {
    settle(s);
    return s->of[layer].c;
}

void stepper_keep_gates(struct stepper *s) {
    for (int l = 0; l < s->arch.layers; l++)
        if (!s->of[l].gates)
            s->of[l].gates = floats((size_t)s->capacity * cell_width(s->arch.cell, s->arch.hidden));
}

const float *stepper_gates(const struct stepper *s, int layer) {
    return s->of[layer].gates;
}

static void select_rows(float **states, float **other, const int *from, int count, const struct stepper *s) {
    size_t H = (size_t)s->arch.hidden;
    if (!*states)
        return;
    if (!*other)
        *other = floats((size_t)s->capacity * H);
    for (int i = 0; i < count; i++)
        memcpy(*other + (size_t)i * H, *states + (size_t)from[i] * H, H * sizeof(float));
    float *selected = *other;
    *other = *states;
    *states = selected;
}

void stepper_select(struct stepper *s, const int *from, int count) {
    assert(count <= s->capacity);
    for (int l = 0; l < s->arch.layers && !s->fresh; l++) {
        select_rows(&s->of[l].h, &s->of[l].h2, from, count, s);
        select_rows(&s->of[l].c, &s->of[l].c2, from, count, s);
    }
    s->count = count;
}

// --- Sampling ---

static int draw(const float *p, int n, float u) {
    float sum = 0;
    for (int i = 0; i < n - 1; i++)
        if (u < (sum += p[i]))
            return i;
    return n - 1;
}

// Puts string `from` in the place of string `to`.
static void move(struct stepper *s, int from, int to) {
    size_t H = (size_t)s->arch.hidden;
    for (int l = 0; l < s->arch.layers && from != to; l++) {
        struct stepper_states *y = &s->of[l];
        memcpy(y->h + (size_t)to * H, y->h + (size_t)from * H, H * sizeof(float));
        if (y->c)
            memcpy(y->c + (size_t)to * H, y->c + (size_t)from * H, H * sizeof(float));
    }
}

// Rows being sampled: u [count,T] random numbers, probabilities and log-probabilities of a step [count,O].
struct sampling {
    const struct token_rows *form;
    struct stepper_opening opening;
    float *u, *p, *log_p;
};

static void sample_block(struct stepper *s, const struct sampling *q, int count, uint8_t *rows, float *log_p) {
    int length = q->form->length, T = length - 1, eos = q->form->eos, alive = count,
        where[STEPPER_BLOCK]; // where[i]: which row the i-th living is
    size_t O = (size_t)s->arch.output;
    uint8_t tokens[STEPPER_BLOCK];
    memset(rows, eos, (size_t)count * (size_t)length);
    for (int i = 0; i < count; i++) {
        where[i] = i;
        tokens[i] = rows[(size_t)i * (size_t)length] = (uint8_t)q->form->bos;
    }
    stepper_start(s, count);
    for (int t = 0; t < T && alive; t++) {
        s->count = alive;
        step(s, &(struct step_input){.tokens = tokens, .opening = t == 0 || q->opening.every ? q->opening.gates : NULL, .where = where});
        kernels()->softmax(NULL, q->log_p, s->logits, alive, (int)O);
        kernels()->exp(q->p, q->log_p, (size_t)alive * O);
        for (int i = 0; i < alive; i++) {
            int row = where[i];
            tokens[i] = (uint8_t)draw(q->p + (size_t)i * O, (int)O, q->u[row * T + t]);
            rows[(size_t)row * (size_t)length + (size_t)t + 1] = tokens[i];
            if (log_p)
                memcpy(log_p + ((size_t)row * (size_t)T + (size_t)t) * O, q->log_p + (size_t)i * O, O * sizeof(float));
        }
        for (int i = alive - 1; i >= 0 && !log_p; i--)
            if (tokens[i] == eos) { // finished: the last living string takes its place
                move(s, --alive, i);
                tokens[i] = tokens[alive];
                where[i] = where[alive];
            }
    }
}

void stepper_sample(struct stepper *s, const struct token_rows *form, int count, struct stepper_opening opening, struct rng *rng,
                    uint8_t *rows, float *log_p) {
    size_t T = (size_t)form->length - 1, O = (size_t)s->arch.output, G = cell_inputs(s->arch.cell, s->arch.hidden),
           block = (size_t)s->block;
    struct sampling q = {.form = form, .u = floats(block * T), .p = floats(block * O), .log_p = floats(block * O)};
    for (int first = 0; first < count; first += s->block) {
        int n = count - first < s->block ? count - first : s->block;
        for (size_t i = 0; i < (size_t)n * T; i++)
            q.u[i] = rng_float(rng);
        q.opening = (struct stepper_opening){opening.gates ? opening.gates + (size_t)first * G : NULL, opening.every};
        sample_block(s, &q, n, rows + (size_t)first * (size_t)form->length, log_p ? log_p + (size_t)first * T * O : NULL);
    }
    free(q.u);
    free(q.p);
    free(q.log_p);
}
