// The state of an emulation training, as a checkpoint has it.
#include "training/checkpoint.h"
#include "training/emulation_internal.h"

static struct checkpoint_point point(void *emulation, int i) {
    struct curve_point *p = &((struct emulation *)emulation)->curve[i];
    return (struct checkpoint_point){
        &p->step, &p->split, {&p->loss, &p->seconds, &p->beside, &p->encoder_norm, &p->emulator_norm, &p->z_variance, &p->probe_entropy}};
}

static void add_point(void *emulation) {
    emulation_add_point(emulation, &(struct curve_point){0});
}

static struct checkpoint checkpoint_of(struct emulation *e) {
    struct emulation_internal *in = e->internal;
    struct learner *l = e->learner;
    size_t encoder = e->encoder->table.size, emulator = e->emulator->table.size;
    return (struct checkpoint){.of = "emulate --fit",
                               .fingerprint = in->fingerprint,
                               .points = &e->curve_count,
                               .context = e,
                               .point = point,
                               .add_point = add_point,
                               .parts = {{"step", CHECKPOINT_COUNT, &l->step, 0},
                                         {"encoder_step", CHECKPOINT_COUNT, &e->encoder->step, 0},
                                         {"emulator_step", CHECKPOINT_COUNT, &e->emulator->step, 0},
                                         {"best_step", CHECKPOINT_COUNT, &l->best.step, 0},
                                         {"best_loss", CHECKPOINT_REAL, &l->best.loss, 0},
                                         {"since_best", CHECKPOINT_INT, &l->best.since, 0},
                                         {"train_sum", CHECKPOINT_REAL, &in->train_sum, 0},
                                         {"train_steps", CHECKPOINT_INT, &in->train_steps, 0},
                                         {"encoder_norms", CHECKPOINT_REAL, &in->encoder_norms, 0},
                                         {"emulator_norms", CHECKPOINT_REAL, &in->emulator_norms, 0},
                                         {"encoder", CHECKPOINT_FLOATS, e->encoder->values, encoder},
                                         {"encoder_m", CHECKPOINT_FLOATS, l->encoder_adamw.m, encoder},
                                         {"encoder_v", CHECKPOINT_FLOATS, l->encoder_adamw.v, encoder},
                                         {"emulator", CHECKPOINT_FLOATS, e->emulator->values, emulator},
                                         {"emulator_m", CHECKPOINT_FLOATS, l->head_adamw.m, emulator},
                                         {"emulator_v", CHECKPOINT_FLOATS, l->head_adamw.v, emulator},
                                         {"best_encoder", CHECKPOINT_FLOATS, l->best.encoder, encoder},
                                         {"best_emulator", CHECKPOINT_FLOATS, l->best.head, emulator},
                                         {l->encoder_average ? "encoder_average" : NULL, CHECKPOINT_FLOATS, l->encoder_average, encoder},
                                         {l->encoder_average ? "emulator_average" : NULL, CHECKPOINT_FLOATS, l->head_average, emulator}}};
}

enum status emulation_save(const struct emulation *e, const char *path, const struct writer_identity *identity, struct error *error) {
    const struct checkpoint c = checkpoint_of((struct emulation *)e); // nothing is written into it
    return checkpoint_save(&c, path, identity, error);
}

enum status emulation_resume(struct emulation *e, const char *path, struct error *error) {
    const struct checkpoint c = checkpoint_of(e);
    if (checkpoint_load(&c, path, error) != STATUS_OK)
        return error->status;
    if (e->curve_count)
        e->internal->seconds_before = e->curve[e->curve_count - 1].seconds;
    learner_resumed(e->learner);
    e->stopped = learner_out_of_patience(e->learner, e->recipe.patience);
    return STATUS_OK;
}
