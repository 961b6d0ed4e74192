// Applying a predictor to many records at once, which is several times as fast as one by one when an encoder is involved.
#include "base/memory.h"
#include "records/embedding.h"
#include "training/prediction_internal.h"

#include <math.h>
#include <stdlib.h>

struct prediction_batch *prediction_batch_new(const struct encoder *encoder, const struct predictor *const *predictors, int predictor_count,
                                              const char *label) {
    struct prediction_batch *b = memory_calloc(1, sizeof *b);
    *b = (struct prediction_batch){.encoder = encoder, .predictors = predictors, .predictor_count = predictor_count, .label = label};
    if (encoder)
        b->identity = encoder_identity(encoder);
    if (encoder)
        rnn_loader_init(&b->rnns, PREDICTION_BATCH);
    else
        b->z = memory_alloc(PREDICTION_BATCH * (size_t)predictors[0]->config.z * sizeof *b->z);
    b->predicted = memory_calloc((size_t)predictor_count, sizeof *b->predicted);
    for (int k = 0; k < predictor_count; k++)
        b->predicted[k] = memory_alloc(PREDICTION_BATCH * (size_t)predictors[k]->answers * sizeof **b->predicted);
    for (int i = 0; i < PREDICTION_BATCH; i++) {
        b->records[i] = memory_alloc((size_t)predictor_count * sizeof *b->records[i]);
        for (int k = 0; k < predictor_count; k++)
            b->records[i][k] = packer_new();
    }
    return b;
}

void prediction_batch_free(struct prediction_batch *b) {
    if (!b)
        return;
    for (int i = 0; i < PREDICTION_BATCH; i++) {
        for (int k = 0; k < b->predictor_count; k++)
            packer_free(b->records[i][k]);
        free(b->records[i]);
    }
    rnn_loader_free(&b->rnns);
    for (int k = 0; k < b->predictor_count; k++)
        free(b->predicted[k]);
    free(b->predicted);
    free(b->z);
    tape_free(&b->tape);
    free(b);
}

static void pack_predictor(struct packer *packer, const struct predictor *p) {
    pack_key(packer, "predictor");
    pack_map(packer);
    pack_key(packer, "seed");
    pack_u64(packer, p->seed);
    pack_key(packer, "step");
    pack_u64(packer, p->step);
    pack_end(packer);
    if (p->mode != MODE_UNKNOWN) {
        pack_key(packer, "mode");
        pack_str(packer, predictor_modes[p->mode]);
    }
}

void prediction_pack_head(struct packer *packer, const struct rnn_record *record, const struct encoder_identity *encoder,
                          const char *label) {
    const char *except[16] = {"kind", "weights", "rollouts", "z",     "probes",    "predictor",
                              "mode", "target",  "as",       "truth", "predicted", "seen"};
    int count = 12;
    if (encoder)
        except[count++] = "encoder";
    if (label)
        except[count++] = "label";
    packer_clear(packer);
    pack_map(packer);
    pack_key(packer, "kind");
    pack_str(packer, "prediction");
    pack_rest(packer, record->root, except);
    if (encoder) {
        pack_key(packer, "encoder");
        encoder_identity_pack(packer, encoder);
    }
    if (label) {
        pack_key(packer, "label");
        pack_str(packer, label);
    }
}

void prediction_pack_target(struct packer *packer, const struct rnn_record *record, const struct property *property,
                            const struct answers *truth) {
    pack_key(packer, "target");
    pack_str(packer, property->name);
    if (!property_is_usual(property)) {
        pack_key(packer, "as");
        pack_str(packer, property_kinds[property->kind]);
    }
    pack_key(packer, "seen");
    pack_bool(packer, prediction_seen(record));
    if (truth->count) {
        pack_key(packer, "truth");
        answers_pack(packer, truth);
    }
}

// Numbers are written as numbers, also where the record has integers.
static void plain_numbers(const struct property *property, struct answers *truth) {
    for (int a = 0; property->kind != PROPERTY_CLASSES && a < truth->count; a++)
        truth->label[a].type = LABEL_REAL;
}

