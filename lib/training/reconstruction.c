#include "training/reconstruction.h"

#include "base/hash.h"
#include "base/memory.h"
#include "training/reconstruction_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- Data ---

static enum status fits(const struct reconstruction_sift *s, const struct rnn_record *record, struct error *error) {
    if (encoder_fits(s->encoder, &record->arch, error) != STATUS_OK || decoder_fits(s->decoder, &record->arch, error) != STATUS_OK ||
        rollouts_check(record, error) != STATUS_OK)
        return error->status;
    return rollouts_check_logits(record, error);
}

static enum status has_form(struct reconstruction_sift *s, const struct rnn_record *record, struct error *error) {
    if (!s->rank)
        s->steps = record->logits.shape[1], s->rank = (uint64_t)record->inputs.rank;
    if (record->logits.shape[1] == s->steps && (uint64_t)record->inputs.rank == s->rank)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "rollouts of different lengths or kinds among the RNNs");
}

enum status reconstruction_usable(void *context, const struct rnn_record *record, struct error *error) {
    struct reconstruction_sift *s = context;
    if (fits(s, record, error) != STATUS_OK || rnn_loader_load(&s->rnn, 0, record, error) != STATUS_OK)
        return error->status;
    return has_form(s, record, error); // the last: those that can't be used set no form
}

// Calls f for every training RNN, or for all; that all can be used is looked at before the training.
static enum status each_rnn(const struct reconstruction *r, bool all, void (*f)(void *context, const float *weights), void *context,
                            struct error *error) {
    const struct reconstruction_internal *in = r->internal;
    int count = all ? in->data->count : in->count[SPLIT_TRAIN];
    struct value_nodes nodes = {0};
    struct reconstruction_sift sift = {.encoder = r->encoder, .decoder = r->decoder};
    rnn_loader_init(&sift.rnn, 1);
    enum status status = STATUS_OK;
    for (int i = 0; i < count && status == STATUS_OK; i++) {
        struct rnn_record record;
        status = dataset_read(in->data, all ? i : in->items[SPLIT_TRAIN][i], &nodes, &record, error);
        if (status == STATUS_OK && (fits(&sift, &record, error) != STATUS_OK || has_form(&sift, &record, error) != STATUS_OK))
            status = rnn_record_prefix(&record, error);
        if (status == STATUS_OK)
            status = rnn_loader_load(&sift.rnn, 0, &record, error); // which names the RNN itself
        if (status == STATUS_DATA)
            error_prefix(error, "%s", in->data->name);
        if (status == STATUS_OK && f)
            f(context, sift.rnn.rnn[0].weights);
    }
    rnn_loader_free(&sift.rnn);
    free(nodes.node);
    return status;
}

struct moments {
    const struct decoder *d;
    double *sum;    // [P]
    double *square; // [parameters] sums of squared distances from the mean
};

static void add_weights(void *context, const float *weights) {
    struct moments *m = context;
    for (size_t i = 0; i < m->d->rnn_table.size; i++)
        m->sum[i] += (double)weights[i];
}

static void add_distances(void *context, const float *weights) {
    struct moments *m = context;
    const float *mean = decoder_mean(m->d);
    for (int k = 0; k < m->d->rnn_table.count; k++) {
        const struct param *p = &m->d->rnn_table.list[k];
        for (size_t i = p->offset; i < p->offset + p->size; i++)
            m->square[k] += ((double)weights[i] - (double)mean[i]) * ((double)weights[i] - (double)mean[i]);
    }
}

// Mean and deviation of the training RNNs; a tensor that is the same in all of them has deviation 1.
static enum status standardise(struct reconstruction *r, struct error *error) {
    struct decoder *d = r->decoder;
    size_t P = d->rnn_table.size;
    int parameters = d->rnn_table.count, n = r->internal->count[SPLIT_TRAIN];
    struct moments m = {d, memory_calloc(P, sizeof *m.sum), memory_calloc((size_t)parameters, sizeof *m.square)};
    enum status status = each_rnn(r, false, add_weights, &m, error);
    for (size_t i = 0; i < P; i++)
        decoder_mean(d)[i] = (float)(m.sum[i] / n);
    if (status == STATUS_OK)
        status = each_rnn(r, false, add_distances, &m, error);
    for (int k = 0; k < parameters; k++) {
        float deviation = (float)sqrt(m.square[k] / ((double)n * (double)d->rnn_table.list[k].size));
        decoder_deviation(d)[k] = deviation > 0 && isfinite(deviation) ? deviation : 1;
    }
    free(m.sum);
    free(m.square);
    return status;
}

