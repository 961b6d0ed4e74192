// How well an emulator that is given z imitates an RNN.
#include "base/hash.h"
#include "base/memory.h"
#include "nn/activation.h"
#include "training/emulation.h"
#include "training/rollouts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct judge {
    const struct emulator *emulator;
    enum criterion criterion;
    int rollouts, clones;
    uint64_t seed;
    struct stepper *stepper;
    struct tape tape;
    struct rollout_batch batch;
};

struct judge *judge_new(const struct emulator *emulator, enum criterion criterion, int rollouts, int clones, uint64_t seed) {
    struct judge *j = memory_calloc(1, sizeof *j);
    *j = (struct judge){.emulator = emulator, .criterion = criterion, .rollouts = rollouts, .clones = clones, .seed = seed};
    bool generates = emulator->arch.input == emulator->arch.output;
    j->stepper = clones > 0 && generates ? emulator_stepper(emulator) : NULL;
    return j;
}

void judge_free(struct judge *j) {
    if (!j)
        return;
    stepper_free(j->stepper);
    tape_free(&j->tape);
    rollout_batch_free(&j->batch);
    free(j);
}

// The first n rollouts of a record as one batch.
static enum status rollouts_loss(struct judge *j, const struct rnn_record *record, const float *z, double *loss, struct error *error) {
    int n = record->logits.shape[0] < (uint64_t)j->rollouts ? (int)record->logits.shape[0] : j->rollouts;
    for (int b = 0; b < n; b++)
        if (rollout_batch_load(&j->batch, record, (uint64_t)b, b, n, error) != STATUS_OK)
            return error->status;
    tape_reset(&j->tape, false);
    struct tensor *embeddings = repeat_row(&j->tape, tape_leaf(&j->tape, 1, j->emulator->config.z, (float *)z, NULL), n);
    struct weights w = {&j->emulator->table, j->emulator->values, NULL};
    *loss = rollout_batch_loss(&j->tape, j->emulator, &w, embeddings, &j->batch, j->criterion)->value[0];
    return STATUS_OK;
}

// The clone's strings, generated from z alone, judged as the original's were.
static double clone_accuracy(struct judge *j, const struct rnn_record *record, const float *z) {
    const struct language *l = &record->task.language;
    if (!j->stepper || record->task.family != TASK_LANGUAGE || language_symbols(l) != j->emulator->arch.input)
        return NAN;
    int n = j->clones, strict = 0;
    size_t Z = (size_t)j->emulator->config.z;
    float *repeated = memory_alloc((size_t)n * Z * sizeof(float));
    for (int i = 0; i < n; i++)
        memcpy(repeated + (size_t)i * Z, z, Z * sizeof(float));
    float *opening = emulator_opening(j->emulator, repeated, n);
    uint8_t *rows = memory_alloc((size_t)n * (size_t)l->length);
    struct rng rng = rng_make(j->seed, hash_mix(record->run) ^ record->step, "clones");
    stepper_sample(j->stepper, l, n, (struct stepper_opening){opening, j->emulator->config.condition == CONDITION_EVERY}, &rng, rows, NULL);
    for (int i = 0; i < n; i++)
        strict += language_judge(l, rows + (size_t)i * (size_t)l->length).strict;
    free(repeated);
    free(opening);
    free(rows);
    return (double)strict / n;
}

enum status judge_imitation(struct judge *j, const struct rnn_record *record, const float *z, struct imitation *out, struct error *error) {
    const struct rnn_arch *a = &record->arch, *b = &j->emulator->arch;
    *out = (struct imitation){NAN, NAN};
    if (a->input != b->input || a->output != b->output)
        return error_set(error, STATUS_DATA, "an RNN of %d inputs and %d outputs, but an emulator of %d and %d", a->input, a->output,
                         b->input, b->output);
    if (rollouts_check(record, error) != STATUS_OK || rollouts_loss(j, record, z, &out->loss, error) != STATUS_OK)
        return error->status;
    if (!isfinite(out->loss))
        return error_set(error, STATUS_DATA, "run %llu, step %llu: the emulation loss is not finite", (unsigned long long)record->run,
                         (unsigned long long)record->step);
    out->clone_accuracy = clone_accuracy(j, record, z);
    return STATUS_OK;
}
