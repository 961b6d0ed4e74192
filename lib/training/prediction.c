#include "training/prediction.h"

#include "base/hash.h"
#include "base/memory.h"
#include "training/prediction_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- Who is seen ---

static const uint64_t half_seed = 5; // part of the format; cuts the OOD languages of three, four and five letters into nearly equal halves

bool prediction_seen(const char *split, const struct task *task) {
    if (!*split || strcmp(split, split_names[SPLIT_TRAIN]) == 0)
        return true;
    if (strcmp(split, split_names[SPLIT_OOD]) != 0)
        return false;
    return task->value || task->family ? task_hash(task, half_seed) & 1 : false;
}

// --- Data ---

struct prediction_internal {
    struct encoder *encoder; // may be NULL
    const struct dataset *data;
    const struct target *target;
    struct predictor_config config;
    double *truth;          // [items, answers]
    float *z;               // [items, Z]; NULL with an encoder
    int *items, *judged[2]; // training items; those of validation and ood that are not seen
    int item_count, judged_count[2];
    int log_every, since_point;
    double loss_sum; // of the steps since the last point of the curve
    int curve_capacity;
    // The networks at the point of the curve with the least loss: what is left when the training diverges.
    float *best_encoder, *best_predictor;
    double best_loss; // infinity: those that came
    uint64_t best_step;
};

static const enum split judged_splits[2] = {SPLIT_VALIDATION, SPLIT_OOD};

static enum status blame(const struct dataset *data, int item, struct error *error) {
    return error_prefix(error, "%s: byte %llu", data->name, (unsigned long long)data->items[item].offset);
}

// What the first record tells about the sizes of the predictor.
static enum status sizes_from_data(struct prediction_internal *in, struct error *error) {
    struct predictor_config *config = &in->config;
    struct value_nodes nodes = {0};
    struct rnn_record record;
    struct array z;
    enum status status = dataset_read(in->data, 0, &nodes, &record, error);
    if (status == STATUS_OK && in->encoder) {
        for (int i = 0; i < in->data->forms.count && status == STATUS_OK; i++)
            status = encoder_fits(in->encoder, &in->data->forms.list[i]->arch, error);
        config->z = in->encoder->config.z;
    } else if (status == STATUS_OK) {
        status = prediction_z_open(record.root, &z, error);
        config->z = status == STATUS_OK ? (int)z.count : 0;
    }
    const struct family_target *own = record.task.family ? family_target(record.task.family, in->target->name) : NULL;
    double truth[FAMILY_ANSWERS];
    if (status == STATUS_OK && own && own->list)
        config->tokens = 1 + own->truth(record.task.body.bytes, truth);
    free(nodes.node);
    return status == STATUS_OK ? status : blame(in->data, 0, error);
}

// Sorts item i into training or judging and reads what is wanted of it.
static enum status take_item(struct prediction_internal *in, int i, struct value_nodes *nodes, struct error *error) {
    struct rnn_record record;
    if (dataset_read(in->data, i, nodes, &record, error) != STATUS_OK)
        return error->status;
    bool used = prediction_seen(record.split, &record.task);
    if (used)
        in->items[in->item_count++] = i;
    for (int k = 0; !used && k < 2; k++)
        if (strcmp(record.split, split_names[judged_splits[k]]) == 0) {
            in->judged[k][in->judged_count[k]++] = i;
            used = true;
        }
    if (!used)
        return STATUS_OK;
    int Z = in->config.z, answers = predictor_answers(in->target, &in->config);
    double *truth = in->truth + (size_t)i * (size_t)answers;
    enum status status = in->target->truth(in->target, &record, answers, truth, error);
    if (status == STATUS_OK)
        status = predictor_add_class(&in->config, in->target, *truth, error);
    return status == STATUS_OK && in->z ? prediction_z_read(record.root, Z, in->z + (size_t)i * (size_t)Z, error) : status;
}

