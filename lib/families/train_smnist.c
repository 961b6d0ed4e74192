// RNNs of tiled sequential MNIST (paper, section 4.2): cross-entropy of an image's digit, averaged over all positions.
#include "families/train_internal.h"

#include "base/memory.h"
#include "nn/loss.h"
#include "nn/recurrent.h"
#include "families/digits.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 32 }; // images evaluated at a time: their gates stay in the near caches

struct smnist_task {
    struct smnist task;
    uint8_t *pixels, *labels;   // all images, turned; [count]
    int *training, *evaluation; // indices of the images that the RNN is trained on, and is judged by
    int training_count, evaluation_count;
    int *batch;               // [batch] indices
    float *inputs;            // [T*batch, I]
    uint8_t *position_labels; // [T*batch]
};

static void free_task(void *task) {
    struct smnist_task *in = task;
    free(in->pixels);
    free(in->labels);
    free(in->training);
    free(in->evaluation);
    free(in->batch);
    free(in->inputs);
    free(in->position_labels);
    free(in);
}

// The RNN's logits [T*count, classes] for some of the images, and the loss, on the trainee's tape. inputs and labels have room for count
// images.
static struct tensor *images_loss(const struct trainee *t, const struct weights *w, const int *which, int count, float *inputs,
                                  uint8_t *labels, struct tensor **logits) {
    const struct smnist_task *in = t->internal->task;
    struct tape *tape = &t->internal->tape;
    int T = smnist_steps(&in->task);
    digits_gather(in->pixels, which, count, in->task.tile, inputs);
    for (int i = 0; i < count; i++)
        labels[i] = in->labels[which[i]];
    for (int step = 1; step < T; step++)
        memcpy(labels + step * count, labels, (size_t)count);
    struct tensor *x = tape_leaf(tape, T * count, t->arch.input, inputs, NULL);
    *logits = trainee_readout(t, w, recurrent_sequence(tape, t->arch.cell, w, 0, x, T), T);
    return cross_entropy(tape, *logits, labels);
}

static void draw(const struct smnist_task *in, struct rng *rng, int count, int *which) {
    for (int i = 0; i < count; i++)
        which[i] = in->training[rng_below(rng, (uint64_t)in->training_count)];
}

static struct tensor *batch_loss(struct trainee *t, const struct weights *w) {
    struct smnist_task *in = t->internal->task;
    struct tensor *logits;
    draw(in, &t->internal->batches, t->internal->recipe.batch, in->batch);
    return images_loss(t, w, in->batch, t->internal->recipe.batch, in->inputs, in->position_labels, &logits);
}

// Accuracy at the last position and loss over all of them, without gradients.
struct score {
    double accuracy, loss;
};

static struct score evaluate(const struct trainee *t, const int *which, int count) {
    int T = smnist_steps(&((const struct smnist_task *)t->internal->task)->task), right = 0;
    float *inputs = memory_alloc((size_t)(T * CHUNK) * (size_t)t->arch.input * sizeof *inputs);
    uint8_t *labels = memory_alloc((size_t)(T * CHUNK));
    double loss = 0;
    for (int first = 0, n; first < count; first += n) {
        n = count - first < CHUNK ? count - first : CHUNK;
        struct weights w = trainee_begin_pass(t, NULL);
        struct tensor *logits;
        loss += n * (double)images_loss(t, &w, which + first, n, inputs, labels, &logits)->value[0];
        right += digits_right(logits->value, T, n, labels);
    }
    free(inputs);
    free(labels);
    return (struct score){(double)right / count, loss / count};
}

static struct performance performance(const struct trainee *t, int samples) {
    const struct smnist_task *in = t->internal->task;
    struct score training = evaluate(t, in->training, samples < in->training_count ? samples : in->training_count),
                 evaluation = evaluate(t, in->evaluation, samples < in->evaluation_count ? samples : in->evaluation_count);
    return (struct performance){evaluation.accuracy,
                                {{"train_accuracy", training.accuracy},
                                 {"train_loss", training.loss},
                                 {"evaluation_loss", evaluation.loss},
                                 {"generalisation_gap", evaluation.loss - training.loss}}};
}

// From time-major [T*count, n] to sequences [count, T, n].
static float *sequences(const float *x, int steps, int count, int n) {
    float *out = memory_alloc((size_t)(steps * count) * (size_t)n * sizeof *out);
    for (int t = 0; t < steps; t++)
        for (int i = 0; i < count; i++, x += n)
            memcpy(out + ((size_t)i * (size_t)steps + (size_t)t) * (size_t)n, x, (size_t)n * sizeof *out);
    return out;
}

static struct rollouts rollouts(const struct trainee *t, int count) {
    const struct smnist_task *in = t->internal->task;
    int T = smnist_steps(&in->task), I = t->arch.input;
    struct rng rng = trainee_rng(t, "rollouts");
    int *which = memory_alloc((size_t)count * sizeof *which);
    float *inputs = memory_alloc((size_t)(T * count) * (size_t)I * sizeof *inputs);
    uint8_t *labels = memory_alloc((size_t)(T * count));
    struct weights w = trainee_begin_pass(t, NULL);
    struct tensor *logits;
    draw(in, &rng, count, which);
    images_loss(t, &w, which, count, inputs, labels, &logits);
    struct rollouts r = {
        .count = count, .steps = T, .inputs = sequences(inputs, T, count, I), .logits = sequences(logits->value, T, count, SMNIST_CLASSES)};
    free(which);
    free(inputs);
    free(labels);
    return r;
}

static const struct trainee_family family = {batch_loss, performance, rollouts, free_task, .samples = 12000};

static int *choose(const struct image_set *images, bool trains, int *count) {
    int *which = memory_alloc((size_t)images->count * sizeof *which);
    *count = digits_choose(images->count, trains, images->count, which);
    return which;
}

enum status trainee_of_smnist(struct trainee **out, const struct smnist *task, const struct image_set *images,
                              const struct train_recipe *recipe, uint64_t seed, uint64_t run, struct error *error) {
    *out = NULL;
    struct smnist_task *in = memory_calloc(1, sizeof *in);
    in->task = *task;
    in->training = choose(images, true, &in->training_count);
    in->evaluation = choose(images, false, &in->evaluation_count);
    if (in->training_count == 0 || in->evaluation_count == 0) {
        free_task(in);
        return error_set(error, STATUS_DATA, "%d images are too few to train an RNN and to judge it", images->count);
    }
    size_t positions = (size_t)smnist_steps(task) * (size_t)recipe->batch;
    in->pixels = smnist_rotate_all(images, task->rotation);
    in->labels = memcpy(memory_alloc((size_t)images->count), images->labels, (size_t)images->count);
    in->batch = memory_alloc((size_t)recipe->batch * sizeof *in->batch);
    in->inputs = memory_alloc(positions * (size_t)smnist_inputs(task) * sizeof *in->inputs);
    in->position_labels = memory_alloc(positions);
    *out = trainee_new(&family, in, smnist_inputs(task), SMNIST_CLASSES, task->weight_decay, recipe, seed, run);
    return STATUS_OK;
}
