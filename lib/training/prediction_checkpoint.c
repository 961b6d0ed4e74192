// The state of a prediction training, as a checkpoint has it.
#include "training/checkpoint.h"
#include "training/prediction_internal.h"

#include <string.h>

static void pack_curve(struct packer *p, const void *context) {
    const struct prediction *prediction = context;
    pack_list(p);
    for (int i = 0; i < prediction->curve_count; i++) {
        pack_list(p);
        pack_u64(p, prediction->curve[i].step);
        pack_double(p, prediction->curve[i].loss);
        pack_end(p);
    }
    pack_end(p);
}

static enum status read_curve(void *context, const struct value *curve, struct error *error) {
    struct prediction *p = context;
    p->curve_count = 0;
    bool right = curve && curve->type == VALUE_ARRAY;
    const struct value *point = right && curve->count ? value_first(curve) : NULL;
    for (uint32_t i = 0; right && i < curve->count; i++, point = value_next(point)) {
        uint64_t step;
        double loss;
        right = value_to_u64(value_at(point, 0), &step) && value_to_double(value_at(point, 1), &loss);
        if (right)
            prediction_add_point(p, step, loss);
    }
    return right ? STATUS_OK : error_set(error, STATUS_DATA, "checkpoint record: 'curve' is no list of points");
}

static struct checkpoint checkpoint_of(struct prediction *p) {
    struct prediction_internal *in = p->internal;
    struct learner *l = p->learner;
    size_t predictor = p->predictor->table.size;
    struct checkpoint c = {.of = "classify --fit",
                           .fingerprint = in->fingerprint,
                           .context = p,
                           .pack_curve = pack_curve,
                           .read_curve = read_curve,
                           .parts = {{"step", CHECKPOINT_COUNT, &l->step, 0},
                                     {"best_step", CHECKPOINT_COUNT, &in->best_step, 0},
                                     {"best_loss", CHECKPOINT_REAL, &in->best_loss, 0},
                                     {"loss_sum", CHECKPOINT_REAL, &in->loss_sum, 0},
                                     {"since_point", CHECKPOINT_INT, &in->since_point, 0},
                                     {"predictor", CHECKPOINT_FLOATS, p->predictor->values, predictor},
                                     {"predictor_m", CHECKPOINT_FLOATS, l->head_adamw.m, predictor},
                                     {"predictor_v", CHECKPOINT_FLOATS, l->head_adamw.v, predictor},
                                     {"best_predictor", CHECKPOINT_FLOATS, in->best_predictor, predictor}}};
    if (!in->encoder)
        return c;
    size_t encoder = in->encoder->table.size;
    const struct checkpoint_part more[] = {{"encoder_step", CHECKPOINT_COUNT, &in->encoder->step, 0},
                                           {"encoder", CHECKPOINT_FLOATS, in->encoder->values, encoder},
                                           {"encoder_m", CHECKPOINT_FLOATS, l->encoder_adamw.m, encoder},
                                           {"encoder_v", CHECKPOINT_FLOATS, l->encoder_adamw.v, encoder},
                                           {"best_encoder", CHECKPOINT_FLOATS, in->best_encoder, encoder}};
    int count = 0;
    while (c.parts[count].name)
        count++;
    memcpy(c.parts + count, more, sizeof more);
    return c;
}

enum status prediction_save(const struct prediction *p, const char *path, const struct writer_identity *identity, struct error *error) {
    const struct checkpoint c = checkpoint_of((struct prediction *)p); // nothing is written into it
    return checkpoint_save(&c, path, identity, error);
}

enum status prediction_resume(struct prediction *p, const char *path, struct error *error) {
    const struct checkpoint c = checkpoint_of(p);
    if (checkpoint_load(&c, path, error) != STATUS_OK)
        return error->status;
    p->predictor->step = p->learner->step;
    p->learner->head_adamw.updates = p->learner->encoder_adamw.updates = p->learner->step;
    return STATUS_OK;
}
