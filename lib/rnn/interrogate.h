// Running many RNNs at once, each with its own weights, on inputs that may depend on their earlier answers (paper, section 3: the
// functionalist approach). The RNNs' weights are constants of the encoder's training; gradients flow through them into the inputs. Letters:
// B RNNs, M parallel probing sequences each, I inputs, O outputs.
#ifndef RNN_INTERROGATE_H
#define RNN_INTERROGATE_H

#include "rnn/batch.h"

// Step by step, states carried over: answers (raw logits) [B*M,O] to inputs [B*M,I]; rows in the order b * M + m. At most max_steps steps.
struct interrogation;
struct interrogation *interrogation_begin(struct tape *tape, const struct rnn_batch *batch, int probes, int max_steps);
struct tensor *interrogation_step(struct interrogation *it, struct tensor *inputs);

// All steps in one operation, for inputs known in advance and common to all RNNs: answers [K*B, M*O], time-major, to inputs [K*M,I] (row k
// * M + m).
struct tensor *interrogation_sequence(struct tape *tape, const struct rnn_batch *batch, struct tensor *inputs, int probes);

// The same, and states[b * L + l] becomes h of layer l of RNN b at all steps, [K*M,H], for RNNs of L layers each, of any widths. Weights
// must be known: there is no oracle.
struct tensor *interrogation_states(struct tape *tape, const struct rnn_batch *batch, struct tensor *inputs, int probes,
                                    struct tensor **states);

#endif
