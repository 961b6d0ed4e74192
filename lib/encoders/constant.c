// A baseline that looks at nothing: one learned vector for all RNNs. An emulator that gets it can learn only what all RNNs have in common.
#include "encoders/encoder.h"
#include "nn/activation.h"

static void declare(struct encoder *e) {
    e->first[0] = params_add(&e->table, INIT_NORMAL, 1, 1, (int[]){e->config.z}, "z");
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    (void)trace;
    return repeat_row(tape, weights_leaf(tape, w, e->first[0]), batch->count);
}

const struct encoder_type encoder_constant = {.name = "constant", .keys = "z", .defaults = {.z = 16}, .declare = declare, .embed = embed};
