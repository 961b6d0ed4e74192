#include "training/prediction.h"

#include "base/memory.h"
#include "records/embedding.h"
#include "records/path.h"
#include "base/hash.h"
#include "training/prediction_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- Who is seen ---

static const uint64_t half_seed = 5; // part of the format; cuts the OOD languages of three, four and five letters into nearly equal halves

bool prediction_seen(const struct rnn_record *record) {
    if (!*record->split || strcmp(record->split, split_names[SPLIT_TRAIN]) == 0)
        return true;
    if (strcmp(record->split, split_names[SPLIT_OOD]) != 0)
        return false;
    const struct task *task = &record->task; // where there is none, a run is a task of its own
    return (task->value || task->family ? task_hash(task, half_seed) : hash_mix(half_seed ^ record->run)) & 1;
}

// --- Data ---

static enum status blame(const struct dataset *data, int item, struct error *error) {
    return error_prefix(error, "%s: byte %llu", data->name, (unsigned long long)data->items[item].offset);
}

static enum part part_of(const struct rnn_record *record) {
    if (prediction_seen(record))
        return PART_TRAINING;
    if (strcmp(record->split, split_names[SPLIT_VALIDATION]) == 0)
        return PART_VALIDATION;
    return strcmp(record->split, split_names[SPLIT_OOD]) == 0 ? PART_OOD : PART_NONE;
}

// What the first record tells about the sizes of the predictor.
static enum status sizes_from_data(struct prediction_internal *in, struct error *error) {
    struct predictor_config *config = &in->config;
    struct value_nodes nodes = {0};
    struct rnn_record record;
    struct array z;
    int i = 0;
    enum status status = dataset_read(in->data, i, &nodes, &record, error);
    if (status == STATUS_OK && in->encoder) {
        for (int form = 0; form < in->data->forms.count && status == STATUS_OK; form++) {
            i = dataset_first(in->data, in->data->forms.list[form]);
            status = encoder_fits(in->encoder, &in->data->items[i].form->arch, error);
        }
        config->z = in->encoder->config.z;
    } else if (status == STATUS_OK) {
        status = embedding_z_open(record.root, &z, error);
        config->z = status == STATUS_OK ? (int)z.count : 0;
    }
    free(nodes.node);
    return status == STATUS_OK ? status : blame(in->data, i, error);
}

// --- What the data have: the property's kind and classes ---

static enum status survey_item(struct prediction *p, struct survey *survey, int i, struct value_nodes *nodes, struct error *error) {
    struct prediction_internal *in = p->internal;
    struct rnn_record record;
    struct answers truth;
    if (dataset_read(in->data, i, nodes, &record, error) != STATUS_OK)
        return error->status;
    enum part part = part_of(&record);
    if (part == PART_NONE)
        return STATUS_OK;
    if (property_truth(&in->property, record.root, &truth, error) != STATUS_OK)
        return error->status;
    p->used++;
    p->left_out += truth.count == 0;
    if (truth.count == 0)
        return STATUS_OK;
    in->part[i] = (uint8_t)part;
    return property_show(&in->property, survey, &truth, error);
}

// No record tells the property: the message says what there is in the first one.
static enum status nothing_told(const struct prediction_internal *in, struct error *error) {
    struct value_nodes nodes = {0};
    struct rnn_record record;
    char names[sizeof error->text / 2];
    if (dataset_read(in->data, 0, &nodes, &record, error) == STATUS_OK) {
        path_names(record.root, property_path(&in->property), names, sizeof names);
        error_set(error, STATUS_DATA, "%s: target '%s': no record has the field '%s' (or a finite number in it); %s", in->data->name,
                  in->property.name, property_path(&in->property), names);
    }
    free(nodes.node);
    return error->status;
}

static enum status survey(struct prediction *p, struct error *error) {
    struct prediction_internal *in = p->internal;
    struct value_nodes nodes = {0};
    struct survey survey = {0};
    enum status status = STATUS_OK;
    in->part = memory_calloc((size_t)in->data->count, 1);
    for (int i = 0; i < in->data->count && status == STATUS_OK; i++) {
        status = survey_item(p, &survey, i, &nodes, error);
        if (status != STATUS_OK)
            blame(in->data, i, error);
    }
    free(nodes.node);
    if (status != STATUS_OK)
        return status;
    if (p->used && p->left_out == p->used)
        return nothing_told(in, error);
    return property_settle(&in->property, &survey, error) == STATUS_OK ? STATUS_OK : error_prefix(error, "%s", in->data->name);
}

