// RNNs of formal languages (paper, section 4.1): next-token cross-entropy over all positions of a row.
#include "families/train_internal.h"

#include "base/memory.h"
#include "nn/loss.h"
#include "nn/recurrent.h"
#include "rnn/stepper.h"

#include <stdlib.h>

struct language_task {
    struct language language;
    uint8_t *rows, *inputs, *labels; // [batch,length]; [T,batch] each
    int capacity;                    // rows they have room for
};

static void make_room(struct language_task *in, int batch) {
    if (batch <= in->capacity)
        return;
    size_t bytes = (size_t)batch * (size_t)in->language.length;
    free(in->rows);
    free(in->inputs);
    free(in->labels);
    in->rows = memory_alloc(bytes);
    in->inputs = memory_alloc(bytes);
    in->labels = memory_alloc(bytes);
    in->capacity = batch;
}

static void free_task(void *task) {
    struct language_task *in = task;
    free(in->rows);
    free(in->inputs);
    free(in->labels);
    free(in);
}

// Rows to time-major inputs and next-token labels.
static void split_rows(struct language_task *in, const uint8_t *rows, int batch) {
    int length = in->language.length;
    for (int b = 0; b < batch; b++)
        for (int t = 0; t < length - 1; t++) {
            in->inputs[t * batch + b] = rows[b * length + t];
            in->labels[t * batch + b] = rows[b * length + t + 1];
        }
}

static struct tensor *rows_loss(struct trainee *t, const struct weights *w, const uint8_t *rows, int batch) {
    struct language_task *in = t->internal->task;
    struct tape *tape = &t->internal->tape;
    int T = in->language.length - 1;
    split_rows(in, rows, batch);
    struct tensor *h = recurrent_sequence_tokens(tape, t->arch.cell, w, 0, in->inputs, T, batch);
    return cross_entropy(tape, trainee_readout(t, w, h, T), in->labels);
}

double trainee_language_gradient(struct trainee *t, const uint8_t *rows, int batch, float *grad) {
    make_room(t->internal->task, batch);
    struct weights w = trainee_begin_pass(t, grad);
    return trainee_backward(t, rows_loss(t, &w, rows, batch));
}

static struct tensor *batch_loss(struct trainee *t, const struct weights *w) {
    struct language_task *in = t->internal->task;
    int batch = t->internal->recipe.batch;
    make_room(in, batch);
    for (int b = 0; b < batch; b++)
        language_sample_row(&in->language, &t->internal->batches, in->rows + (size_t)b * (size_t)in->language.length);
    return rows_loss(t, w, in->rows, batch);
}

static void sample(const struct trainee *t, const char *purpose, int count, uint8_t *rows, float *log_p) {
    const struct language_task *in = t->internal->task;
    struct rng rng = trainee_rng(t, purpose);
    struct stepper *s = stepper_of_rnn(&t->arch, &t->table, t->weights, STEPPER_BLOCK);
    struct token_rows form = language_form(&in->language);
    stepper_sample(s, &form, count, (struct stepper_opening){0}, &rng, rows, log_p);
    stepper_free(s);
}

static struct performance performance(const struct trainee *t, int samples) {
    const struct language *l = &((const struct language_task *)t->internal->task)->language;
    uint8_t *rows = memory_alloc((size_t)samples * (size_t)l->length);
    sample(t, "performance", samples, rows, NULL);
    int strict = 0, accepted = 0;
    for (int i = 0; i < samples; i++) {
        struct verdict v = language_judge(l, rows + (size_t)i * (size_t)l->length);
        strict += v.strict;
        accepted += v.accepted;
    }
    free(rows);
    return (struct performance){(double)strict / samples, {{"accuracy_counts", (double)accepted / samples}}};
}

static struct rollouts rollouts(const struct trainee *t, int count) {
    const struct language *l = &((const struct language_task *)t->internal->task)->language;
    struct rollouts r = {.count = count, .steps = l->length - 1};
    size_t positions = (size_t)count * (size_t)r.steps;
    r.tokens = memory_alloc((size_t)count * (size_t)l->length);
    r.logits = memory_alloc(positions * (size_t)t->arch.output * sizeof *r.logits);
    sample(t, "rollouts", count, r.tokens, r.logits);
    return r;
}

static const struct trainee_family family = {batch_loss, performance, rollouts, free_task, .samples = 1000};

struct trainee *trainee_of_language(const struct language *language, const struct train_recipe *recipe, uint64_t seed, uint64_t run) {
    struct language_task *task = memory_calloc(1, sizeof *task);
    task->language = *language;
    int symbols = language_symbols(language);
    return trainee_new(&family, task, symbols, symbols, recipe->weight_decay, recipe, seed, run);
}
