// Linear probe generators: the probing sequences are fixed as a non-interactive encoder's, but made by one generator that they share
// (generator.c); all answers together go through an MLP.
#include "encoders/probing_internal.h"
#include "nn/linear.h"

static void declare(struct encoder *e) {
    const struct encoder_config *c = &e->config;
    generator_declare(e);
    e->first[GENERATOR_OUTPUT] =
        mlp_params(&e->table, "output_transform", c->length * c->probes * e->arch.output, c->mlp_hidden, c->mlp_layers, c->z);
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    const struct encoder_config *c = &e->config;
    int K = c->length, M = c->probes, B = batch->count;
    struct tensor *inputs = generator_inputs(tape, e, w);
    struct tensor *answers = interrogation_sequence(tape, batch, inputs, M); // [K*B,M*O]
    probing_trace(tape, trace, inputs, answers, M, B);
    answers = probing_read(tape, e, answers);
    struct tensor *all = tape_reshape(tape, generator_exchange(tape, answers, K, B), B, K * M * e->arch.output);
    return mlp(tape, w, e->first[GENERATOR_OUTPUT], c->mlp_layers, all);
}

const struct encoder_type encoder_linear = {
    .name = "linear",
    .keys = "z hidden layers mlp_hidden mlp_layers length probes softmax fixed probabilities",
    .defaults = {.z = 16, .hidden = 128, .layers = 2, .mlp_hidden = 128, .mlp_layers = 1, .length = 22, .probes = 16, .softmax = 1},
    .zero_layers = true,
    .bound = PROBING_BOUND,
    .declare = declare,
    .embed = embed};
