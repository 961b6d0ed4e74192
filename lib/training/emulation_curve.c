// The curve of an emulation training: losses of the splits, and what tells whether training goes well.
#include "base/memory.h"
#include "training/emulation_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

void emulation_add_point(struct emulation *e, const struct curve_point *point) {
    e->curve = memory_room(e->curve, (size_t)e->curve_count, &e->internal->curve_capacity, sizeof *e->curve);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - e->internal->start.tv_sec) + 1e-9 * (double)(now.tv_nsec - e->internal->start.tv_nsec);
    struct curve_point *added = &e->curve[e->curve_count++];
    *added = *point;
    added->seconds = e->internal->seconds_before + seconds;
}

// 1 - |mean of z|^2 of unit vectors z [B,Z]: the sum of the variances of their coordinates.
static double variance_of(const struct tensor *z) {
    double squares = 0;
    for (int c = 0; c < z->cols; c++) {
        double mean = 0;
        for (int r = 0; r < z->rows; r++)
            mean += z->value[(size_t)r * (size_t)z->cols + (size_t)c];
        mean /= z->rows;
        squares += mean * mean;
    }
    return 1 - squares;
}

// The mean of - sum u log u over all probing inputs u.
static double entropy_of(const struct encoder_trace *trace, int steps) {
    double sum = 0, rows = 0;
    for (int t = 0; t < steps; t++) {
        const struct tensor *u = trace->inputs[t];
        for (size_t i = 0; i < tensor_size(u); i++)
            sum -= u->value[i] > 0 ? u->value[i] * log(u->value[i]) : 0;
        rows += u->rows;
    }
    return sum / rows;
}

static enum status look(const struct emulation *e, const int *items, int count, struct curve_point *point, struct error *error) {
    const struct encoder *encoder = e->encoder;
    struct value_nodes nodes = {0};
    struct tape tape = {0};
    struct rnn_loader rnns;
    struct rnn_record record;
    enum status status = STATUS_OK;
    rnn_loader_init(&rnns, LANE_SIZE);
    for (int i = 0; i < count && status == STATUS_OK; i++) {
        status = dataset_read(e->internal->data, items[i], &nodes, &record, error);
        if (status == STATUS_OK)
            status = rnn_loader_load(&rnns, i, &record, error);
    }
    if (status == STATUS_OK)
        status = dataset_check(e->internal->data, error);
    if (status == STATUS_OK) {
        tape_reset(&tape, false);
        bool mixtures = encoder_has_key(encoder->type, "softmax") && encoder->config.softmax;
        size_t steps = mixtures ? (size_t)encoder->config.length * sizeof(struct tensor *) : 0;
        struct encoder_trace trace = {arena_alloc(&tape.arena, steps), arena_alloc(&tape.arena, steps)};
        struct rnn_batch batch = rnn_loader_batch(&rnns, count);
        struct weights w = {&encoder->table, encoder->values, NULL};
        point->z_variance = variance_of(encoder_embed(&tape, encoder, &w, &batch, NULL, mixtures ? &trace : NULL, NULL));
        point->probe_entropy = mixtures ? entropy_of(&trace, encoder->config.length) : NAN;
    }
    tape_free(&tape);
    rnn_loader_free(&rnns);
    free(nodes.node);
    return status;
}

enum status emulation_judge_splits(struct emulation *e, double *judged, struct error *error) {
    struct emulation_internal *in = e->internal;
    double n = in->train_steps;
    struct curve_point point = {.step = e->learner->step,
                                .split = split_names[SPLIT_TRAIN],
                                .loss = in->train_sum / n,
                                .beside = NAN,
                                .encoder_norm = in->encoder_norms / n,
                                .emulator_norm = in->emulator_norms / n};
    int by = in->count[SPLIT_VALIDATION] ? SPLIT_VALIDATION : SPLIT_TRAIN;
    if (look(e, in->items[by], in->count[by] < LANE_SIZE ? in->count[by] : LANE_SIZE, &point, error) != STATUS_OK)
        return error->status;
    *judged = point.loss;
    emulation_add_point(e, &point);
    in->train_sum = in->encoder_norms = in->emulator_norms = 0;
    in->train_steps = 0;
    for (int s = SPLIT_VALIDATION; s < SPLIT_COUNT; s++) {
        double loss;
        if (in->count[s] == 0)
            continue;
        if (learner_evaluate(e->learner, in->items[s], in->count[s], 0, &loss, error) != STATUS_OK) // 0: the same rollouts every time
            return error->status;
        if (!isfinite(loss))
            return error_set(error, STATUS_DIVERGED, "training diverged at step %" PRIu64 ": the %s loss is not finite", point.step,
                             split_names[s]);
        emulation_add_point(e, &(struct curve_point){point.step, split_names[s], loss, 0, e->learner->beside, NAN, NAN, NAN, NAN});
        if (s == SPLIT_VALIDATION)
            *judged = loss;
    }
    return STATUS_OK;
}
