#include "training/emulation.h"

#include "base/hash.h"
#include "base/memory.h"
#include "training/emulation_internal.h"
#include "training/rollouts.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
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

static void *lane_new(void *context) {
    (void)context;
    return memory_calloc(1, sizeof(struct rollout_batch));
}

static void lane_free(void *data) {
    rollout_batch_free(data);
    free(data);
}

// Other forms of the lane's RNNs; what those that are mixed answer is mixed alike.
static void augment(const struct emulation *e, struct lane *lane) {
    const struct augmentation *a = &e->recipe.augmentation;
    struct mixture mix[LANE_SIZE];
    if (!lane->training || !augmentation_any(a))
        return;
    augmentation_draw(a, &lane->rnns, lane->count, &lane->rng, mix);
    for (int i = 0; i < lane->count; i++)
        if (mix[i].other != i)
            augmentation_mix_answers(lane->data, i, &lane->rnns.rnn[mix[i].other], mix[i].share);
    augmentation_apply(a, &lane->rnns, lane->count, mix, &lane->rng);
}

static enum status load(void *context, struct lane *lane, struct error *error) {
    struct emulation *e = context;
    for (int i = 0; i < lane->count; i++) {
        struct rnn_record record;
        if (dataset_read(e->internal->data, lane->items[i], &lane->nodes, &record, error) != STATUS_OK ||
            rnn_loader_load(&lane->rnns, i, &record, error) != STATUS_OK ||
            rollout_batch_load(lane->data, &record, rng_below(&lane->rng, record.logits.shape[0]), i, lane->count, error) != STATUS_OK)
            return error->status;
    }
    if (dataset_check(e->internal->data, error) != STATUS_OK) // all has been copied by now
        return error->status;
    augment(e, lane);
    return STATUS_OK;
}

static struct tensor *loss_of_lane(void *context, struct lane *lane, const struct weights *head, struct tensor *z) {
    struct emulation *e = context;
    return rollout_batch_loss(&lane->tape, e->emulator, head, z, lane->data, e->recipe.criterion);
}

static const struct learner_task emulation_task = {.lane_new = lane_new, .lane_free = lane_free, .load = load, .loss = loss_of_lane};

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
    if (encoder_fits(s->encoder, &record->arch, error) == STATUS_OK &&
        (!s->emulator || emulator_fits(s->emulator, &record->arch, error) == STATUS_OK) &&
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
            status = error_prefix(error, "run %" PRIu64 ", step %" PRIu64, record.run, record.step);
        if (status == STATUS_OK)
            status = rnn_loader_load(&rnn, 0, &record, error);
        if (status == STATUS_DATA)
            error_prefix(error, "%s", data->name);
    }
    rnn_loader_free(&rnn);
    free(nodes.node);
    return status;
}

// The variance of the answers in training, about the mean of each output: the unit of criterion mse.
static enum status measure_variance(const struct emulation *e, double *variance, struct error *error) {
    const struct emulation_internal *in = e->internal;
    int O = e->emulator->arch.output;
    double *mean = memory_calloc((size_t)O, sizeof *mean), square = 0, count = 0;
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
    free(mean);
    free(answer);
    free(nodes.node);
    *variance = square / (count * O);
    if (status == STATUS_OK && !((float)*variance > 0 && isfinite((float)*variance)))
        return error_set(error, STATUS_DATA, "%s: the RNNs' answers have variance %g: nothing to emulate", in->data->name, *variance);
    return status;
}

static uint64_t hash_floats(uint64_t h, const float *x, size_t n) {
    return hash_mix(h ^ hash_crc32(0, x, n * sizeof *x));
}

// A checkpoint goes on only with the training that made it: same data, networks and recipe (but for the number of steps and threads).
static uint64_t fingerprint(const struct emulation *e) {
    const struct emulation_recipe *r = &e->recipe;
    char text[512];
    snprintf(text, sizeof text, "%s %llu %llu / %llu %llu / %d %.17g %.17g %.17g %llu %d %d %d %.17g %llu", e->encoder->type->name,
             (unsigned long long)e->encoder->seed, (unsigned long long)e->encoder->step, (unsigned long long)e->emulator->seed,
             (unsigned long long)e->emulator->step, r->learner.batch, r->learner.rate, r->learner.decay, r->learner.clip,
             (unsigned long long)r->learner.seed, (int)r->criterion, r->validate_every, r->patience, r->learner.anneal,
             (unsigned long long)(r->learner.anneal > 0 ? r->learner.steps : 0));
    uint64_t h = augmentation_hash(hash_bytes(e->internal->data->hash, text, strlen(text)), &r->augmentation);
    const struct encoder_config *config = &e->encoder->config;
    h = hash_bytes(h, config, offsetof(struct encoder_config, range));
    if (config->range[0] < config->range[1])
        h = hash_bytes(h, config->range, sizeof config->range);
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
        const struct rnn_arch *arch = &data->forms.list[i]->arch;
        if (encoder_fits(encoder, arch, error) != STATUS_OK || emulator_fits(emulator, arch, error) != STATUS_OK ||
            criterion_check(criterion, arch, error) != STATUS_OK)
            return error->status;
    }
    return STATUS_OK;
}