// --- Truths and embeddings ---

static enum status truth_of_item(const struct prediction_internal *in, const struct rnn_record *record, double *truth,
                                 struct error *error) {
    struct answers a;
    if (property_truth(&in->property, record->root, &a, error) != STATUS_OK)
        return error->status;
    for (int k = 0; k < in->property.answers; k++) {
        truth[k] = k < a.count ? property_value(&in->property, &a.label[k]) : -1;
        if (in->property.kind == PROPERTY_CLASSES && truth[k] < 0)
            return error_set(error, STATUS_DATA, "target '%s': the field '%s' is none of its classes", in->property.name,
                             property_path(&in->property));
    }
    return STATUS_OK;
}

// Sorts item i into training or judging and reads what is wanted of it.
static enum status take_item(struct prediction *p, int i, struct value_nodes *nodes, struct error *error) {
    struct prediction_internal *in = p->internal;
    struct rnn_record record;
    if (in->part[i] == PART_NONE)
        return STATUS_OK;
    if (dataset_read(in->data, i, nodes, &record, error) != STATUS_OK)
        return error->status;
    if (in->part[i] == PART_TRAINING)
        in->items[in->item_count++] = i;
    else
        in->judged[in->part[i] - PART_VALIDATION][in->judged_count[in->part[i] - PART_VALIDATION]++] = i;
    size_t Z = (size_t)in->config.z, item = (size_t)i;
    if (truth_of_item(in, &record, in->truth + item * (size_t)in->property.answers, error) != STATUS_OK)
        return error->status;
    return in->z ? embedding_z_read(record.root, in->config.z, in->z + item * Z, error) : STATUS_OK;
}

static enum status take_items(struct prediction *p, struct error *error) {
    struct prediction_internal *in = p->internal;
    size_t n = (size_t)in->data->count;
    in->truth = memory_calloc(n * (size_t)in->property.answers, sizeof *in->truth);
    in->z = in->encoder ? NULL : memory_calloc(n * (size_t)in->config.z, sizeof *in->z);
    in->items = memory_alloc(n * sizeof *in->items);
    for (int k = 0; k < 2; k++)
        in->judged[k] = memory_alloc(n * sizeof **in->judged);
    struct value_nodes nodes = {0};
    enum status status = STATUS_OK;
    for (int i = 0; i < in->data->count && status == STATUS_OK; i++) {
        status = take_item(p, i, &nodes, error);
        if (status != STATUS_OK)
            blame(in->data, i, error);
    }
    free(nodes.node);
    if (status == STATUS_OK && in->item_count == 0)
        status = error_set(error, STATUS_DATA, "%s: no record is for training", in->data->name);
    return status;
}

// The encoders of the embeddings that are used, into the predictor.
static enum status note_encoders(struct prediction *p, struct error *error) {
    const struct prediction_internal *in = p->internal;
    struct value_nodes nodes = {0};
    enum status status = STATUS_OK;
    p->predictor->knows_encoders = true;
    for (int i = 0; i < in->data->count && status == STATUS_OK; i++) {
        struct rnn_record record;
        struct encoder_identity id;
        if (in->part[i] == PART_NONE)
            continue;
        status = dataset_read(in->data, i, &nodes, &record, error);
        const struct value *encoder = status == STATUS_OK ? value_get(record.root, "encoder") : NULL;
        if (encoder)
            status = encoder_identity_read(encoder, &id, error);
        if (encoder && status == STATUS_OK)
            predictor_add_encoder(p->predictor, &id);
        if (status != STATUS_OK)
            blame(in->data, i, error);
    }
    free(nodes.node);
    return status;
}

// --- The learner's task ---

