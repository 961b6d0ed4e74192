// The state of an emulation training, as a checkpoint has it.
#include "training/checkpoint.h"
#include "training/emulation_internal.h"

#include <string.h>

static void pack_point(struct packer *p, const void *context, int i) {
    const struct emulation *e = context;
    pack_u64(p, e->curve[i].step);
    pack_str(p, e->curve[i].split);
    pack_double(p, e->curve[i].loss);
    pack_double(p, e->curve[i].seconds);
    pack_double(p, e->curve[i].beside);
    pack_double(p, e->curve[i].encoder_norm);
    pack_double(p, e->curve[i].emulator_norm);
    pack_double(p, e->curve[i].z_variance);
    pack_double(p, e->curve[i].probe_entropy);
}

static bool read_point(void *context, const struct value *item) {
    struct emulation *e = context;
    struct curve_point point;
    double *const reals[] = {&point.loss,          &point.seconds,    &point.beside,       &point.encoder_norm,
                             &point.emulator_norm, &point.z_variance, &point.probe_entropy};
    int split = 0;
    while (split < SPLIT_COUNT && !value_is(value_at(item, 1), split_names[split]))
        split++;
    if (split == SPLIT_COUNT || !value_to_u64(value_at(item, 0), &point.step))
        return false;
    for (uint32_t i = 0; i < sizeof reals / sizeof *reals; i++)
        if (!value_to_double(value_at(item, 2 + i), reals[i]))
            return false;
    point.split = split_names[split];
    double seconds = point.seconds;
    emulation_add_point(e, &point);
    e->internal->seconds_before = e->curve[e->curve_count - 1].seconds = seconds;
    return true;
}

static struct checkpoint checkpoint_of(struct emulation *e) {
    struct emulation_internal *in = e->internal;
    struct learner *l = e->learner;
    size_t encoder = e->encoder->table.size, emulator = e->emulator->table.size;
    return (struct checkpoint){.of = "emulate --fit",
                               .fingerprint = in->fingerprint,
                               .points = &e->curve_count,
                               .context = e,
                               .pack_point = pack_point,
                               .read_point = read_point,
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
    e->learner->encoder_adamw.updates = e->learner->head_adamw.updates = e->learner->step;
    e->stopped = e->recipe.patience > 0 && e->learner->best.since >= e->recipe.patience;
    return STATUS_OK;
}
