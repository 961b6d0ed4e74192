#include "rnn/stepper.h"

#include "base/memory.h"
#include "math/kernels.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 128 }; // strings at a time: their states stay in the near caches

struct stepper_weights {
    float *w_ih_t, *w_hh_t, *bias; // [I,4H] (NULL in the first layer), [H,4H], [4H]
    float *c, *h;                  // [BLOCK,H]
};

struct stepper {
    int symbols, hidden, layers, outputs;
    float *table;           // [symbols,4H]
    float *w_out_t, *b_out; // [H,O], [O]
    float *gates, *tanh_c;  // [BLOCK,4H], [BLOCK,H]
    float *logits, *log_p;  // [BLOCK,O]
    struct stepper_weights layer[RNN_MAX_LAYERS];
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

struct stepper *stepper_new(int symbols, int hidden, int layers, int outputs, const struct stepper_layer *layer, const float *token_table,
                            const float *w_out, const float *b_out) {
    size_t H = (size_t)hidden, G = 4 * H;
    struct stepper *s = memory_calloc(1, sizeof *s);
    *s = (struct stepper){.symbols = symbols, .hidden = hidden, .layers = layers, .outputs = outputs};
    s->table = copied(token_table, (size_t)symbols * G);
    s->w_out_t = transposed(w_out, outputs, hidden);
    s->b_out = copied(b_out, (size_t)outputs);
    s->gates = floats(BLOCK * G);
    s->tanh_c = floats(BLOCK * H);
    s->logits = floats(BLOCK * (size_t)outputs);
    s->log_p = floats(BLOCK * (size_t)outputs);
    for (int l = 0; l < layers; l++) {
        struct stepper_weights *w = &s->layer[l];
        w->w_hh_t = transposed(layer[l].w_hh, 4 * hidden, hidden);
        w->c = floats(BLOCK * H);
        w->h = floats(BLOCK * H);
        if (l) {
            w->w_ih_t = transposed(layer[l].w_ih, 4 * hidden, hidden);
            w->bias = copied(layer[l].b_ih, G);
            kernels()->axpy(w->bias, 1, layer[l].b_hh, G);
        }
    }
    return s;
}

struct stepper *stepper_of_rnn(const struct rnn_arch *arch, const struct params *table, const float *weights) {
    size_t G = 4 * (size_t)arch->hidden;
    const struct param *p = table->list;
    struct stepper_layer layer[RNN_MAX_LAYERS];
    assert(arch->cell == &cell_lstm);
    for (int l = 0; l < arch->layers; l++)
        layer[l] = (struct stepper_layer){weights + p[4 * l].offset, weights + p[4 * l + 1].offset, weights + p[4 * l + 2].offset,
                                          weights + p[4 * l + 3].offset};
    float *tokens = transposed(layer[0].w_ih, (int)G, arch->input);
    kernels()->add_rows(tokens, G, layer[0].b_ih, arch->input, (int)G);
    kernels()->add_rows(tokens, G, layer[0].b_hh, arch->input, (int)G);
    const struct param *out = p + 4 * arch->layers;
    struct stepper *s =
        stepper_new(arch->input, arch->hidden, arch->layers, arch->output, layer, tokens, weights + out[0].offset, weights + out[1].offset);
    free(tokens);
    return s;
}

void stepper_free(struct stepper *s) {
    if (!s)
        return;
    for (int l = 0; l < s->layers; l++) {
        free(s->layer[l].w_ih_t);
        free(s->layer[l].w_hh_t);
        free(s->layer[l].bias);
        free(s->layer[l].c);
        free(s->layer[l].h);
    }
    free(s->table);
    free(s->w_out_t);
    free(s->b_out);
    free(s->gates);
    free(s->tanh_c);
    free(s->logits);
    free(s->log_p);
    free(s);
}

// y [m,n] = bias [n] + x [m,k] w [k,n]. Never by BLIS, whose results depend on the number of rows.
static void affine(float *y, const float *x, const float *w, const float *bias, int m, size_t n, size_t k) {
    kernels()->gemm(y, n, bias, 0, x, k, 1, w, n, m, (int)n, (int)k);
}

// c [m,n] += a [m,k] b [k,n]
static void add_product(float *c, const float *a, const float *b, int m, size_t n, size_t k) {
    kernels()->gemm(c, n, c, n, a, k, 1, b, n, m, (int)n, (int)k);
}

// One time step of the first `count` strings; first: states are zero before. String i's row of `opening` (NULL: none) is where[i]. Leaves
// log-probabilities in s->log_p.
static void step(struct stepper *s, const uint8_t *tokens, int count, bool first, const float *opening, const int *where) {
    const struct kernels *k = kernels();
    size_t H = (size_t)s->hidden, G = 4 * H;
    for (int l = 0; l < s->layers; l++) {
        struct stepper_weights *w = &s->layer[l];
        if (l) {
            affine(s->gates, s->layer[l - 1].h, w->w_ih_t, w->bias, count, G, H);
        } else {
            for (int i = 0; i < count; i++) {
                memcpy(s->gates + (size_t)i * G, s->table + tokens[i] * G, G * sizeof(float));
                if (opening)
                    k->axpy(s->gates + (size_t)i * G, 1, opening + (size_t)where[i] * G, G);
            }
        }
        if (!first)
            add_product(s->gates, w->h, w->w_hh_t, count, G, H);
        k->lstm_forward(s->gates, G, w->c, s->tanh_c, w->h, first ? NULL : w->c, count, s->hidden);
    }
    size_t O = (size_t)s->outputs;
    affine(s->logits, s->layer[s->layers - 1].h, s->w_out_t, s->b_out, count, O, H);
    k->softmax(NULL, s->log_p, s->logits, count, s->outputs);
    k->exp(s->logits, s->log_p, (size_t)count * O); // probabilities, for drawing
}

static int draw(const float *p, int n, float u) {
    float sum = 0;
    for (int i = 0; i < n - 1; i++)
        if (u < (sum += p[i]))
            return i;
    return n - 1;
}

// Puts string `from` of the block in the place of string `to`.
static void move(struct stepper *s, int from, int to) {
    size_t H = (size_t)s->hidden;
    for (int l = 0; l < s->layers && from != to; l++) {
        memcpy(s->layer[l].h + (size_t)to * H, s->layer[l].h + (size_t)from * H, H * sizeof(float));
        memcpy(s->layer[l].c + (size_t)to * H, s->layer[l].c + (size_t)from * H, H * sizeof(float));
    }
}

static void sample_block(struct stepper *s, const struct token_rows *form, int count, struct stepper_opening opening, const float *u,
                         uint8_t *rows, float *log_p) {
    int T = form->length - 1, eos = form->eos, alive = count, where[BLOCK]; // where[i]: which row the i-th living string is
    uint8_t tokens[BLOCK];
    memset(rows, eos, (size_t)count * (size_t)form->length);
    for (int i = 0; i < count; i++) {
        where[i] = i;
        tokens[i] = rows[(size_t)i * (size_t)form->length] = (uint8_t)form->bos;
    }
    for (int t = 0; t < T && alive; t++) {
        step(s, tokens, alive, t == 0, t == 0 || opening.every ? opening.gates : NULL, where);
        for (int i = 0; i < alive; i++) {
            int row = where[i];
            size_t O = (size_t)s->outputs;
            int token = draw(s->logits + (size_t)i * O, s->outputs, u[row * T + t]);
            rows[(size_t)row * (size_t)form->length + (size_t)t + 1] = tokens[i] = (uint8_t)token;
            if (log_p)
                memcpy(log_p + ((size_t)row * (size_t)T + (size_t)t) * O, s->log_p + (size_t)i * O, O * sizeof(float));
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
    size_t T = (size_t)form->length - 1, O = (size_t)s->outputs, G = 4 * (size_t)s->hidden;
    float *u = floats(BLOCK * T);
    for (int first = 0; first < count; first += BLOCK) {
        int n = count - first < BLOCK ? count - first : BLOCK;
        for (size_t i = 0; i < (size_t)n * T; i++)
            u[i] = rng_float(rng);
        struct stepper_opening part = {opening.gates ? opening.gates + (size_t)first * G : NULL, opening.every};
        sample_block(s, form, n, part, u, rows + (size_t)first * (size_t)form->length, log_p ? log_p + (size_t)first * T * O : NULL);
    }
    free(u);
}
