#include "training/rollouts.h"

#include "base/memory.h"
#include "math/stats.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LABELS = 255, MAX_TOKENS = 256 }; // both are bytes

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
    if (rnn_answers_classes(a) && a->output > MAX_LABELS) // whatever rollouts there are
        return error_set(error, STATUS_DATA, "rnn record: %d outputs, at most %d can be emulated", a->output, MAX_LABELS);
    if (rnn_reads_tokens(a) && a->input > MAX_TOKENS)
        return error_set(error, STATUS_DATA, "rnn record: %d tokens, at most %d can be emulated", a->input, MAX_TOKENS);
    if (!record->has_rollouts)
        return error_set(error, STATUS_DATA, "rnn record: no rollouts in it (rnn-rollout makes some)");
    return STATUS_OK;
}

enum status rollouts_check_logits(const struct rnn_record *record, struct error *error) {
    float part[4096];
    const struct array *logits = &record->logits;
    bool numbers = !rnn_answers_classes(&record->arch);
    for (uint64_t first = 0; first < logits->count; first += 4096) {
        uint64_t n = logits->count - first < 4096 ? logits->count - first : 4096;
        array_to_floats(logits, first, n, part);
        for (uint64_t i = 0; i < n; i++)
            if (!(part[i] <= FLT_MAX) || (part[i] < -FLT_MAX && numbers)) // of classes, the logarithm of 0 is all right
                return error_set(error, STATUS_DATA, "rollouts: a logit is not finite");
    }
    return STATUS_OK;
}

enum status criterion_check(enum criterion criterion, const struct rnn_arch *arch, struct error *error) {
    if (rnn_answers_classes(arch) == (criterion != CRITERION_MSE))
        return STATUS_OK;
    return error_set(error, STATUS_DATA,
                     criterion == CRITERION_MSE ? "criterion mse compares numbers, but the RNNs answer with classes"
                                                : "the RNNs answer with numbers, which criterion mse compares; all others compare classes");
}

bool rollouts_range(const struct rnn_record *record, double range[2]) {
    const struct array *inputs = &record->inputs;
    enum { MOST = 1 << 20 };
    if (!record->has_rollouts || inputs->rank != 3)
        return false;
    uint64_t n = inputs->count < MOST ? inputs->count : MOST;
    float *part = memory_alloc(n * sizeof *part);
    double *x = memory_alloc(n * sizeof *x);
    array_to_floats(inputs, 0, n, part);
    for (uint64_t i = 0; i < n; i++)
        x[i] = part[i];
    range[0] = stats_quantile(x, (int)n, 0.005);
    range[1] = stats_quantile(x, (int)n, 0.995);
    free(part);
    free(x);
    return isfinite(range[0]) && isfinite(range[1]) && range[0] < range[1];
}

// The tokens of step t and of the next one, which may be -1: not there. Checked once more where they're used, as tables are indexed by
// them.
static enum status tokens_at(const struct rnn_record *record, uint64_t which, uint64_t t, int32_t pair[2], struct error *error) {
    uint64_t length = record->inputs.shape[1], n = t + 1 < length ? 2 : 1;
    pair[1] = -1;
    if (array_to_ints(&record->inputs, which * length + t, n, pair, error) != STATUS_OK)
        return error->status;
    for (uint64_t i = 0; i < n; i++)
        if (pair[i] < 0 || pair[i] >= record->arch.input)
            return error_set(error, STATUS_DATA, "rollouts: a token is outside 0 .. %d", record->arch.input - 1);
    return STATUS_OK;
}

enum status rollout_batch_load(struct rollout_batch *r, const struct rnn_record *record, uint64_t which, int column, int columns,
                               struct error *error) {
    if (column == 0 && record->logits.shape[1] > INT_MAX / (uint64_t)columns) // positions are counted in int
        return error_set(error, STATUS_DATA, "rollouts of %llu steps: too many for %d side by side",
                         (unsigned long long)record->logits.shape[1], columns);
    if (column == 0)
        settle(r, record, columns);
    r->standardised &= column > 0;
    uint64_t T = (uint64_t)r->steps, I = (uint64_t)record->arch.input, O = (uint64_t)record->arch.output;
    if (record->logits.shape[1] != T || (record->inputs.rank == 3) != r->continuous)
        return error_set(error, STATUS_DATA, "rollouts of different lengths or kinds in one batch");
    bool classes = rnn_answers_classes(&record->arch), next = !r->continuous && record->inputs.shape[1] > T && I <= O;
    for (uint64_t t = 0; t < T; t++) {
        size_t at = t * (size_t)columns + (size_t)column;
        int32_t pair[2];
        array_to_floats(&record->logits, (which * T + t) * O, O, r->targets + at * O);
        if (r->continuous)
            array_to_floats(&record->inputs, (which * T + t) * I, I, r->inputs + at * I);
        else if (tokens_at(record, which, t, pair, error) != STATUS_OK)
            return error->status;
        else
            r->tokens[at] = (uint8_t)pair[0];
        if (classes)
            r->labels[at] = next ? (uint8_t)pair[1] : largest(r->targets + at * O, (int)O);
    }
    return STATUS_OK;
}

void rollout_batch_standardise(struct rollout_batch *r, const double *mean, double deviation, int outputs) {
    for (int i = 0; i < r->steps * r->columns; i++)
        for (int o = 0; o < outputs; o++) {
            float *y = &r->targets[(size_t)i * (size_t)outputs + (size_t)o];
            *y = (float)((*y - mean[o]) / deviation);
        }
    r->standardised = true;
}

struct tensor *rollout_batch_loss(struct tape *tape, const struct emulator *e, const struct weights *w, struct tensor *z,
                                  const struct rollout_batch *r, enum criterion criterion, double *kl_reverse) {
    struct tensor *inputs = r->continuous ? tape_leaf(tape, r->steps * r->columns, e->arch.input, r->inputs, NULL) : NULL;
    struct tensor *logits = emulator_forward(tape, e, w, z, r->continuous ? NULL : r->tokens, inputs, r->steps);
    if (kl_reverse)
        *kl_reverse = criterion == CRITERION_MSE
                          ? (double)NAN
                          : emulation_loss(tape, CRITERION_KL_REVERSE, logits, r->targets, r->labels, r->steps, NULL)->value[0];
    if (criterion == CRITERION_MSE)
        return relative_squared_error(tape, logits, r->targets, r->standardised ? 1 : e->variance);
    return emulation_loss(tape, criterion, logits, r->targets, r->labels, r->steps, NULL);
}
