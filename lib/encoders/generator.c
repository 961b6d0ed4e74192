// The probe generator of encoders that ask all RNNs the same sequences (ProbeGen; Kahana et al., ICLR 2025). Each sequence has a code, and
// a chain of linear maps with no activation between them turns it into a whole sequence: depth adds no power, but a bias towards sequences
// of a low rank. Without maps the codes are the sequences (free probes).
#include "encoders/probing_internal.h"
#include "nn/linear.h"

#include <math.h>
#include <string.h>

enum { CODE = 32 };

// Codes are N(0,1), and each map keeps the variance: untrained probes are alike for any number of maps.
void generator_declare(struct encoder *e) {
    const struct encoder_config *c = &e->config;
    struct params *t = &e->table;
    int sequence = c->length * e->arch.input;
    e->first[GENERATOR_CODES] = params_add(t, INIT_NORMAL, 1, 2, (int[]){c->probes, c->layers ? CODE : sequence}, "codes");
    e->first[GENERATOR_MAPS] = t->count;
    for (int l = 0; l < c->layers; l++) {
        int in = l ? c->hidden : CODE, out = l < c->layers - 1 ? c->hidden : sequence;
        params_add(t, INIT_NORMAL, 1 / sqrtf((float)in), 2, (int[]){out, in}, "generator.%d.weight", l);
        params_add(t, INIT_CONSTANT, 0, 1, (int[]){out}, "generator.%d.bias", l);
    }
    for (int i = 0; i < t->count; i++)
        t->list[i].frozen = c->fixed;
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

struct tensor *generator_exchange(struct tape *tape, struct tensor *x, int outer, int inner) {
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

struct tensor *generator_inputs(struct tape *tape, const struct encoder *e, const struct weights *w) {
    const struct encoder_config *c = &e->config;
    struct tensor *x = weights_leaf(tape, w, e->first[GENERATOR_CODES]);
    for (int l = 0; l < c->layers; l++)
        x = linear_at(tape, w, e->first[GENERATOR_MAPS] + 2 * l, x);
    x = generator_exchange(tape, tape_reshape(tape, x, c->probes * c->length, e->arch.input), c->probes, c->length);
    return probing_bounded(tape, c, x);
}
