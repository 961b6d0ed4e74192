// The emulator (paper, section 3.1): an LSTM that sees only the embedding z of an RNN, and the inputs, and imitates the RNN's outputs.
//     x_t = W_in u_t + b_in  (+ W_z z + b_z, at the first step or at every step);  logits_t = W_out LSTM(x)_t + b_out
#ifndef TRAINING_EMULATOR_H
#define TRAINING_EMULATOR_H

#include "nn/weights.h"
#include "records/model.h"
#include "rnn/stepper.h"

enum emulator_condition { CONDITION_BOS, CONDITION_EVERY };

struct emulator_config {
    int z, hidden, layers, condition;
    int forget_bias; // of fresh forget gates; 0: drawn, as all of it
};
extern const struct emulator_config emulator_paper_config; // 16, 256, 2, bos

struct emulator {
    struct emulator_config config;
    struct rnn_arch arch; // of the RNNs that it imitates; only input and output matter
    struct params table;  // embedding_projection, input_projection, lstm, output_projection (weight, bias each)
    float *values;
    uint64_t seed, step;
    double variance; // of the answers that it imitates, where they are numbers: the unit of its loss; 0: not known yet
};

struct emulator *emulator_new(const struct emulator_config *config, const struct rnn_arch *arch,
                              uint64_t seed); // initialised from (seed, "emulator")
void emulator_free(struct emulator *e);
enum status emulator_read(const struct model_record *record, struct emulator **out, struct error *error) MUST_CHECK;

// Can the emulator imitate RNNs of this architecture? STATUS_DATA with all that differs otherwise.
enum status emulator_fits(const struct emulator *e, const struct rnn_arch *arch, struct error *error) MUST_CHECK;
void emulator_pack(struct packer *p, const struct emulator *e); // the whole record
// Output o becomes shift[o] + scale times what it was.
void emulator_rescale(struct emulator *e, const double *shift, double scale);

// Logits [T*B,O], time-major, from z [B,Z] and tokens [T*B] (one-hot inputs) or, with tokens NULL, dense inputs [T*B,I].
struct tensor *emulator_forward(struct tape *tape, const struct emulator *e, const struct weights *w, struct tensor *z,
                                const uint8_t *tokens, struct tensor *inputs, int steps);

// For generating strings: the emulator as a stepper, and the opening gates [B,4H] of embeddings z [B,Z] (allocated, free() it), to be added
// at the first or at every step, as its condition says.
struct stepper *emulator_stepper(const struct emulator *e);
float *emulator_opening(const struct emulator *e, const float *z, int count);

#endif
