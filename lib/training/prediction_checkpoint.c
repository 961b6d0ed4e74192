// The state of a prediction training, as a checkpoint has it.
#include "training/checkpoint.h"
#include "training/prediction_internal.h"

#include <string.h>

static struct checkpoint_point point(void *prediction, int i) {
    struct prediction_point *p = &((struct prediction *)prediction)->curve[i];
    return (struct checkpoint_point){&p->step, NULL, {&p->loss}};
}

static void add_point(void *prediction) {
    prediction_add_point(prediction, 0, 0);
}

static struct checkpoint checkpoint_of(struct prediction *p) {
    struct prediction_internal *in = p->internal;
    struct learner *l = p->learner;
    size_t predictor = p->predictor->table.size;
    struct checkpoint c = {.of = "classify --fit",
                           .fingerprint = in->fingerprint,
                           .points = &p->curve_count,
                           .context = p,
                           .point = point,
                           .add_point = add_point,
                           .parts = {{"step", CHECKPOINT_COUNT, &l->step, 0},
                                     {"best_step", CHECKPOINT_COUNT, &l->best.step, 0},
                                     {"best_loss", CHECKPOINT_REAL, &l->best.loss, 0},
                                     {"loss_sum", CHECKPOINT_REAL, &in->loss_sum, 0},
                                     {"since_point", CHECKPOINT_INT, &in->since_point, 0},
                                     {"predictor", CHECKPOINT_FLOATS, p->predictor->values, predictor},
                                     {"predictor_m", CHECKPOINT_FLOATS, l->head_adamw.m, predictor},
                                     {"predictor_v", CHECKPOINT_FLOATS, l->head_adamw.v, predictor},
                                     {"best_predictor", CHECKPOINT_FLOATS, l->best.head, predictor}}};
    if (!in->encoder)
        return c;
    size_t encoder = in->encoder->table.size;
    const struct checkpoint_part more[] = {{"encoder_step", CHECKPOINT_COUNT, &in->encoder->step, 0},
                                           {"encoder", CHECKPOINT_FLOATS, in->encoder->values, encoder},
                                           {"encoder_m", CHECKPOINT_FLOATS, l->encoder_adamw.m, encoder},
                                           {"encoder_v", CHECKPOINT_FLOATS, l->encoder_adamw.v, encoder},
                                           {"best_encoder", CHECKPOINT_FLOATS, l->best.encoder, encoder}};
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
    learner_resumed(p->learner);
    return STATUS_OK;
}
