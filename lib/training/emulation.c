#include "training/emulation.h"

#include "base/hash.h"
#include "base/memory.h"
#include "training/emulation_internal.h"
#include "training/rollouts.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct emulation_recipe emulation_paper_recipe = {
    .learner = {.batch = 64, .rate = 1e-4, .decay = 0.01, .clip = 0.1, .threads = 1, .seed = 1},
    .criterion = CRITERION_TOTAL_VARIATION,
    .steps = 100000,
    .validate_every = 1000,
};

// Lengths and kinds of all rollouts are those of the first record's.
static enum status check_form(const struct rnn_record *record, uint64_t *steps, uint64_t *rank, struct error *error) {
    if (!*rank)
        *steps = record->logits.shape[1], *rank = (uint64_t)record->inputs.rank;
    if (record->logits.shape[1] == *steps && (uint64_t)record->inputs.rank == *rank)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "rollouts of different lengths or kinds among the RNNs");
}

enum status emulation_usable(void *context, const struct rnn_record *record, struct error *error) {
    struct emulation_sift *s = context;
    const struct emulator fresh = {.arch = s->encoder->arch};
    if (encoder_fits(s->encoder, &record->arch, error) == STATUS_OK &&
        emulator_fits(s->emulator ? s->emulator : &fresh, &record->arch, error) == STATUS_OK &&
        criterion_check(s->criterion, &record->arch, error) == STATUS_OK && rollouts_check(record, error) == STATUS_OK &&
        rollouts_check_logits(record, error) == STATUS_OK && rnn_loader_load(&s->rnn, 0, record, error) == STATUS_OK &&
        check_form(record, &s->steps, &s->rank, error) == STATUS_OK) // the last: those that can't be used set no form
        return STATUS_OK;
    return error->status;
}

// All that could fail in the middle of training is looked at before it.
static enum status check_data(const struct dataset *data, struct error *error) {
    struct value_nodes nodes = {0};
    struct rnn_loader rnn;
    rnn_loader_init(&rnn, 1);
    uint64_t steps = 0, rank = 0;
    enum status status = STATUS_OK;
    for (int i = 0; i < data->count && status == STATUS_OK; i++) {
        struct rnn_record record;
        status = dataset_read(data, i, &nodes, &record, error);
        if (status == STATUS_OK && (rollouts_check(&record, error) != STATUS_OK || check_form(&record, &steps, &rank, error) != STATUS_OK ||
                                    rollouts_check_logits(&record, error) != STATUS_OK))
            status = rnn_record_prefix(&record, error);
        if (status == STATUS_OK)
            status = rnn_loader_load(&rnn, 0, &record, error);
        if (status == STATUS_DATA)
            error_prefix(error, "%s", data->name);
    }
    rnn_loader_free(&rnn);
    free(nodes.node);
    return status;
}

// The mean of each output [O], and the variance of the answers in training about these: the unit of criterion mse.
static enum status measure_answers(const struct emulation *e, double *mean, double *variance, struct error *error) {
    const struct emulation_internal *in = e->internal;
    int O = e->emulator->arch.output;
    double square = 0, count = 0;
    float *answer = memory_alloc((size_t)O * sizeof *answer);
    struct value_nodes nodes = {0};
    struct rnn_record record;
    enum status status = STATUS_OK;
    for (int i = 0; i < in->count[SPLIT_TRAIN] && status == STATUS_OK; i++) {
        status = dataset_read(in->data, in->items[SPLIT_TRAIN][i], &nodes, &record, error);
        for (uint64_t at = 0; status == STATUS_OK && at < record.logits.count; at += (uint64_t)O) {
            array_to_floats(&record.logits, at, (uint64_t)O, answer);
            count++;
            for (int o = 0; o < O; o++) {
                double off = answer[o] - mean[o];
                mean[o] += off / count;
                square += off * (answer[o] - mean[o]);
            }
        }
    }
    free(answer);
    free(nodes.node);
    *variance = square / (count * O);
    return status;
}

