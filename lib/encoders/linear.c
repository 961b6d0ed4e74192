// Linear probe generators (ProbeGen; Kahana et al., ICLR 2025): the probing sequences are fixed as a non-interactive encoder's, but made by
// one generator that they share. Each has a code, and a chain of linear maps with no activation between them turns it into a whole
// sequence: depth adds no power, but a bias towards sequences of a low rank. Without maps the codes are the sequences (free probes).
#include "encoders/probing_internal.h"
#include "nn/activation.h"
#include "nn/linear.h"

#include <math.h>
#include <string.h>

enum { CODE = 32 };
enum { GROUP_CODES, GROUP_MAPS, GROUP_OUTPUT };

// Codes are N(0,1), and each map keeps the variance: untrained probes are alike for any number of maps.
static void declare(struct encoder *e) {
    const struct encoder_config *c = &e->config;
    struct params *t = &e->table;
    int sequence = c->length * e->arch.input;
    e->first[GROUP_CODES] = params_add(t, INIT_NORMAL, 1, 2, (int[]){c->probes, c->layers ? CODE : sequence}, "codes");
    e->first[GROUP_MAPS] = t->count;
    for (int l = 0; l < c->layers; l++) {
        int in = l ? c->hidden : CODE, out = l < c->layers - 1 ? c->hidden : sequence;
        params_add(t, INIT_NORMAL, 1 / sqrtf((float)in), 2, (int[]){out, in}, "generator.%d.weight", l);
        params_add(t, INIT_CONSTANT, 0, 1, (int[]){out}, "generator.%d.bias", l);
    }
    for (int i = 0; i < t->count; i++)
        t->list[i].frozen = c->fixed;
    e->first[GROUP_OUTPUT] = mlp_params(t, "output_transform", c->length * c->probes * e->arch.output, c->mlp_hidden, c->mlp_layers, c->z);
}

struct exchange_saved {
    struct tensor *x, *y;
    int outer, inner;
};

static void exchange_backward(void *saved) {
    const struct exchange_saved *s = saved;
    size_t cols = (size_t)s->x->cols;
    for (int r = 0; r < s->x->rows; r++) {
        const float *dy = s->y->grad + (size_t)(r % s->inner * s->outer + r / s->inner) * cols;
        for (size_t c = 0; c < cols; c++)
            s->x->grad[(size_t)r * cols + c] += dy[c];
    }
}

// Row o * inner + i of x becomes row i * outer + o.
static struct tensor *exchange(struct tape *tape, struct tensor *x, int outer, int inner) {
    struct tensor *y = tape_tensor(tape, x->rows, x->cols, x->grad != NULL);
    size_t cols = (size_t)x->cols;
    for (int r = 0; r < x->rows; r++)
        memcpy(y->value + (size_t)(r % inner * outer + r / inner) * cols, x->value + (size_t)r * cols, cols * sizeof(float));
    if (y->grad) {
        struct exchange_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct exchange_saved){x, y, outer, inner};
        tape_record(tape, exchange_backward, s);
    }
    return y;
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    const struct encoder_config *c = &e->config;
    int K = c->length, M = c->probes, B = batch->count;
    struct tensor *x = weights_leaf(tape, w, e->first[GROUP_CODES]);
    for (int l = 0; l < c->layers; l++)
        x = linear_at(tape, w, e->first[GROUP_MAPS] + 2 * l, x);
    x = exchange(tape, tape_reshape(tape, x, M * K, e->arch.input), M, K);
    struct tensor *inputs = probing_bounded(tape, c, x);
    struct tensor *answers = interrogation_sequence(tape, batch, inputs, M); // [K*B,M*O]
    probing_trace(tape, trace, inputs, answers, M, B);
    answers = probing_read(tape, e, answers);
    struct tensor *all = tape_reshape(tape, exchange(tape, answers, K, B), B, K * M * e->arch.output);
    return mlp(tape, w, e->first[GROUP_OUTPUT], c->mlp_layers, all);
}

const struct encoder_type encoder_linear = {
    .name = "linear",
    .keys = "z hidden layers mlp_hidden mlp_layers length probes softmax fixed probabilities",
    .defaults = {.z = 16, .hidden = 128, .layers = 2, .mlp_hidden = 128, .mlp_layers = 1, .length = 22, .probes = 16, .softmax = 1},
    .zero_layers = true,
    .bound = PROBING_BOUND,
    .declare = declare,
    .embed = embed};
