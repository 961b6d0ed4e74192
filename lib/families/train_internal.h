// Between train.c, which trains, and the families of tasks (language.c, smnist.c ...), which say what is learnt.
#ifndef FAMILIES_TRAIN_INTERNAL_H
#define FAMILIES_TRAIN_INTERNAL_H

#include "grad/tape.h"
#include "nn/adamw.h"
#include "families/train.h"

struct trainee_family {
    struct tensor *(*batch_loss)(struct trainee *t, const struct weights *w); // of a fresh batch, on the trainee's tape
    struct performance (*performance)(const struct trainee *t, int samples);
    struct rollouts (*rollouts)(const struct trainee *t, int count);
    void (*free)(void *task);
    int samples; // by which performance is measured when it is not said
};

struct trainee_internal {
    const struct trainee_family *family;
    void *task; // the family's own
    struct train_recipe recipe;
    uint64_t seed, run;
    struct rng batches;
    struct adamw adamw;
    struct tape tape;
    float *grad;
};

// task is owned from now on; shape: what family->shape sets.
struct trainee *trainee_new(const struct trainee_family *family, void *task, const struct rnn_arch *shape, double weight_decay,
                            const struct train_recipe *recipe, uint64_t seed, uint64_t run);

// Random numbers for what is sampled from the RNN at its present step.
struct rng trainee_rng(const struct trainee *t, const char *purpose);

// A pass over the trainee's tape: its weights as operations take them (grad NULL: inference), the layers above the first one with the
// read-out (logits [T*B,O] of the first layer's h [T*B,H]), and the way back from a loss, which is returned.
struct weights trainee_begin_pass(const struct trainee *t, float *grad);
struct tensor *trainee_readout(const struct trainee *t, const struct weights *w, struct tensor *h, int steps);
double trainee_backward(struct trainee *t, struct tensor *loss);

// From time-major [T*count, n] to sequences [count, T, n], allocated.
float *trainee_sequences(const float *x, int steps, int count, int n);

#endif
