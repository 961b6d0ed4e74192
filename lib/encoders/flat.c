// All weights as one vector through an MLP (paper, section 3.1). It has no notion of which weights belong to one unit; in training each
// batch sees its RNNs with their units in a random order of its own, the only way for this encoder to learn that the order means nothing;
// unless they are `ordered`, as those of one start are.
#include "encoders/encoder.h"
#include "encoders/standard.h"
#include "nn/linear.h"
#include "rnn/symmetry.h"

static void declare(struct encoder *e) {
    e->first[0] = mlp_params(&e->table, "mlp_model", (int)e->rnn_table.size, e->config.hidden, e->config.layers, e->config.z);
}

static struct tensor *features(struct tape *tape, const struct encoder *e, const struct rnn_batch *batch) {
    (void)e;
    return rnn_batch_tensor(tape, batch, NULL);
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)trace;
    int *index = NULL;
    if (rng && !e->config.ordered) {
        index = arena_alloc(&tape->arena, e->rnn_table.size * sizeof *index);
        symmetry_random_index(index, &e->arch, rng);
    }
    return mlp(tape, w, e->first[0], e->config.layers, standardised(tape, e, e->standard, rnn_batch_tensor(tape, batch, index)));
}

const struct encoder_type encoder_flat = {.name = "flat",
                                          .keys = "z hidden layers ordered standardised",
                                          .defaults = {.z = 16, .hidden = 128, .layers = 3},
                                          .bound = ARCH_ALL,
                                          .declare = declare,
                                          .features = features,
                                          .embed = embed};