// The unit that numbers are learned in. An emulator that is trained already has one, that of its losses, and what it answers is put into
// it.
static enum status settle_unit(struct emulation *e, struct error *error) {
    struct emulation_internal *in = e->internal;
    struct emulator *emulator = e->emulator;
    int O = emulator->arch.output;
    double variance;
    if (rnn_answers_classes(&emulator->arch))
        return STATUS_OK;
    in->mean = memory_calloc((size_t)O, sizeof *in->mean);
    enum status status = measure_answers(e, in->mean, &variance, error);
    if (status != STATUS_OK)
        return status;
    bool fresh = !(emulator->variance > 0);
    if (fresh && !((float)variance > 0 && isfinite((float)variance)))
        return error_set(error, STATUS_DATA, "%s: the RNNs' answers have variance %g: nothing to emulate", in->data->name, variance);
    emulator->variance = fresh ? variance : emulator->variance;
    in->deviation = sqrt(emulator->variance);
    if (fresh)
        return STATUS_OK;
    double *shift = memory_alloc((size_t)O * sizeof *shift);
    for (int o = 0; o < O; o++)
        shift[o] = -in->mean[o] / in->deviation;
    emulator_rescale(emulator, shift, 1 / in->deviation);
    free(shift);
    return STATUS_OK;
}

// A checkpoint goes on only with the training that made it: same data, networks and recipe (but for the number of steps and threads).
static uint64_t fingerprint(const struct emulation *e) {
    const struct emulation_recipe *r = &e->recipe;
    char text[512];
    snprintf(text, sizeof text, "%s %llu %llu / %llu %llu / %d %.17g %.17g %.17g %llu %d %d %d %.17g %llu / %d %llu %.17g %d %.17g",
             e->encoder->type->name, (unsigned long long)e->encoder->seed, (unsigned long long)e->encoder->step,
             (unsigned long long)e->emulator->seed, (unsigned long long)e->emulator->step, r->learner.batch, r->learner.rate,
             r->learner.decay, r->learner.clip, (unsigned long long)r->learner.seed, (int)r->criterion, r->validate_every, r->patience,
             r->learner.anneal, (unsigned long long)(r->learner.anneal > 0 ? r->learner.steps : 0), r->learner.cosine,
             (unsigned long long)r->learner.warm_up, r->learner.average, r->rollouts, r->z_noise);
    if (r->learner.precision != PRECISION_FLOAT32)
        strcat(text, " bf16");
    if (e->internal->mean)
        strcat(text, " standardised");
    uint64_t h = augmentation_hash(hash_bytes(e->internal->data->hash, text, strlen(text)), &r->augmentation);
    h = encoder_config_hash(h, &e->encoder->config);
    h = hash_bytes(h, &e->emulator->config, sizeof e->emulator->config);
    h = hash_floats(h, e->encoder->values, e->encoder->table.size);
    return hash_floats(h, e->emulator->values, e->emulator->table.size);
}

// Can the two networks be trained together on RNNs of all these architectures?
static enum status check_forms(const struct encoder *encoder, const struct emulator *emulator, enum criterion criterion,
                               const struct dataset *data, struct error *error) {
    if (emulator->config.z != encoder->config.z)
        return error_set(error, STATUS_DATA, "emulator and encoder don't fit each other: z of %d and %d", emulator->config.z,
                         encoder->config.z);
    for (int i = 0; i < data->forms.count; i++) {
        const struct dataset_item *item = &data->items[dataset_first(data, data->forms.list[i])];
        const struct rnn_arch *arch = &item->form->arch;
        if (encoder_fits(encoder, arch, error) != STATUS_OK || emulator_fits(emulator, arch, error) != STATUS_OK ||
            criterion_check(criterion, arch, error) != STATUS_OK)
            return rnn_name_prefix((struct rnn_name){item->run, item->step}, error);
    }
    return STATUS_OK;
}

