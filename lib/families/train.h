// Training one RNN of a zoo (paper, section 4 and appendix): AdamW and a piecewise linear rate. What it learns is a matter of its family of
// tasks (family.h): next tokens, the class of a sequence, its next number.
#ifndef FAMILIES_TRAIN_H
#define FAMILIES_TRAIN_H

#include "rnn/rnn.h"
#include "stream/packer.h"

#include <stdbool.h>
#include <stdint.h>

struct train_recipe {
    int steps; // S; updates 0 .. S, so S + 1 of them, as the official loop
    int batch; // strings or images a step
    const struct cell *cell;
    int hidden, layers;
    double rate[3];      // at steps 0, S/2, S
    double weight_decay; // for languages; a task of sequential MNIST has its own
    // Initial weights: random ones of each run's own, a function of its seed and number; or random ones that all runs share, of init_seed
    // alone (shared start); or `start` [rnn_size], of an RNN that was trained before.
    bool shared_start;
    uint64_t init_seed;
    const float *start; // NULL: random
};

extern const struct train_recipe train_paper_recipe; // 20,000 steps of 32, LSTM of 2 x 32, rates 0.01, 0.003, 0.0003, decay 1e-4

struct trainee {
    struct rnn_arch arch;
    struct params table;
    float *weights; // [table.size]
    int step;       // updates done
    double loss;    // of the last update's batch, before it
    struct trainee_internal *internal;
};

// Made by family->trainee.
void trainee_free(struct trainee *t);

// One update on a fresh batch; rate: the schedule at max(step - 1, 0). Returns false when the loss is not finite (the run has diverged).
bool trainee_update(struct trainee *t);

// The mean loss of other weights [table.size] on `batches` batches of the recipe's size, which are the same at each call, and its gradient
// [table.size] unless that is NULL: a fixed evaluation set. The trainee's own weights and batches stay as they are. NaN when it is not
// finite.
double trainee_loss(struct trainee *t, const float *weights, int batches, float *gradient);

// The same on the next batch that the trainee would be trained on, which is used up.
double trainee_gradient(struct trainee *t, const float *weights, float *gradient);

// One AdamW update by a gradient [table.size] at the rate of this step; counts as a step.
void trainee_apply(struct trainee *t, const float *grad);

// What the RNN is judged by. Of a language, by `samples` strings sampled from it: accuracy, the share that is in the language (strict
// verdict), and accuracy_counts (the official verdict). Of images, by the first `samples` images that it is judged by and as many that it
// is trained on: accuracy (of the former, last position), train_accuracy, train_loss, evaluation_loss (all positions), and their
// difference generalisation_gap. samples 0: 1,000 strings, 12,000 images.
enum { PERFORMANCE_OTHERS = 4 };
struct performance {
    double accuracy; // NaN: there is none
    struct metric {
        const char *name; // NULL after the last
        double value;
    } others[PERFORMANCE_OTHERS];
};
void performance_pack(struct packer *p, const struct performance *performance); // as keys of a map that is open
struct performance trainee_performance(const struct trainee *t, int samples);

// Sequences that the RNN has read, with its answers at every position. Of a language, they are sampled from it, and the answers are
// log-probabilities; of images, they are of images that it is trained on, and the answers are logits.
struct rollouts {
    int count, steps; // R, T
    int row;          // tokens in a row: T, or T+1 where an answer tells the next one
    uint8_t *tokens;  // [R, row], or NULL
    float *inputs;    // [R, T, I], or NULL
    float *logits;    // [R, T, O]
};
struct rollouts trainee_rollouts(const struct trainee *t, int count);
void rollouts_free(struct rollouts *r);

#endif
