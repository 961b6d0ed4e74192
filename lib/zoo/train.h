// Training one RNN of the formal-language zoo (paper, section 4.1 and appendix): next-token cross-entropy over all positions, AdamW, piecewise linear rate.
#ifndef ZOO_TRAIN_H
#define ZOO_TRAIN_H

#include "zoo/language.h"
#include "zoo/rnn.h"

struct train_recipe {
    int steps;                // S; updates 0 .. S, so S + 1 of them, as the official loop
    int batch;                // strings a step
    int hidden, layers;
    double rate[3];           // at steps 0, S/2, S
    double weight_decay;
};

extern const struct train_recipe train_paper_recipe; // 20,000 steps of 32, 2 x 32, rates 0.01, 0.003, 0.0003, decay 1e-4

struct trainee {
    struct rnn_arch arch;
    struct params table;
    float *weights; // [table.size]
    int step;       // updates done
    double loss;    // of the last update's batch, before it
    struct trainee_internal *internal;
};

// Everything random is a function of (seed, run).
struct trainee *trainee_new(const struct language *language, const struct train_recipe *recipe, uint64_t seed, uint64_t run);
void trainee_free(struct trainee *t);

// One update on a fresh batch; rate: the schedule at max(step - 1, 0). Returns false when the loss is not finite (the run has diverged).
bool trainee_update(struct trainee *t);

// The loss of given rows [batch, length] and the gradient [table.size], without an update. tokens row-major as in a data set.
double trainee_gradient(struct trainee *t, const uint8_t *rows, int batch, float *grad);
// One AdamW update by that gradient at the rate of this step; counts as a step.
void trainee_apply(struct trainee *t, const float *grad);

// Shares of `samples` sampled strings that are in the language, by the strict and by the official verdict.
struct performance {
    double accuracy, accuracy_counts;
};
struct performance trainee_performance(const struct trainee *t, int samples);

// `count` sampled rows [count, length] with log-probabilities [count, length-1, symbols].
void trainee_rollouts(const struct trainee *t, int count, uint8_t *rows, float *log_p);

#endif