// --- Making ---

// A checkpoint goes on only with the training that made it: same data, networks and recipe (but for the number of steps and threads).
static uint64_t fingerprint(const struct reconstruction *r) {
    const struct reconstruction_recipe *recipe = &r->recipe;
    const struct learner_recipe *l = &recipe->learner;
    char text[512];
    snprintf(text, sizeof text, "%s %" PRIu64 " %" PRIu64 " / %d %.17g %.17g %.17g %.17g %" PRIu64 " %" PRIu64 " / %.17g %d %d %d",
             r->encoder->type->name, r->encoder->step, r->decoder->step, l->batch, l->rate, l->decay, l->clip, l->anneal,
             l->anneal > 0 ? l->steps : 0, l->seed, recipe->structure, recipe->rollouts, recipe->validate_every, recipe->patience);
    uint64_t h = hash_bytes(r->internal->data->hash, text, strlen(text));
    h = hash_bytes(h, &r->decoder->config, sizeof r->decoder->config);
    h = encoder_config_hash(h, &r->encoder->config);
    h = hash_floats(h, r->encoder->values, r->encoder->table.size);
    return hash_floats(h, r->decoder->values, r->decoder->table.size);
}

// s and b.
static enum status measure_units(struct reconstruction *r, struct error *error) {
    struct reconstruction_internal *in = r->internal;
    int count = in->count[SPLIT_TRAIN] < r->recipe.learner.batch ? in->count[SPLIT_TRAIN] : r->recipe.learner.batch;
    enum status status = learner_evaluate(r->learner, in->items[SPLIT_TRAIN], count, 0, &in->structure_unit, error);
    in->behaviour_unit = r->learner->beside;
    if (status == STATUS_OK && (!isfinite(in->structure_unit) || !isfinite(in->behaviour_unit)))
        return error_set(error, STATUS_DATA, "%s: the loss of the networks as they are is not finite", in->data->name);
    in->structure_unit = in->structure_unit > 0 ? in->structure_unit : 1;
    in->behaviour_unit = in->behaviour_unit > 0 ? in->behaviour_unit : 1;
    return status;
}

static enum status begin(struct reconstruction *r, struct error *error) {
    struct reconstruction_internal *in = r->internal;
    if (each_rnn(r, true, NULL, NULL, error) != STATUS_OK)
        return error->status;
    for (int s = 0; s < SPLIT_COUNT; s++)
        in->count[s] = dataset_select(in->data, split_names[s], &in->items[s]);
    if (in->count[SPLIT_TRAIN] == 0)
        return error_set(error, STATUS_DATA, "%s: no record of split 'train'", in->data->name);
    if (r->decoder->step == 0 && standardise(r, error) != STATUS_OK)
        return error->status;
    r->learner = learner_new(r->encoder, &r->decoder->table, r->decoder->values, in->items[SPLIT_TRAIN], in->count[SPLIT_TRAIN],
                             &r->recipe.learner, &reconstruction_task, r);
    in->fingerprint = fingerprint(r);
    return measure_units(r, error);
}

enum status reconstruction_new(struct reconstruction **out, struct encoder *encoder, struct decoder *decoder, const struct dataset *data,
                               const struct reconstruction_recipe *recipe, struct error *error) {
    if (decoder->config.z != encoder->config.z)
        return error_set(error, STATUS_DATA, "decoder and encoder don't fit each other: z of %d and %d", decoder->config.z,
                         encoder->config.z);
    struct reconstruction *r = memory_calloc(1, sizeof *r);
    *r = (struct reconstruction){.encoder = encoder, .decoder = decoder, .recipe = *recipe};
    r->internal = memory_calloc(1, sizeof *r->internal);
    r->internal->data = data;
    if (begin(r, error) != STATUS_OK) {
        reconstruction_free(r);
        return error->status;
    }
    *out = r;
    return STATUS_OK;
}