static enum status add_head(struct prediction_batch *b, int k, const struct rnn_record *record, struct error *error) {
    const struct predictor *p = b->predictors[k];
    struct answers truth;
    if (property_truth(&p->property, record->root, &truth, error) != STATUS_OK)
        return error->status;
    if (truth.count && (truth.count != p->answers || truth.list != p->property.list))
        return error_set(error, STATUS_DATA, "target '%s': the field '%s' has %d items here, but %d in the predictor's training",
                         p->property.name, property_path(&p->property), truth.count, p->answers);
    plain_numbers(&p->property, &truth);
    struct packer *packer = b->records[b->count][k];
    prediction_pack_head(packer, record, b->encoder ? &b->identity : NULL, b->label);
    pack_predictor(packer, p);
    prediction_pack_target(packer, record, &p->property, &truth);
    return STATUS_OK;
}

// An embedding has to be of an encoder that the predictors know.
static enum status encoder_check_known(const struct prediction_batch *b, const struct value *root, struct error *error) {
    static const struct encoder_identity nameless = {.type = "(unnamed)"};
    const struct value *encoder = value_get(root, "encoder");
    struct encoder_identity id = nameless;
    if (encoder && encoder_identity_read(encoder, &id, error) != STATUS_OK)
        return error->status;
    for (int k = 0; k < b->predictor_count; k++)
        if ((encoder || b->predictors[k]->encoder_count) && predictor_knows(b->predictors[k], &id, error) != STATUS_OK)
            return error->status;
    return STATUS_OK;
}

static enum status input_read(struct prediction_batch *b, const struct rnn_record *record, struct error *error) {
    int Z = b->predictors[0]->config.z;
    return b->encoder ? rnn_loader_load(&b->rnns, b->count, record, error) : embedding_z_read(record->root, Z, b->z + b->count * Z, error);
}

enum status prediction_batch_add(struct prediction_batch *b, const struct value *root, struct error *error) {
    struct rnn_record record;
    if (rnn_record_read(root, &record, error) != STATUS_OK ||
        (b->encoder ? encoder_fits(b->encoder, &record.arch, error) : encoder_check_known(b, root, error)) != STATUS_OK ||
        input_read(b, &record, error) != STATUS_OK)
        return error->status;
    for (int k = 0; k < b->predictor_count; k++)
        if (add_head(b, k, &record, error) != STATUS_OK)
            return error->status;
    b->of[b->count++] = rnn_record_name(&record);
    return STATUS_OK;
}

// z [count,Z] of the records that wait.
static struct tensor *embeddings(struct prediction_batch *b) {
    const struct encoder *e = b->encoder;
    if (e) {
        struct rnn_batch rnns = rnn_loader_batch(&b->rnns, b->count);
        struct weights w = {&e->table, e->values, NULL};
        return encoder_embed(&b->tape, e, &w, &rnns, NULL, NULL, NULL);
    }
    return tape_leaf(&b->tape, b->count, b->predictors[0]->config.z, b->z, NULL);
}

static void pack_predicted(struct packer *packer, const struct predictor *p, const double *values) {
    struct answers a = {.list = p->property.list, .count = p->answers};
    for (int k = 0; k < a.count; k++)
        a.label[k] = property_label(&p->property, values[k]);
    pack_key(packer, "predicted");
    answers_pack(packer, &a);
    pack_end(packer);
}

void prediction_batch_run(struct prediction_batch *b) {
    if (b->count == 0)
        return;
    tape_reset(&b->tape, false);
    struct tensor *z = embeddings(b);
    for (int k = 0; k < b->predictor_count; k++)
        predictor_predict(&b->tape, b->predictors[k], z, b->predicted[k]);
}

enum status prediction_batch_end(struct prediction_batch *b, int i, struct error *error) {
    for (int k = 0; k < b->predictor_count; k++) {
        const struct predictor *p = b->predictors[k];
        const double *predicted = b->predicted[k] + i * p->answers;
        for (int a = 0; a < p->answers; a++)
            if (!isfinite(predicted[a])) {
                error_set(error, STATUS_DATA, "its prediction is not finite");
                return rnn_name_prefix(b->of[i], error);
            }
        pack_predicted(b->records[i][k], p, predicted);
    }
    return STATUS_OK;
}
