#include "encoders/probing_internal.h"

#include "math/kernels.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void probing_declare(struct encoder *e) {
    const struct encoder_config *c = &e->config;
    struct params *t = &e->table;
    int H = c->hidden, L = c->layers;
    e->first[PROBING_BOS] = params_add(t, INIT_CONSTANT, 0, 2, (int[]){1, H}, "bos");
    e->first[PROBING_EOS] = params_add(t, INIT_CONSTANT, 0, 2, (int[]){1, H}, "eos");
    int h0 = params_add(t, INIT_CONSTANT, 0, 3, (int[]){L, 1, H}, "h0");
    int c0 = params_add(t, INIT_CONSTANT, 0, 3, (int[]){L, 1, H}, "c0");
    t->list[h0].unused = t->list[c0].unused = true;
    e->first[PROBING_ENCODINGS] = params_add(t, INIT_NORMAL, 1, 2, (int[]){c->length + 1, H}, "probing_encodings");
    e->first[PROBING_CELLS] = t->count;
    for (int l = 0; l < L; l++) {
        char prefix[PARAM_NAME_SIZE];
        snprintf(prefix, sizeof prefix, "rnn_cells.%d.cell.", l);
        recurrent_params(t, &cell_lstm, 1 / sqrtf((float)H), prefix, "", H, H);
    }
    e->first[PROBING_ANSWER] = linear_params(t, "probing_output_transform.0", e->arch.output * c->probes, H);
    e->first[PROBING_UP] = linear_params(t, "proj_up.0", H, c->mlp_hidden * c->probes);
    e->first[PROBING_DECODER] = mlp_params(t, "probing_input_decoder", c->mlp_hidden, c->mlp_hidden, c->mlp_layers, e->arch.input);
    e->first[PROBING_OUTPUT] = mlp_params(t, "output_transform", H, c->mlp_hidden, c->mlp_layers, c->z);
    if (c->gumbel)
        e->first[PROBING_GUMBEL] = params_add(t, INIT_GUMBEL, 1, 2, (int[]){c->length, c->probes * e->arch.input}, "gumbel");
    if (c->recall)
        e->first[PROBING_RECALL] = linear_params(t, "recall.0", c->length * c->probes * e->arch.output, H);
}

struct chosen {
    struct tensor *p, *y;
};

static void choose_backward(void *saved) {
    const struct chosen *c = saved;
    kernels()->axpy(c->p->grad, 1, c->y->grad, tensor_size(c->y));
}

// The likeliest token of each row p, as a one-hot vector; the gradient passes as if it were p (straight through, Bengio et al. 2013).
static struct tensor *choose(struct tape *tape, struct tensor *p) {
    struct tensor *y = tape_tensor(tape, p->rows, p->cols, p->grad);
    memset(y->value, 0, tensor_size(y) * sizeof *y->value);
    for (int r = 0; r < p->rows; r++) {
        const float *row = p->value + r * p->cols;
        int best = 0;
        for (int i = 1; i < p->cols; i++)
            best = row[i] > row[best] ? i : best;
        y->value[r * p->cols + best] = 1;
    }
    if (y->grad) {
        struct chosen *c = arena_alloc(&tape->arena, sizeof *c);
        *c = (struct chosen){p, y};
        tape_record(tape, choose_backward, c);
    }
    return y;
}

struct tensor *probing_bounded(struct tape *tape, const struct encoder_config *config, struct tensor *x) {
    if (config->softmax) {
        struct tensor *p = activation(tape, ACTIVATION_SOFTMAX, x);
        return config->one_hot ? choose(tape, p) : p;
    }
    x = activation(tape, ACTIVATION_SIGMOID, x);
    return config->range[0] < config->range[1] ? stretch(tape, x, (float)config->range[0], (float)config->range[1]) : x;
}

struct tensor *probing_inputs(struct tape *tape, const struct encoder *e, const struct weights *w, struct tensor *encodings,
                              struct tensor *echo) {
    const struct encoder_config *c = &e->config;
    struct tensor *u = activation(tape, ACTIVATION_RELU, linear_at(tape, w, e->first[PROBING_UP], encodings));
    u = tape_reshape(tape, u, u->rows * c->probes, c->mlp_hidden);
    u = mlp(tape, w, e->first[PROBING_DECODER], c->mlp_layers, u);
    return probing_bounded(tape, c, echo ? add(tape, u, echo) : u);
}

struct tensor *probing_read(struct tape *tape, const struct encoder *e, struct tensor *answers) {
    if (!e->config.probabilities)
        return answers;
    int rows = answers->rows, cols = answers->cols, M = e->config.probes;
    struct tensor *p = activation(tape, ACTIVATION_SOFTMAX, tape_reshape(tape, answers, rows * M, cols / M));
    return tape_reshape(tape, p, rows, cols);
}

struct tensor *probing_answer(struct tape *tape, const struct encoder *e, const struct weights *w, struct tensor *answers) {
    return activation(tape, ACTIVATION_SIGMOID, linear_at(tape, w, e->first[PROBING_ANSWER], probing_read(tape, e, answers)));
}

struct tensor *probing_output(struct tape *tape, const struct encoder *e, const struct weights *w, struct tensor *y,
                              struct tensor *answers) {
    const struct encoder_config *c = &e->config;
    if (c->recall) {
        struct tensor *all = generator_exchange(tape, probing_read(tape, e, answers), c->length, y->rows);
        all = tape_reshape(tape, all, y->rows, c->length * c->probes * e->arch.output);
        y = add(tape, y, linear_at(tape, w, e->first[PROBING_RECALL], all));
    }
    return mlp(tape, w, e->first[PROBING_OUTPUT], e->config.mlp_layers, y);
}

void probing_trace(struct tape *tape, struct encoder_trace *trace, struct tensor *inputs, struct tensor *answers, int probes, int batch) {
    for (int t = 0; trace && t < inputs->rows / probes; t++) {
        struct tensor *one = tape_rows(tape, inputs, t * probes, probes);
        struct tensor **copies = arena_alloc(&tape->arena, (size_t)batch * sizeof *copies);
        for (int b = 0; b < batch; b++)
            copies[b] = one;
        trace->inputs[t] = concat_rows(tape, copies, batch);
        trace->answers[t] = tape_reshape(tape, tape_rows(tape, answers, t * batch, batch), batch * probes, answers->cols / probes);
    }
}
