// What emulation does with a lane of a batch: rollouts of its RNNs, and the emulator's loss on them.
#include "base/memory.h"
#include "nn/activation.h"
#include "training/emulation_internal.h"
#include "training/rollouts.h"

#include <math.h>
#include <stdlib.h>

static int rollouts_each(const struct emulation *e) {
    return e->recipe.rollouts > 1 ? e->recipe.rollouts : 1;
}

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
        for (int r = 0; r < rollouts_each(e) && mix[i].other != i; r++)
            augmentation_mix_answers(lane->data, r * lane->count + i, &lane->rnns.rnn[mix[i].other], mix[i].share);
    augmentation_apply(a, &lane->rnns, lane->count, mix, &lane->rng);
}

// Of RNN i, R rollouts from a random one on, in columns i, count + i, 2 count + i ...
static enum status load(void *context, struct lane *lane, struct error *error) {
    struct emulation *e = context;
    int R = rollouts_each(e);
    for (int i = 0; i < lane->count; i++) {
        struct rnn_record record;
        if (dataset_read(e->internal->data, lane->items[i], &lane->nodes, &record, error) != STATUS_OK ||
            rnn_loader_load(&lane->rnns, i, &record, error) != STATUS_OK)
            return error->status;
        uint64_t n = record.logits.shape[0], first = rng_below(&lane->rng, n);
        for (int r = 0; r < R; r++)
            if (rollout_batch_load(lane->data, &record, (first + (uint64_t)r) % n, r * lane->count + i, R * lane->count, error) !=
                STATUS_OK)
                return error->status;
    }
    if (dataset_check(e->internal->data, error) != STATUS_OK) // all has been copied by now
        return error->status;
    augment(e, lane);
    if (e->internal->mean)
        rollout_batch_standardise(lane->data, e->internal->mean, e->internal->deviation, e->emulator->arch.output);
    return STATUS_OK;
}

// z [B,Z] + s n / sqrt(Z), n normal: noise of expected squared norm s^2.
static struct tensor *noisy(struct tape *tape, struct tensor *z, double s, struct rng *rng) {
    size_t n = tensor_size(z);
    float *noise = arena_alloc(&tape->arena, n * sizeof *noise), scale = (float)(s / sqrt(z->cols));
    for (size_t i = 0; i < n; i++)
        noise[i] = scale * rng_normal(rng);
    return add(tape, z, tape_leaf(tape, z->rows, z->cols, noise, NULL));
}

// While nothing is learned, the reverse Kullback-Leibler divergence is measured, too.
static struct tensor *loss_of_lane(void *context, struct lane *lane, const struct weights *head, struct tensor *z) {
    struct emulation *e = context;
    struct tape *tape = &lane->tape;
    int R = rollouts_each(e);
    if (tape->recording && e->recipe.z_noise > 0)
        z = noisy(tape, z, e->recipe.z_noise, &lane->rng);
    if (R > 1) {
        struct tensor **copies = arena_alloc(&tape->arena, (size_t)R * sizeof *copies);
        for (int r = 0; r < R; r++)
            copies[r] = z;
        z = concat_rows(tape, copies, R);
    }
    double beside = NAN;
    struct tensor *loss = rollout_batch_loss(tape, e->emulator, head, z, lane->data, e->recipe.criterion, tape->recording ? NULL : &beside);
    lane->beside = (float)beside;
    return loss;
}

const struct learner_task emulation_task = {.lane_new = lane_new, .lane_free = lane_free, .load = load, .loss = loss_of_lane};
