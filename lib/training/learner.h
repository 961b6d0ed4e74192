// Training a head (emulator, predictor), with the encoder that feeds it or on embeddings made before. One step: draw a batch, cut it into
// lanes of at most LANE_SIZE items, forward and backward lane by lane, add the lanes' gradients in order, clip each network by its own
// norm, AdamW for each. Lanes may run on several threads: the bytes of the result don't depend on how many.
#ifndef TRAINING_LEARNER_H
#define TRAINING_LEARNER_H

#include "encoders/encoder.h"
#include "math/blas.h"
#include "nn/adamw.h"
#include "records/loader.h"
#include "training/dataset.h"

enum { LANE_SIZE = 32 };

struct learner_recipe {
    int batch;
    double rate, decay, clip; // AdamW's rate and decay; clip <= 0: none
    double encoder_rate;      // AdamW's rate for the encoder alone; 0: rate
    double anneal;            // share of the `steps`, at their end, over which the rate falls linearly to 0; 0: never
    uint64_t steps;           // planned, for anneal
    bool cosine;              // it falls along half a cosine instead
    uint64_t warm_up;         // steps over which the rate rises linearly from 0, at the beginning
    double average;           // decay a of running averages of the weights, w' += s (w - w') with s = max(1 - a, 10 / (step + 9)); 0: none
    enum precision precision; // of the products of training steps (math/blas.h); judging is always done in float32
    int threads;
    uint64_t seed;
};

// A lane's share of a batch, with everything its thread needs.
struct lane {
    const int *items; // data set indices of its samples
    int count;
    bool training;  // else its samples are judged
    struct rng rng; // for choices of this lane in this step: a function of (seed, step, lane)
    struct tape tape;
    struct value_nodes nodes;
    struct rnn_loader rnns; // [LANE_SIZE] the samples' RNNs, where there is an encoder; task->load loads them
    void *data;             // the task's own, made by task->lane_new
    float *encoder_grad, *head_grad;
    const float *raw;   // [count,Z] z before it gets unit norm, of the last run
    float loss, beside; // means over its samples; beside: of another criterion, if the task measures one
    struct error error;
};

// What distinguishes emulation, reconstruction and prediction.
struct learner_task {
    void *(*lane_new)(void *context);
    void (*lane_free)(void *lane_data);
    // Loads what the lane's items need into lane->data (and, for an encoder, lane->rnns).
    enum status (*load)(void *context, struct lane *lane, struct error *error);
    // z [count,Z] for learners without an encoder.
    struct tensor *(*embedding)(void *context, struct lane *lane);
    // The mean loss over the lane's samples [1,1].
    struct tensor *(*loss)(void *context, struct lane *lane, const struct weights *head, struct tensor *z);
};

struct learner {
    struct encoder *encoder; // NULL: embeddings come from the task. Its values are trained in place.
    const struct params *head_table;
    float *head_values; // trained in place
    struct learner_recipe recipe;
    const struct learner_task *task;
    void *context;
    const int *items; // training items
    int item_count;
    uint64_t step; // steps done
    struct adamw encoder_adamw, head_adamw;
    double encoder_norm, head_norm;        // gradient norms of the last step, before clipping
    double beside;                         // the mean of the lanes' in the last learner_evaluate
    float *encoder_average, *head_average; // [table.size] running averages of the weights; NULL: there are none
    struct learner_best {
        double loss; // infinity before the first learner_keep
        uint64_t step;
        int since;             // losses since then that were no better
        float *encoder, *head; // [table.size] weights; those that came, before the first
    } best;
    struct learner_internal *internal;
};

// encoder, head, items and context are borrowed. Moments are zero, step 0.
struct learner *learner_new(struct encoder *encoder, const struct params *head_table, float *head_values, const int *items, int item_count,
                            const struct learner_recipe *recipe, const struct learner_task *task, void *context);
void learner_free(struct learner *l);

// One training step; *loss is the batch's mean before the update. Without replacement within an epoch; the batch of a step is a function of
// (seed, step). STATUS_DIVERGED when the loss or a gradient is not finite (nothing is updated then).
enum status learner_step(struct learner *l, double *loss, struct error *error) MUST_CHECK;

// The same on given items, at most recipe.batch, for those who draw their own batches.
enum status learner_step_on(struct learner *l, const int *items, int count, double *loss, struct error *error) MUST_CHECK;

// The rate of a step, counted from 0: `rate`, times (step + 1) / warm_up in the first warm_up steps, times what falls from 1 to 0 over the
// last share `anneal` of all steps: 1 - x, or (1 + cos(pi x)) / 2.
double learner_rate(const struct learner_recipe *recipe, double rate, uint64_t step);

// Exchanges the weights with their running averages, if there are any: before they are judged, and again afterwards.
void learner_swap_average(struct learner *l);

// The networks as they are have this loss: they are kept, if none had less; else it is one more since the best.
void learner_keep(struct learner *l, double loss);
// Makes the networks those that were kept last, and takes the steps since then off the encoder's.
void learner_restore(struct learner *l);

// Were there so many losses in a row that were no better than the best? Patience 0 never ends.
bool learner_out_of_patience(const struct learner *l, int patience);
// Behind a checkpoint's step and moments: both optimisers have made as many updates as there were steps.
void learner_resumed(struct learner *l);

// Mean loss over given items, without gradients or randomness in the encoder. Choices of the lanes (which rollout) are a function of
// `step`.
enum status learner_evaluate(struct learner *l, const int *items, int count, uint64_t step, double *loss, struct error *error) MUST_CHECK;

#endif
