// What interactive and non-interactive probing share: one table of parameters (the reference's names and order), the core, the decoder of
// probes.
#ifndef ENCODERS_PROBING_INTERNAL_H
#define ENCODERS_PROBING_INTERNAL_H

#include "encoders/encoder.h"

enum probing_group {
    PROBING_BOS,
    PROBING_EOS,
    PROBING_ENCODINGS,
    PROBING_CELLS,
    PROBING_ANSWER,
    PROBING_UP,
    PROBING_DECODER,
    PROBING_OUTPUT,
    PROBING_RECALL, // of encoders that have it
    PROBING_GUMBEL  // likewise
};

#define PROBING_KEYS "z hidden layers mlp_hidden mlp_layers length probes residual softmax probabilities recall forget_bias"
#define PROBING_DEFAULTS                                                                                                                   \
    { .z = 16, .hidden = 256, .layers = 2, .mlp_hidden = 128, .mlp_layers = 1, .length = 22, .probes = 1, .residual = 1, .softmax = 1 }

enum { PROBING_BOUND = ARCH_INPUT | ARCH_OUTPUT | ARCH_READS };

void probing_declare(struct encoder *e);

// Inputs from any numbers of the same shape: by softmax of each row, or by the sigmoid, stretched to the config's range.
struct tensor *probing_bounded(struct tape *tape, const struct encoder_config *config, struct tensor *x);

// Probing inputs [R*M,I] from R encodings [R,H]: linear + ReLU to M pieces, a shared MLP, plus echo [R*M,I] where it is not NULL, then
// probing_bounded.
struct tensor *probing_inputs(struct tape *tape, const struct encoder *e, const struct weights *w, struct tensor *encodings,
                              struct tensor *echo);

// What is read of answers [R,M*O]: the logits as they are, or the probabilities of each sequence's.
struct tensor *probing_read(struct tape *tape, const struct encoder *e, struct tensor *answers);

// The core's next inputs [R,H] from answers [R, M*O].
struct tensor *probing_answer(struct tape *tape, const struct encoder *e, const struct weights *w, struct tensor *answers);

// z [B,Z] from the core's last output [B,H], to which a linear map of all answers [K*B,M*O] is added if the encoder recalls them.
struct tensor *probing_output(struct tape *tape, const struct encoder *e, const struct weights *w, struct tensor *y,
                              struct tensor *answers);

// Fills the trace (may be NULL) of probes common to all RNNs: inputs [K*M,I], answers [K*B,M*O].
void probing_trace(struct tape *tape, struct encoder_trace *trace, struct tensor *inputs, struct tensor *answers, int probes, int batch);

// --- Of encoders whose sequences come from a generator (generator.c) ---

enum generator_group { GENERATOR_CODES, GENERATOR_MAPS, GENERATOR_UNITS, GENERATOR_OUTPUT };

void generator_declare(struct encoder *e);
// The probing inputs [K*M,I], row k * M + m, in bounds.
struct tensor *generator_inputs(struct tape *tape, const struct encoder *e, const struct weights *w);
// Row o * inner + i of x becomes row i * outer + o.
struct tensor *generator_exchange(struct tape *tape, struct tensor *x, int outer, int inner);

#endif
