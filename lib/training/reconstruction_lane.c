// What reconstruction does with a lane of a batch: its RNNs' rollouts, and the loss of those that the decoder makes.
#include "base/memory.h"
#include "nn/activation.h"
#include "training/reconstruction_internal.h"

#include <stdlib.h>

struct lane_rollouts {
    struct rollout_batch of[LANE_SIZE]; // of each RNN
};

static void *lane_new(void *context) {
    (void)context;
    return memory_calloc(1, sizeof(struct lane_rollouts));
}

static void lane_free(void *data) {
    struct lane_rollouts *rollouts = data;
    for (int i = 0; i < LANE_SIZE; i++)
        rollout_batch_free(&rollouts->of[i]);
    free(rollouts);
}

// Of each RNN, so many rollouts from a random one on.
static enum status load(void *context, struct lane *lane, struct error *error) {
    const struct reconstruction *r = context;
    struct lane_rollouts *rollouts = lane->data;
    int R = r->recipe.rollouts;
    for (int i = 0; i < lane->count; i++) {
        struct rnn_record record;
        if (dataset_read(r->internal->data, lane->items[i], &lane->nodes, &record, error) != STATUS_OK ||
            rnn_loader_load(&lane->rnns, i, &record, error) != STATUS_OK)
            return error->status;
        uint64_t n = record.logits.shape[0], first = rng_below(&lane->rng, n);
        for (int k = 0; k < R; k++)
            if (rollout_batch_load(&rollouts->of[i], &record, (first + (uint64_t)k) % n, k, R, error) != STATUS_OK)
                return error->status;
    }
    return dataset_check(r->internal->data, error); // all has been copied by now
}

static struct tensor *times(struct tape *tape, struct tensor *x, double factor) {
    return stretch(tape, x, 0, (float)factor);
}

// The mean B of the lane's RNNs.
static struct tensor *behaviour(struct tape *tape, const struct reconstruction *r, struct lane *lane, struct tensor *y) {
    const struct lane_rollouts *rollouts = lane->data;
    struct tensor *w = decoder_weights(tape, r->decoder, y), *sum = NULL;
    for (int i = 0; i < lane->count; i++) {
        struct tensor *one = decoder_behaviour(tape, r->decoder, tape_rows(tape, w, i, 1), &rollouts->of[i]);
        sum = sum ? add(tape, sum, one) : one;
    }
    return times(tape, sum, 1.0 / lane->count);
}

// In training L; else S, with B beside it, of which L can be made.
static struct tensor *loss_of_lane(void *context, struct lane *lane, const struct weights *head, struct tensor *z) {
    const struct reconstruction *r = context;
    const struct reconstruction_internal *in = r->internal;
    struct tape *tape = &lane->tape;
    double beta = r->recipe.structure;
    const float *weights[LANE_SIZE];
    for (int i = 0; i < lane->count; i++)
        weights[i] = lane->rnns.rnn[i].weights;
    struct tensor *y = decoder_forward(tape, r->decoder, head, z), *S = decoder_structure(tape, r->decoder, y, weights);
    if (!lane->training) {
        lane->beside = behaviour(tape, r, lane, y)->value[0];
        return S;
    }
    S = times(tape, S, beta / in->structure_unit);
    return beta < 1 ? add(tape, S, times(tape, behaviour(tape, r, lane, y), (1 - beta) / in->behaviour_unit)) : S;
}

const struct learner_task reconstruction_task = {.lane_new = lane_new, .lane_free = lane_free, .load = load, .loss = loss_of_lane};
