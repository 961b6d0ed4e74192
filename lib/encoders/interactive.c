// Interactive probing (paper, section 3.2): the next probing input depends on the answers so far.
#include "encoders/probing_internal.h"
#include "nn/activation.h"
#include "nn/recurrent.h"

// One step of the stacked core: every layer's output is its h, plus its input when residual.
static struct tensor *core_step(struct tape *tape, const struct encoder *e, struct recurrent **core, struct tensor *x) {
    for (int l = 0; l < e->config.layers; l++) {
        struct tensor *h = recurrent_step(core[l], x);
        x = e->config.residual ? add(tape, h, x) : h;
    }
    return x;
}

// What the RNNs have answered [B*M,I] and, beside it, the noise of step t: softmax of the sum draws a token (Gumbel-softmax).
static struct tensor *echo(struct tape *tape, const struct encoder *e, const struct weights *w, struct tensor *answers, int t, int batch) {
    const struct encoder_config *c = &e->config;
    if (!c->gumbel)
        return answers;
    struct tensor *noise = tape_rows(tape, weights_leaf(tape, w, e->first[PROBING_GUMBEL]), t, 1);
    noise = tape_reshape(tape, repeat_row(tape, noise, batch), batch * c->probes, e->arch.input);
    return add(tape, answers, noise);
}

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    int K = e->config.length, M = e->config.probes, B = batch->count;
    struct recurrent *core[RNN_MAX_LAYERS];
    for (int l = 0; l < e->config.layers; l++)
        core[l] = recurrent_begin(tape, &cell_lstm, w, e->first[PROBING_CELLS] + RNN_PARTS * l, K + 2, B);
    struct interrogation *it = interrogation_begin(tape, batch, M, K);

    struct tensor *answers = NULL, **all = arena_alloc(&tape->arena, (size_t)K * sizeof *all);
    struct tensor *x = repeat_row(tape, weights_leaf(tape, w, e->first[PROBING_BOS]), B);
    for (int t = 0; t < K; t++) {
        struct tensor *y = core_step(tape, e, core, x);
        struct tensor *inputs = probing_inputs(tape, e, w, y, e->config.echo && t ? echo(tape, e, w, answers, t, B) : NULL);
        answers = interrogation_step(it, inputs);
        if (trace) {
            trace->inputs[t] = inputs;
            trace->answers[t] = answers;
        }
        all[t] = tape_reshape(tape, answers, B, M * e->arch.output);
        x = probing_answer(tape, e, w, all[t]);
    }
    core_step(tape, e, core, x); // the last answers
    struct tensor *y = core_step(tape, e, core, repeat_row(tape, weights_leaf(tape, w, e->first[PROBING_EOS]), B));
    return probing_output(tape, e, w, y, e->config.recall ? concat_rows(tape, all, K) : NULL);
}

const struct encoder_type encoder_interactive = {.name = "interactive",
                                                 .keys = PROBING_KEYS " echo gumbel",
                                                 .defaults = PROBING_DEFAULTS,
                                                 .bound = PROBING_BOUND,
                                                 .core = PROBING_CELLS,
                                                 .declare = probing_declare,
                                                 .embed = embed};
