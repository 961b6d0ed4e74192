// Applying a predictor to many records at once, which is several times as fast as one by one when an encoder is involved.
#include "base/memory.h"
#include "training/prediction_internal.h"

#include <math.h>
#include <stdlib.h>

enum status prediction_z_open(const struct value *root, struct array *z, struct error *error) {
    const struct value *v = value_get(root, "z");
    if (!v)
        return error_set(error, STATUS_DATA, "embedding record: key 'z' is missing");
    if (array_read(v, z, error) != STATUS_OK)
        return error_prefix(error, "embedding record: key 'z'");
    if (z->rank != 1 || z->count < 1 || z->count > 65536)
        return error_set(error, STATUS_DATA, "embedding record: key 'z' is no vector of 1 .. 65536 numbers");
    return STATUS_OK;
}

enum status prediction_z_read(const struct value *root, int size, float *out, struct error *error) {
    struct array z;
    if (prediction_z_open(root, &z, error) != STATUS_OK)
        return error->status;
    if (z.count != (uint64_t)size)
        return error_set(error, STATUS_DATA, "embedding record: z of %llu numbers, not %d", (unsigned long long)z.count, size);
    array_to_floats(&z, 0, z.count, out);
    for (int i = 0; i < size; i++)
        if (!isfinite(out[i]))
            return error_set(error, STATUS_DATA, "embedding record: z has numbers that are not finite");
    return STATUS_OK;
}

struct prediction_batch *prediction_batch_new(const struct encoder *encoder, const struct predictor *predictor, const char *label) {
    struct prediction_batch *b = memory_calloc(1, sizeof *b);
    *b = (struct prediction_batch){.encoder = encoder, .predictor = predictor, .label = label};
    for (int i = 0; i < PREDICTION_BATCH; i++)
        b->records[i] = packer_new();
    if (encoder)
        rnn_loader_init(&b->rnns, PREDICTION_BATCH);
    else
        b->z = memory_alloc(PREDICTION_BATCH * (size_t)predictor->config.z * sizeof *b->z);
    return b;
}

void prediction_batch_free(struct prediction_batch *b) {
    if (!b)
        return;
    for (int i = 0; i < PREDICTION_BATCH; i++)
        packer_free(b->records[i]);
    rnn_loader_free(&b->rnns);
    free(b->z);
    tape_free(&b->tape);
    free(b);
}

static void pack_answer(struct packer *packer, const struct target *target, double answer) {
    if (target->loss == TARGET_SQUARED_ERROR)
        pack_double(packer, answer);
    else
        pack_i64(packer, (int64_t)answer);
}

// A list, or the one answer.
static void pack_answers(struct packer *packer, const char *key, const struct predictor *predictor, const double *answers) {
    pack_key(packer, key);
    if (!predictor->target->per_letter) {
        pack_answer(packer, predictor->target, *answers);
        return;
    }
    pack_list(packer);
    for (int a = 0; a < predictor->answers; a++)
        pack_answer(packer, predictor->target, answers[a]);
    pack_end(packer);
}

// All of the prediction record but `predicted` and its end.
static void pack_head(struct packer *packer, const struct prediction_batch *b, const struct rnn_record *record, const double *truth) {
    const char *except[16] = {"kind", "weights", "rollouts", "z", "probes", "predictor", "target", "truth", "predicted", "seen"};
    int count = 10;
    if (b->encoder)
        except[count++] = "encoder";
    if (b->label)
        except[count++] = "label";
    packer_clear(packer);
    pack_map(packer);
    pack_key(packer, "kind");
    pack_str(packer, "prediction");
    pack_rest(packer, record->root, except);
    if (b->encoder) {
        pack_key(packer, "encoder");
        encoder_pack_identity(packer, b->encoder);
    }
    if (b->label) {
        pack_key(packer, "label");
        pack_str(packer, b->label);
    }
    pack_key(packer, "predictor");
    pack_map(packer);
    pack_key(packer, "seed");
    pack_u64(packer, b->predictor->seed);
    pack_key(packer, "step");
    pack_u64(packer, b->predictor->step);
    pack_end(packer);
    pack_key(packer, "target");
    pack_str(packer, b->predictor->target->name);
    pack_key(packer, "seen");
    pack_bool(packer, prediction_seen(record->split, &record->task));
    pack_answers(packer, "truth", b->predictor, truth);
}

enum status prediction_batch_add(struct prediction_batch *b, const struct value *root, struct error *error) {
    struct rnn_record record;
    double truth[PREDICTOR_MAX_ANSWERS];
    if (rnn_record_read(root, &record, error) != STATUS_OK || predictor_truth(b->predictor, &record, truth, error) != STATUS_OK ||
        (b->encoder && encoder_fits(b->encoder, &record.arch, error) != STATUS_OK))
        return error->status;
    int Z = b->predictor->config.z;
    enum status status =
        b->encoder ? rnn_loader_load(&b->rnns, b->count, &record, error) : prediction_z_read(root, Z, b->z + b->count * Z, error);
    if (status != STATUS_OK)
        return status;
    pack_head(b->records[b->count++], b, &record, truth);
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
    return tape_leaf(&b->tape, b->count, b->predictor->config.z, b->z, NULL);
}

enum status prediction_batch_run(struct prediction_batch *b, struct error *error) {
    if (b->count == 0)
        return STATUS_OK;
    double predicted[PREDICTION_BATCH * PREDICTOR_MAX_ANSWERS];
    int answers = b->predictor->answers;
    tape_reset(&b->tape, false);
    predictor_predict(&b->tape, b->predictor, embeddings(b), predicted);
    for (int i = 0; i < b->count * answers; i++)
        if (!isfinite(predicted[i]))
            return error_set(error, STATUS_DATA, "a prediction is not finite: the model or the weights of an RNN are unsuitable");
    for (int i = 0; i < b->count; i++) {
        pack_answers(b->records[i], "predicted", b->predictor, predicted + i * answers);
        pack_end(b->records[i]);
    }
    return STATUS_OK;
}