enum status emulation_new(struct emulation **out, struct encoder *encoder, struct emulator *emulator, const struct dataset *data,
                          const struct emulation_recipe *recipe, struct error *error) {
    if (check_forms(encoder, emulator, recipe->criterion, data, error) != STATUS_OK ||
        augmentation_check(&recipe->augmentation, encoder, error) != STATUS_OK)
        return error_prefix(error, "%s", data->name);
    struct emulation *e = memory_calloc(1, sizeof *e);
    *e = (struct emulation){.encoder = encoder, .emulator = emulator, .recipe = *recipe};
    struct emulation_internal *in = e->internal = memory_calloc(1, sizeof *in);
    in->data = data;
    if (check_data(data, error) != STATUS_OK) {
        emulation_free(e);
        return error->status;
    }
    for (int s = 0; s < SPLIT_COUNT; s++)
        in->count[s] = dataset_select(data, split_names[s], &in->items[s]);
    if (in->count[SPLIT_TRAIN] == 0) {
        error_set(error, STATUS_DATA, "%s: no record of split 'train'", data->name);
        emulation_free(e);
        return error->status;
    }
    if (settle_unit(e, error) != STATUS_OK) {
        emulation_free(e);
        return error->status;
    }
    e->learner = learner_new(encoder, &emulator->table, emulator->values, in->items[SPLIT_TRAIN], in->count[SPLIT_TRAIN], &recipe->learner,
                             &emulation_task, e);
    in->fingerprint = fingerprint(e);
    clock_gettime(CLOCK_MONOTONIC, &in->start);
    *out = e;
    return STATUS_OK;
}

void emulation_free(struct emulation *e) {
    if (!e)
        return;
    learner_free(e->learner);
    for (int s = 0; s < SPLIT_COUNT; s++)
        free(e->internal->items[s]);
    free(e->internal->mean);
    free(e->internal);
    free(e->curve);
    free(e);
}

static enum status diverged(struct emulation *e, uint64_t step) {
    e->diverged_at = step;
    e->stopped = true;
    return STATUS_DIVERGED;
}

// Judges the networks, and keeps them if they are the best so far.
static enum status compare(struct emulation *e, struct error *error) {
    double judged;
    enum status status = emulation_judge_splits(e, &judged, error);
    if (status != STATUS_OK)
        return status == STATUS_DIVERGED ? diverged(e, e->learner->step) : status;
    learner_keep(e->learner, judged);
    e->stopped = learner_out_of_patience(e->learner, e->recipe.patience);
    return STATUS_OK;
}

// With running averages, these are what is judged and kept.
static enum status validate(struct emulation *e, struct error *error) {
    learner_swap_average(e->learner);
    enum status status = compare(e, error);
    learner_swap_average(e->learner);
    return status;
}

enum status emulation_step(struct emulation *e, double *loss, struct error *error) {
    enum status status = learner_step(e->learner, loss, error);
    if (status == STATUS_DIVERGED)
        return diverged(e, e->learner->step + 1);
    if (status != STATUS_OK)
        return status;
    e->emulator->step++;
    e->internal->train_sum += *loss;
    e->internal->train_steps++;
    e->internal->encoder_norms += e->learner->encoder_norm;
    e->internal->emulator_norms += e->learner->head_norm;
    return e->learner->step % (uint64_t)e->recipe.validate_every == 0 ? validate(e, error) : STATUS_OK;
}

enum status emulation_finish(struct emulation *e, struct error *error) {
    enum status status = STATUS_OK;
    if (!e->diverged_at && e->internal->train_steps) // steps since the last validation that was due
        status = validate(e, error);
    if (status != STATUS_OK && status != STATUS_DIVERGED)
        return status;
    learner_restore(e->learner);
    if (e->internal->mean)
        emulator_rescale(e->emulator, e->internal->mean, e->internal->deviation);
    e->emulator->step -= e->learner->step - e->learner->best.step;
    e->encoder->diverged_at = e->diverged_at;
    return STATUS_OK;
}
