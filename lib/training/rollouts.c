#include "training/rollouts.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LABELS = 255 }; // labels and tokens are bytes

void rollout_batch_free(struct rollout_batch *r) {
    free(r->tokens);
    free(r->labels);
    free(r->inputs);
    free(r->targets);
    *r = (struct rollout_batch){0};
}

static void settle(struct rollout_batch *r, const struct rnn_record *record, int columns) {
    r->steps = (int)record->logits.shape[1];
    r->columns = columns;
    r->continuous = record->inputs.rank == 3;
    size_t positions = (size_t)r->steps * (size_t)columns;
    if (positions <= r->capacity)
        return;
    struct rollout_batch bigger = {.steps = r->steps, .columns = columns, .continuous = r->continuous, .capacity = positions};
    rollout_batch_free(r);
    *r = bigger;
    r->tokens = memory_alloc(positions);
    r->labels = memory_alloc(positions);
    r->inputs = memory_alloc(positions * (size_t)record->arch.input * sizeof(float));
    r->targets = memory_alloc(positions * (size_t)record->arch.output * sizeof(float));
}

static uint8_t largest(const float *x, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return (uint8_t)best;
}

enum status rollouts_check(const struct rnn_record *record, struct error *error) {
    const struct rnn_arch *a = &record->arch;
    if (!record->has_rollouts)
        return error_set(error, STATUS_DATA, "rnn record: no rollouts in it");
    if (a->output > MAX_LABELS)
        return error_set(error, STATUS_DATA, "rnn record: %d outputs, at most %d can be emulated", a->output, MAX_LABELS);
    if (record->inputs.rank == 2 && a->input > a->output)
        return error_set(error, STATUS_DATA, "rnn record: %d tokens, but only %d outputs to tell the next one", a->input, a->output);
    return STATUS_OK;
}

// Checked once more where they're used, as tables are indexed by them.
static bool is_token(int32_t token, const struct rnn_record *record) {
    return token >= 0 && token < record->arch.input;
}

enum status rollout_batch_load(struct rollout_batch *r, const struct rnn_record *record, uint64_t which, int column, int columns,
                               struct error *error) {
    if (column == 0)
        settle(r, record, columns);
    uint64_t T = (uint64_t)r->steps, I = (uint64_t)record->arch.input, O = (uint64_t)record->arch.output;
    if (record->logits.shape[1] != T || (record->inputs.rank == 3) != r->continuous)
        return error_set(error, STATUS_DATA, "rollouts of different lengths or kinds in one batch");
    for (uint64_t t = 0; t < T; t++) {
        size_t at = t * (size_t)columns + (size_t)column;
        array_to_floats(&record->logits, (which * T + t) * O, O, r->targets + at * O);
        if (r->continuous) {
            array_to_floats(&record->inputs, (which * T + t) * I, I, r->inputs + at * I);
            r->labels[at] = largest(r->targets + at * O, (int)O);
            continue;
        }
        int32_t pair[2];
        if (array_to_ints(&record->inputs, which * (T + 1) + t, 2, pair, error) != STATUS_OK)
            return error->status;
        if (!is_token(pair[0], record) || !is_token(pair[1], record))
            return error_set(error, STATUS_DATA, "rollouts: a token is outside 0 .. %d", record->arch.input - 1);
        r->tokens[at] = (uint8_t)pair[0];
        r->labels[at] = (uint8_t)pair[1];
    }
    return STATUS_OK;
}

struct tensor *rollout_batch_loss(struct tape *tape, const struct emulator *e, const struct weights *w, struct tensor *z,
                                  const struct rollout_batch *r, enum criterion criterion) {
    struct tensor *inputs = r->continuous ? tape_leaf(tape, r->steps * r->columns, e->arch.input, r->inputs, NULL) : NULL;
    struct tensor *logits = emulator_forward(tape, e, w, z, r->continuous ? NULL : r->tokens, inputs, r->steps);
    return emulation_loss(tape, criterion, logits, r->targets, r->labels, r->steps, NULL);
}
