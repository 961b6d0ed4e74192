// Losses. All are means, as a tensor [1,1] whose grad the caller seeds with 1 (or with a lane's share of the batch).
#ifndef NN_LOSS_H
#define NN_LOSS_H

#include "grad/tape.h"

#include <stdint.h>

// Cross-entropy of softmax(logits [R,C]) with class labels [R], mean over rows, natural logarithm. A label of LOSS_IGNORE leaves its row
// out.
enum { LOSS_IGNORE = 255 };
struct tensor *cross_entropy(struct tape *tape, struct tensor *logits, const uint8_t *labels);

// Squared error of x [R,C] against targets [R,C], mean over all entries.
struct tensor *squared_error(struct tape *tape, struct tensor *x, const float *targets);
// The same divided by a variance: the share of it that x leaves unexplained, 1 for a constant x at the targets' mean.
struct tensor *relative_squared_error(struct tape *tape, struct tensor *x, const float *targets, double variance);

// Binary cross-entropy of sigmoid(logits [R,C]) with targets in {0,1}, mean over all entries.
struct tensor *binary_cross_entropy(struct tape *tape, struct tensor *logits, const float *targets);

// Emulation criteria (paper, section 3; the official code averages kl, kl_reverse, js_div and l2 over the classes): p the RNN's
// distribution, q = softmax(logits).
//     total_variation 0.5 sum |p - q|          kl (1/D) sum p (log p - log q)          kl_reverse (1/D) sum q (log q - log p)
//     js_div mean of kl and kl_reverse         ce -log q[label]                        l2 (1/D) sum (log q - log p)^2
//     cosine 1 - <log q, log p> / (|log q| |log p|)
// and for RNNs that answer with numbers, where they are no distributions:
//     mse relative_squared_error, by the variance of the RNNs' answers
enum criterion {
    CRITERION_TOTAL_VARIATION,
    CRITERION_KL,
    CRITERION_KL_REVERSE,
    CRITERION_JS_DIV,
    CRITERION_CE,
    CRITERION_L2,
    CRITERION_COSINE,
    CRITERION_MSE,
    CRITERION_COUNT,
    CRITERION_DISTRIBUTIONS = CRITERION_MSE, // so many compare distributions

};
extern const char *const criterion_names; // "total_variation|kl|..."

// logits [T*B,D] time-major; target_logits [T*B,D] are renormalised by log-softmax; labels [T*B] for ce (else may be NULL). Mean over time
// and batch; every criterion but mse; per_sequence [B] (may be NULL) receives each sequence's mean over time.
struct tensor *emulation_loss(struct tape *tape, enum criterion criterion, struct tensor *logits, const float *target_logits,
                              const uint8_t *labels, int steps, float *per_sequence);

#endif