enum status emulation_new(struct emulation **out, struct encoder *encoder, struct emulator *emulator, const struct dataset *data,
                          const struct emulation_recipe *recipe, struct error *error) {
    if (check_forms(encoder, emulator, recipe->criterion, data, error) != STATUS_OK ||
        augmentation_check(&recipe->augmentation, encoder, error) != STATUS_OK)
        return error_prefix(error, "%s", data->name);
    struct emulation *e = memory_calloc(1, sizeof *e);
    *e = (struct emulation){.encoder = encoder, .emulator = emulator, .recipe = *recipe, .best_loss = INFINITY};
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
    if (!rnn_answers_classes(&emulator->arch) && !(emulator->variance > 0) &&
        measure_variance(e, &emulator->variance, error) != STATUS_OK) {
        emulation_free(e);
        return error->status;
    }
    e->learner = learner_new(encoder, &emulator->table, emulator->values, in->items[SPLIT_TRAIN], in->count[SPLIT_TRAIN], &recipe->learner,
                             &emulation_task, e);
    in->best_encoder = memory_alloc(encoder->table.size * sizeof(float));
    in->best_emulator = memory_alloc(emulator->table.size * sizeof(float));
    memcpy(in->best_encoder, encoder->values, encoder->table.size * sizeof(float));
    memcpy(in->best_emulator, emulator->values, emulator->table.size * sizeof(float));
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
    free(e->internal->best_encoder);
    free(e->internal->best_emulator);
    free(e->internal);
    free(e->curve);
    free(e);
}

void emulation_add_point(struct emulation *e, uint64_t step, const char *split, double loss) {
    if (e->curve_count == e->internal->curve_capacity) {
        int more = e->internal->curve_capacity ? 2 * e->internal->curve_capacity : 64;
        e->curve = memory_realloc(e->curve, (size_t)e->curve_count * sizeof *e->curve, (size_t)more * sizeof *e->curve);
        e->internal->curve_capacity = more;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - e->internal->start.tv_sec) + 1e-9 * (double)(now.tv_nsec - e->internal->start.tv_nsec);
    e->curve[e->curve_count++] = (struct curve_point){step, split, loss, e->internal->seconds_before + seconds};
}

static enum status diverged(struct emulation *e, uint64_t step) {
    e->diverged_at = step;
    e->stopped = true;
    return STATUS_DIVERGED;
}

// The loss on the split by which networks are judged: validation, or train when there is none.
static enum status judge_splits(struct emulation *e, double *judged, struct error *error) {
    struct emulation_internal *in = e->internal;
    uint64_t step = e->learner->step;
    *judged = in->train_sum / (double)in->train_steps;
    emulation_add_point(e, step, split_names[SPLIT_TRAIN], *judged);
    in->train_sum = 0;
    in->train_steps = 0;
    for (int s = SPLIT_VALIDATION; s < SPLIT_COUNT; s++) {
        double loss;
        if (in->count[s] == 0)
            continue;
        if (learner_evaluate(e->learner, in->items[s], in->count[s], 0, &loss, error) != STATUS_OK) // 0: the same rollouts every time
            return error->status;
        if (!isfinite(loss)) {
            error_set(error, STATUS_DIVERGED, "training diverged at step %" PRIu64 ": the %s loss is not finite", step, split_names[s]);
            return diverged(e, step);
        }
        emulation_add_point(e, step, split_names[s], loss);
        if (s == SPLIT_VALIDATION)
            *judged = loss;
    }
    return STATUS_OK;
}

static enum status validate(struct emulation *e, struct error *error) {
    struct emulation_internal *in = e->internal;
    double judged;
    if (judge_splits(e, &judged, error) != STATUS_OK)
        return error->status;
    if (judged < e->best_loss) {
        e->best_loss = judged;
        e->best_step = e->learner->step;
        in->since_best = 0;
        memcpy(in->best_encoder, e->encoder->values, e->encoder->table.size * sizeof(float));
        memcpy(in->best_emulator, e->emulator->values, e->emulator->table.size * sizeof(float));
    } else {
        in->since_best++;
    }
    e->stopped = e->recipe.patience > 0 && in->since_best >= e->recipe.patience;
    return STATUS_OK;
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
    return e->learner->step % (uint64_t)e->recipe.validate_every == 0 ? validate(e, error) : STATUS_OK;
}

enum status emulation_finish(struct emulation *e, struct error *error) {
    enum status status = STATUS_OK;
    if (!e->diverged_at && e->internal->train_steps) // steps since the last validation that was due
        status = validate(e, error);
    if (status != STATUS_OK && status != STATUS_DIVERGED)
        return status;
    memcpy(e->encoder->values, e->internal->best_encoder, e->encoder->table.size * sizeof(float));
    memcpy(e->emulator->values, e->internal->best_emulator, e->emulator->table.size * sizeof(float));
    e->encoder->step -= e->learner->step - e->best_step;
    e->emulator->step -= e->learner->step - e->best_step;
    e->encoder->diverged_at = e->diverged_at;
    return STATUS_OK;
}