static enum status take_items(struct prediction_internal *in, struct error *error) {
    size_t n = (size_t)in->data->count;
    in->truth = memory_calloc(n * (size_t)predictor_answers(in->target, &in->config), sizeof *in->truth);
    in->z = in->encoder ? NULL : memory_calloc(n * (size_t)in->config.z, sizeof *in->z);
    in->items = memory_alloc(n * sizeof *in->items);
    for (int k = 0; k < 2; k++)
        in->judged[k] = memory_alloc(n * sizeof **in->judged);
    struct value_nodes nodes = {0};
    enum status status = STATUS_OK;
    for (int i = 0; i < in->data->count && status == STATUS_OK; i++) {
        status = take_item(in, i, &nodes, error);
        if (status != STATUS_OK)
            blame(in->data, i, error);
    }
    free(nodes.node);
    if (status == STATUS_OK && in->item_count == 0)
        status = error_set(error, STATUS_DATA, "%s: no record is for training", in->data->name);
    return status;
}

// --- The learner's task ---

struct lane_samples {
    double truth[LANE_SIZE * PREDICTOR_MAX_ANSWERS];
    float *z; // [LANE_SIZE, Z]
};

static void *lane_new(void *context) {
    const struct prediction *p = context;
    struct lane_samples *s = memory_calloc(1, sizeof *s);
    s->z = memory_alloc(LANE_SIZE * (size_t)p->predictor->config.z * sizeof *s->z);
    return s;
}

static void lane_free(void *data) {
    struct lane_samples *s = data;
    free(s->z);
    free(s);
}

static enum status load(void *context, struct lane *lane, struct error *error) {
    const struct prediction *p = context;
    const struct prediction_internal *in = p->internal;
    struct lane_samples *s = lane->data;
    size_t Z = (size_t)p->predictor->config.z, answers = (size_t)p->predictor->answers;
    for (int i = 0; i < lane->count; i++) {
        size_t item = (size_t)lane->items[i];
        memcpy(s->truth + (size_t)i * answers, in->truth + item * answers, answers * sizeof *s->truth);
        if (in->z) {
            memcpy(s->z + (size_t)i * Z, in->z + item * Z, Z * sizeof *s->z);
            continue;
        }
        struct rnn_record record;
        if (dataset_read(in->data, lane->items[i], &lane->nodes, &record, error) != STATUS_OK ||
            rnn_loader_load(&lane->rnns, i, &record, error) != STATUS_OK)
            return blame(in->data, lane->items[i], error);
    }
    return STATUS_OK;
}

static struct tensor *embedding(void *context, struct lane *lane) {
    const struct prediction *p = context;
    struct lane_samples *s = lane->data;
    return tape_leaf(&lane->tape, lane->count, p->predictor->config.z, s->z, NULL);
}

static struct tensor *loss_of_lane(void *context, struct lane *lane, const struct weights *head, struct tensor *z) {
    const struct prediction *p = context;
    const struct lane_samples *s = lane->data;
    return predictor_loss(&lane->tape, p->predictor, head, z, s->truth);
}

static const struct learner_task prediction_task = {
    .lane_new = lane_new, .lane_free = lane_free, .load = load, .embedding = embedding, .loss = loss_of_lane};

// --- Training ---

static void standardise(struct prediction *p) {
    const struct prediction_internal *in = p->internal;
    double *truth = memory_alloc((size_t)in->item_count * sizeof *truth);
    for (int i = 0; i < in->item_count; i++)
        truth[i] = in->truth[in->items[i] * p->predictor->answers];
    predictor_standardise(p->predictor, truth, in->item_count);
    free(truth);
}

static void copy_floats(float *to, const float *from, const struct params *table) {
    memcpy(to, from, table->size * sizeof *to);
}

static void remember_best(struct prediction *p, double loss) {
    struct prediction_internal *in = p->internal;
    in->best_loss = loss;
    in->best_step = p->learner->step;
    copy_floats(in->best_predictor, p->predictor->values, &p->predictor->table);
    if (in->encoder)
        copy_floats(in->best_encoder, in->encoder->values, &in->encoder->table);
}

