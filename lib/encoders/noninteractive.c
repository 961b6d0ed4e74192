// Non-interactive probing (paper, section 3.2): fixed learned probing sequences, the same for every RNN. All of them are known in advance,
// so the probes are decoded once for the whole batch, the RNNs run over all steps in one call, and so does the core.
#include "encoders/probing_internal.h"
#include "nn/activation.h"
#include "nn/recurrent.h"

static struct tensor *embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace) {
    (void)rng;
    int K = e->config.length, M = e->config.probes, B = batch->count;
    struct tensor *encodings = tape_rows(tape, weights_leaf(tape, w, e->first[PROBING_ENCODINGS]), 0, K); // the last row is never used
    struct tensor *inputs = probing_inputs(tape, e, w, encodings, NULL);                                  // [K*M,I]
    struct tensor *answers = interrogation_sequence(tape, batch, inputs, M);                              // [K*B,M*O]
    probing_trace(tape, trace, inputs, answers, M, B);
    struct tensor *sequence[] = {
        repeat_row(tape, weights_leaf(tape, w, e->first[PROBING_BOS]), B),
        probing_answer(tape, e, w, answers),
        repeat_row(tape, weights_leaf(tape, w, e->first[PROBING_EOS]), B),
    };
    struct tensor *x = concat_rows(tape, sequence, 3);
    for (int l = 0; l < e->config.layers; l++) {
        struct tensor *h = recurrent_sequence(tape, &cell_lstm, w, e->first[PROBING_CELLS] + RNN_PARTS * l, x, K + 2);
        x = e->config.residual ? add(tape, h, x) : h;
    }
    return probing_output(tape, e, w, tape_rows(tape, x, (K + 1) * B, B), answers);
}

const struct encoder_type encoder_noninteractive = {.name = "noninteractive",
                                                    .keys = PROBING_KEYS,
                                                    .defaults = PROBING_DEFAULTS,
                                                    .bound = PROBING_BOUND,
                                                    .core = PROBING_CELLS,
                                                    .declare = probing_declare,
                                                    .embed = embed};