struct lane_samples {
    double truth[LANE_SIZE * ANSWERS_MAX];
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

// Other forms of the lane's RNNs. A mixed RNN has the mixed truth where that is a number, else that of whom it has more of.
static void augment(const struct prediction *p, struct lane *lane) {
    const struct prediction_internal *in = p->internal;
    struct mixture mix[LANE_SIZE];
    struct lane_samples *s = lane->data;
    size_t answers = (size_t)p->predictor->answers;
    if (!lane->training || !augmentation_any(&in->augmentation))
        return;
    augmentation_draw(&in->augmentation, &lane->rnns, lane->count, &lane->rng, mix);
    for (size_t k = 0, n = (size_t)lane->count * answers; k < n; k++) {
        const struct mixture *m = &mix[k / answers];
        double own = s->truth[k], other = in->truth[(size_t)lane->items[m->other] * answers + k % answers], share = (double)m->share;
        s->truth[k] = in->property.kind == PROPERTY_NUMBER ? share * own + (1 - share) * other : m->share >= 0.5F ? own : other;
    }
    augmentation_apply(&in->augmentation, &lane->rnns, lane->count, mix, &lane->rng);
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
    if (dataset_check(in->data, error) != STATUS_OK) // all has been copied by now
        return error->status;
    if (in->encoder)
        augment(p, lane);
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
    size_t answers = (size_t)p->predictor->answers;
    double *truth = memory_alloc((size_t)in->item_count * answers * sizeof *truth);
    for (int i = 0; i < in->item_count; i++)
        memcpy(truth + (size_t)i * answers, in->truth + (size_t)in->items[i] * answers, answers * sizeof *truth);
    predictor_standardise(p->predictor, truth, in->item_count);
    free(truth);
}

// A checkpoint goes on only with the training that made it: same data, property, networks and recipe (but for the number of steps and
// threads).
static uint64_t fingerprint(const struct prediction *p) {
    const struct prediction_internal *in = p->internal;
    const struct learner_recipe *r = &p->learner->recipe;
    char text[512];
    snprintf(text, sizeof text, "%s %d / %d %.17g %.17g %.17g %.17g %llu / %d %d", in->property.name, (int)in->property.kind, r->batch,
             r->rate, r->encoder_rate, r->decay, r->clip, (unsigned long long)r->seed, in->log_every, in->item_count);
    uint64_t h = augmentation_hash(hash_bytes(in->data->hash, text, strlen(text)), &in->augmentation);
    h = hash_floats(h, p->predictor->values, p->predictor->table.size);
    if (!in->encoder)
        return h;
    h = hash_bytes(h, in->encoder->type->name, strlen(in->encoder->type->name));
    h = hash_mix(encoder_config_hash(h, &in->encoder->config) ^ in->encoder->step);
    return hash_floats(h, in->encoder->values, in->encoder->table.size);
}

// The predictor and what trains it, for data that have been taken.
static enum status begin(struct prediction *p, const struct prediction_recipe *recipe, struct error *error) {
    struct prediction_internal *in = p->internal;
    p->predictor = predictor_new(&in->property, &in->config, recipe->learner.seed);
    p->predictor->mode = !in->encoder ? MODE_FROZEN : in->encoder->step ? MODE_TUNED : MODE_LABELS;
    standardise(p);
    p->learner = learner_new(in->encoder, &p->predictor->table, p->predictor->values, in->items, in->item_count, &recipe->learner,
                             &prediction_task, p);
    in->fingerprint = fingerprint(p);
    return in->encoder ? STATUS_OK : note_encoders(p, error);
}

void prediction_sift_init(struct prediction_sift *s, const struct encoder *encoder, const struct property *properties, int count) {
    *s = (struct prediction_sift){.encoder = encoder,
                                  .count = count,
                                  .properties = memory_calloc((size_t)count, sizeof *s->properties),
                                  .surveys = memory_calloc((size_t)count, sizeof *s->surveys)};
    for (int i = 0; i < count; i++)
        s->properties[i] = property_copy(&properties[i]);
    rnn_loader_init(&s->rnn, 1);
}

void prediction_sift_free(struct prediction_sift *s) {
    for (int i = 0; i < s->count; i++)
        property_free(&s->properties[i]);
    free(s->properties);
    free(s->surveys);
    rnn_loader_free(&s->rnn);
}

// Asks whether the answers agree with those before; show: makes them some of these.
static enum status answers_usable(struct prediction_sift *s, const struct rnn_record *record, bool show, struct error *error) {
    struct answers truth;
    for (int i = 0; i < s->count; i++) {
        struct property *p = &s->properties[i];
        struct survey *survey = &s->surveys[i];
        if (property_truth(p, record->root, &truth, error) != STATUS_OK ||
            (truth.count && (show ? property_show(p, survey, &truth, error) : property_agrees(p, survey, &truth, error)) != STATUS_OK))
            return error->status;
    }
    return STATUS_OK;
}

// z: how many numbers it has.
static enum status embedding_usable(const struct prediction_sift *s, const struct rnn_record *record, int *z, struct error *error) {
    const struct value *encoder = value_get(record->root, "encoder");
    struct encoder_identity id;
    struct array array;
    if ((encoder && encoder_identity_read(encoder, &id, error) != STATUS_OK) || embedding_z_open(record->root, &array, error) != STATUS_OK)
        return error->status;
    *z = (int)array.count;
    float *numbers = memory_alloc(array.count * sizeof *numbers);
    enum status status = embedding_z_read(record->root, s->z ? s->z : *z, numbers, error);
    free(numbers);
    return status;
}

enum status prediction_usable(void *context, const struct rnn_record *record, struct error *error) {
    struct prediction_sift *s = context;
    int z = 0;
    enum status status = s->encoder ? encoder_fits(s->encoder, &record->arch, error) : embedding_usable(s, record, &z, error);
    if (status == STATUS_OK && s->encoder)
        status = rnn_loader_load(&s->rnn, 0, record, error);
    if (status != STATUS_OK || answers_usable(s, record, false, error) != STATUS_OK)
        return error->status;
    s->z = z; // only now: those that can't be used tell nothing of the others
    return answers_usable(s, record, true, error);
}

enum status prediction_new(struct prediction **out, struct encoder *encoder, const struct property *property, const struct dataset *data,
                           const struct prediction_recipe *recipe, struct error *error) {
    struct prediction *p = memory_calloc(1, sizeof *p);
    p->internal = memory_calloc(1, sizeof *p->internal);
    struct prediction_internal *in = p->internal;
    *in = (struct prediction_internal){.encoder = encoder,
                                       .data = data,
                                       .property = property_copy(property),
                                       .config = predictor_default_config,
                                       .augmentation = recipe->augmentation,
                                       .log_every = recipe->log_every};
    in->config.hidden = recipe->hidden;
    in->config.layers = recipe->layers;
    if ((!encoder || augmentation_check(&recipe->augmentation, encoder, error) == STATUS_OK) && sizes_from_data(in, error) == STATUS_OK &&
        survey(p, error) == STATUS_OK && take_items(p, error) == STATUS_OK && begin(p, recipe, error) == STATUS_OK) {
        *out = p;
        return STATUS_OK;
    }
    prediction_free(p);
    return error->status;
}

void prediction_free(struct prediction *p) {
    if (!p)
        return;
    learner_free(p->learner);
    predictor_free(p->predictor);
    struct prediction_internal *in = p->internal;
    property_free(&in->property);
    free(in->part);
    free(in->truth);
    free(in->z);
    free(in->items);
    free(in->judged[0]);
    free(in->judged[1]);
    free(in);
    free(p->curve);
    free(p);
}

void prediction_add_point(struct prediction *p, uint64_t step, double loss) {
    p->curve = memory_room(p->curve, (size_t)p->curve_count, &p->internal->curve_capacity, sizeof *p->curve);
    p->curve[p->curve_count++] = (struct prediction_point){step, loss};
}

static void add_point(struct prediction *p) {
    struct prediction_internal *in = p->internal;
    double loss = in->loss_sum / in->since_point;
    prediction_add_point(p, p->learner->step, loss);
    in->loss_sum = in->since_point = 0;
    learner_keep(p->learner, loss); // what is left when the training diverges
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
    const struct learner_best *best = &p->learner->best;
    if (p->diverged_at) {
        learner_restore(p->learner);
        p->predictor->step = best->step;
        if (in->encoder)
            in->encoder->diverged_at = p->diverged_at;
    } else if (in->since_point) {
        add_point(p);
    }
    *losses = (struct predictor_losses){
        .train = p->curve_count ? p->curve[p->curve_count - 1].loss : NAN, .diverged_at = p->diverged_at, .best_step = p->predictor->step};
    if (p->diverged_at)
        losses->train = isfinite(best->loss) ? best->loss : NAN;
    double *judged[2] = {&losses->validation, &losses->ood};
    for (int k = 0; k < 2; k++)
        if (learner_evaluate(p->learner, in->judged[k], in->judged_count[k], p->learner->step, judged[k], error) != STATUS_OK)
            return error->status;
    if (in->encoder) {
        struct encoder_identity id = encoder_identity(in->encoder);
        predictor_add_encoder(p->predictor, &id);
    }
    return STATUS_OK;
}
