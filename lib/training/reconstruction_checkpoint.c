// The state of a reconstruction training, as a checkpoint has it.
#include "training/checkpoint.h"
#include "training/reconstruction_internal.h"

static struct checkpoint_point point(void *reconstruction, int i) {
    struct reconstruction_point *p = &((struct reconstruction *)reconstruction)->curve[i];
    return (struct checkpoint_point){&p->step, &p->split, {&p->loss, &p->structure, &p->behaviour}};
}

static void add_point(void *reconstruction) {
    reconstruction_add_point(reconstruction, &(struct reconstruction_point){0});
}

static struct checkpoint checkpoint_of(struct reconstruction *r) {
    struct reconstruction_internal *in = r->internal;
    struct learner *l = r->learner;
    size_t encoder = r->encoder->table.size, decoder = r->decoder->table.size;
    return (struct checkpoint){.of = "autoencode --fit",
                               .fingerprint = in->fingerprint,
                               .points = &r->curve_count,
                               .context = r,
                               .point = point,
                               .add_point = add_point,
                               .parts = {{"step", CHECKPOINT_COUNT, &l->step, 0},
                                         {"encoder_step", CHECKPOINT_COUNT, &r->encoder->step, 0},
                                         {"decoder_step", CHECKPOINT_COUNT, &r->decoder->step, 0},
                                         {"best_step", CHECKPOINT_COUNT, &l->best.step, 0},
                                         {"best_loss", CHECKPOINT_REAL, &l->best.loss, 0},
                                         {"since_best", CHECKPOINT_INT, &l->best.since, 0},
                                         {"train_sum", CHECKPOINT_REAL, &in->train_sum, 0},
                                         {"train_steps", CHECKPOINT_INT, &in->train_steps, 0},
                                         {"encoder", CHECKPOINT_FLOATS, r->encoder->values, encoder},
                                         {"encoder_m", CHECKPOINT_FLOATS, l->encoder_adamw.m, encoder},
                                         {"encoder_v", CHECKPOINT_FLOATS, l->encoder_adamw.v, encoder},
                                         {"decoder", CHECKPOINT_FLOATS, r->decoder->values, decoder},
                                         {"decoder_m", CHECKPOINT_FLOATS, l->head_adamw.m, decoder},
                                         {"decoder_v", CHECKPOINT_FLOATS, l->head_adamw.v, decoder},
                                         {"best_encoder", CHECKPOINT_FLOATS, l->best.encoder, encoder},
                                         {"best_decoder", CHECKPOINT_FLOATS, l->best.head, decoder}}};
}

enum status reconstruction_save(const struct reconstruction *r, const char *path, const struct writer_identity *identity,
                                struct error *error) {
    const struct checkpoint c = checkpoint_of((struct reconstruction *)r); // nothing is written into it
    return checkpoint_save(&c, path, identity, error);
}

enum status reconstruction_resume(struct reconstruction *r, const char *path, struct error *error) {
    const struct checkpoint c = checkpoint_of(r);
    if (checkpoint_load(&c, path, error) != STATUS_OK)
        return error->status;
    learner_resumed(r->learner);
    r->stopped = learner_out_of_patience(r->learner, r->recipe.patience);
    return STATUS_OK;
}