static void restore_best(struct prediction *p) {
    struct prediction_internal *in = p->internal;
    copy_floats(p->predictor->values, in->best_predictor, &p->predictor->table);
    p->predictor->step = in->best_step;
    if (!in->encoder)
        return;
    copy_floats(in->encoder->values, in->best_encoder, &in->encoder->table);
    in->encoder->step -= p->learner->step - in->best_step;
    in->encoder->diverged_at = p->diverged_at;
}

enum status prediction_new(struct prediction **out, struct encoder *encoder, const struct target *target, const struct dataset *data,
                           const struct prediction_recipe *recipe, struct error *error) {
    struct prediction *p = memory_calloc(1, sizeof *p);
    p->internal = memory_calloc(1, sizeof *p->internal);
    struct prediction_internal *in = p->internal;
    *in = (struct prediction_internal){
        .encoder = encoder, .data = data, .target = target, .config = predictor_default_config, .log_every = recipe->log_every};
    in->config.hidden = recipe->hidden;
    in->config.layers = recipe->layers;
    enum status status = sizes_from_data(in, error);
    if (status == STATUS_OK)
        status = take_items(in, error);
    if (status != STATUS_OK) {
        prediction_free(p);
        return status;
    }
    p->predictor = predictor_new(target, &in->config, recipe->learner.seed);
    standardise(p);
    p->learner =
        learner_new(encoder, &p->predictor->table, p->predictor->values, in->items, in->item_count, &recipe->learner, &prediction_task, p);
    in->best_predictor = memory_alloc(p->predictor->table.size * sizeof(float));
    in->best_encoder = encoder ? memory_alloc(encoder->table.size * sizeof(float)) : NULL;
    remember_best(p, INFINITY);
    *out = p;
    return STATUS_OK;
}

void prediction_free(struct prediction *p) {
    if (!p)
        return;
    learner_free(p->learner);
    predictor_free(p->predictor);
    struct prediction_internal *in = p->internal;
    free(in->truth);
    free(in->z);
    free(in->items);
    free(in->judged[0]);
    free(in->judged[1]);
    free(in->best_encoder);
    free(in->best_predictor);
    free(in);
    free(p->curve);
    free(p);
}

static void add_point(struct prediction *p) {
    struct prediction_internal *in = p->internal;
    if (p->curve_count == in->curve_capacity) {
        int more = in->curve_capacity ? 2 * in->curve_capacity : 16;
        p->curve = memory_realloc(p->curve, (size_t)p->curve_count * sizeof *p->curve, (size_t)more * sizeof *p->curve);
        in->curve_capacity = more;
    }
    double loss = in->loss_sum / in->since_point;
    p->curve[p->curve_count++] = (struct prediction_point){p->learner->step, loss};
    in->loss_sum = in->since_point = 0;
    if (loss < in->best_loss)
        remember_best(p, loss);
}

enum status prediction_step(struct prediction *p, double *loss, struct error *error) {
    enum status status = learner_step(p->learner, loss, error);
    if (status == STATUS_DIVERGED)
        p->diverged_at = p->learner->step + 1;
    if (status != STATUS_OK)
        return status;
    p->predictor->step = p->learner->step;
    p->internal->loss_sum += *loss;
    if (++p->internal->since_point == p->internal->log_every)
        add_point(p);
    return STATUS_OK;
}

enum status prediction_finish(struct prediction *p, struct predictor_losses *losses, struct error *error) {
    struct prediction_internal *in = p->internal;
    if (p->diverged_at)
        restore_best(p);
    else if (in->since_point)
        add_point(p);
    *losses = (struct predictor_losses){.train = p->curve_count ? p->curve[p->curve_count - 1].loss : NAN, .diverged_at = p->diverged_at};
    if (p->diverged_at)
        losses->train = isfinite(in->best_loss) ? in->best_loss : NAN;
    double *judged[2] = {&losses->validation, &losses->ood};
    for (int k = 0; k < 2; k++)
        if (learner_evaluate(p->learner, in->judged[k], in->judged_count[k], p->learner->step, judged[k], error) != STATUS_OK)
            return error->status;
    predictor_unstandardise(p->predictor);
    return STATUS_OK;
}