void reconstruction_free(struct reconstruction *r) {
    if (!r)
        return;
    learner_free(r->learner);
    for (int s = 0; s < SPLIT_COUNT; s++)
        free(r->internal->items[s]);
    free(r->internal);
    free(r->curve);
    free(r);
}

// --- Training ---

void reconstruction_add_point(struct reconstruction *r, const struct reconstruction_point *point) {
    r->curve = memory_room(r->curve, (size_t)r->curve_count, &r->internal->curve_capacity, sizeof *r->curve);
    r->curve[r->curve_count++] = *point;
}

static enum status diverged(struct reconstruction *r, uint64_t step) {
    r->diverged_at = step;
    r->stopped = true;
    return STATUS_DIVERGED;
}

static enum status judge_split(struct reconstruction *r, int split, struct reconstruction_point *point, struct error *error) {
    const struct reconstruction_internal *in = r->internal;
    double beta = r->recipe.structure;
    *point = (struct reconstruction_point){.step = r->learner->step, .split = split_names[split]};
    enum status status = learner_evaluate(r->learner, in->items[split], in->count[split], r->learner->step, &point->structure, error);
    point->behaviour = r->learner->beside;
    point->loss = beta * point->structure / in->structure_unit + (1 - beta) * point->behaviour / in->behaviour_unit;
    if (status == STATUS_OK && !isfinite(point->loss))
        return error_set(error, STATUS_DIVERGED, "training diverged at step %" PRIu64 ": a validation is not finite", point->step);
    return status;
}

// A point for each split; *judged is the loss by which networks are judged.
static enum status judge_splits(struct reconstruction *r, double *judged, struct error *error) {
    struct reconstruction_internal *in = r->internal;
    struct reconstruction_point point = {r->learner->step, split_names[SPLIT_TRAIN], in->train_sum / in->train_steps, NAN, NAN};
    if (in->count[SPLIT_VALIDATION] == 0 && judge_split(r, SPLIT_TRAIN, &point, error) != STATUS_OK)
        return error->status;
    *judged = point.loss;
    in->train_sum = in->train_steps = 0;
    reconstruction_add_point(r, &point);
    for (int s = 0; s < SPLIT_COUNT; s++) {
        if (s == SPLIT_TRAIN || in->count[s] == 0)
            continue;
        if (judge_split(r, s, &point, error) != STATUS_OK)
            return error->status;
        reconstruction_add_point(r, &point);
        if (s == SPLIT_VALIDATION)
            *judged = point.loss;
    }
    return STATUS_OK;
}

// Judges the networks, and keeps them if they are the best so far.
static enum status validate(struct reconstruction *r, struct error *error) {
    double judged = INFINITY;
    enum status status = judge_splits(r, &judged, error);
    if (status != STATUS_OK)
        return status == STATUS_DIVERGED ? diverged(r, r->learner->step) : status;
    learner_keep(r->learner, judged);
    r->stopped = learner_out_of_patience(r->learner, r->recipe.patience);
    return STATUS_OK;
}

enum status reconstruction_step(struct reconstruction *r, double *loss, struct error *error) {
    enum status status = learner_step(r->learner, loss, error);
    if (status == STATUS_DIVERGED)
        return diverged(r, r->learner->step + 1);
    if (status != STATUS_OK)
        return status;
    r->decoder->step++;
    r->internal->train_sum += *loss;
    r->internal->train_steps++;
    return r->learner->step % (uint64_t)r->recipe.validate_every == 0 ? validate(r, error) : STATUS_OK;
}

enum status reconstruction_finish(struct reconstruction *r, struct error *error) {
    enum status status = STATUS_OK;
    if (!r->diverged_at && r->internal->train_steps) // steps since the last validation that was due
        status = validate(r, error);
    if (status != STATUS_OK && status != STATUS_DIVERGED)
        return status;
    learner_restore(r->learner);
    r->decoder->step -= r->learner->step - r->learner->best.step;
    r->encoder->diverged_at = r->diverged_at;
    r->decoder->knows_encoder = true;
    r->decoder->encoder = encoder_identity(r->encoder);
    return STATUS_OK;
}
