#include "families/answerer.h"

#include "base/memory.h"
#include "families/family.h"
#include "families/train_internal.h"
#include "nn/loss.h"
#include "nn/recurrent.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 };

// Words and answers side by side: [length*count], time-major.
struct words {
    int length, count;
    uint8_t *tokens, *answers;
};

static struct words words_new(int length, int count) {
    size_t positions = (size_t)length * (size_t)count;
    return (struct words){length, count, memory_alloc(positions), memory_alloc(positions)};
}

static void words_free(struct words *w) {
    free(w->tokens);
    free(w->answers);
    *w = (struct words){0};
}

static void words_put(struct words *w, int column, const uint8_t *word, const uint8_t *answers) {
    for (int t = 0; t < w->length; t++) {
        w->tokens[t * w->count + column] = word[t];
        w->answers[t * w->count + column] = answers[t];
    }
}

static void words_draw(struct words *w, const struct answerer *a, struct rng *rng) {
    uint8_t *word = memory_alloc(2 * (size_t)w->length), *answers = word + w->length;
    for (int b = 0; b < w->count; b++) {
        a->draw(a->data, w->length, rng, word, answers);
        words_put(w, b, word, answers);
    }
    free(word);
}

struct training {
    struct answerer answerer;
    struct words batch;
};

static void free_task(void *task) {
    struct training *in = task;
    words_free(&in->batch);
    free(in->answerer.data);
    free(in);
}

static struct tensor *logits_of(const struct trainee *t, const struct weights *w, const struct words *words) {
    struct tape *tape = &t->internal->tape;
    struct tensor *h = recurrent_sequence_tokens(tape, t->arch.cell, w, 0, words->tokens, words->length, words->count);
    return trainee_readout(t, w, h, words->length);
}

static struct tensor *loss_of(const struct trainee *t, const struct weights *w, const struct words *words) {
    return cross_entropy(&t->internal->tape, logits_of(t, w, words), words->answers);
}

static void make_room(struct training *in, int count) {
    if (in->batch.count == count)
        return;
    words_free(&in->batch);
    in->batch = words_new(in->answerer.length, count);
}

static struct tensor *batch_loss(struct trainee *t, const struct weights *w) {
    struct training *in = t->internal->task;
    make_room(in, t->internal->recipe.batch);
    words_draw(&in->batch, &in->answerer, &t->internal->batches);
    return loss_of(t, w, &in->batch);
}

double answerer_gradient(struct trainee *t, const uint8_t *words, const uint8_t *answers, int batch, float *grad) {
    struct training *in = t->internal->task;
    make_room(in, batch);
    for (int b = 0; b < batch; b++)
        words_put(&in->batch, b, words + b * in->batch.length, answers + b * in->batch.length);
    struct weights w = trainee_begin_pass(t, grad);
    return trainee_backward(t, loss_of(t, &w, &in->batch));
}

// The share of `count` words of this length whose last answer is right.
static double accuracy(const struct trainee *t, int length, int count, const char *purpose) {
    const struct training *in = t->internal->task;
    struct rng rng = trainee_rng(t, purpose);
    struct words words = words_new(length, CHUNK);
    int right = 0;
    for (int first = 0; first < count; first += words.count) {
        words.count = count - first < CHUNK ? count - first : CHUNK;
        words_draw(&words, &in->answerer, &rng);
        struct weights w = trainee_begin_pass(t, NULL);
        const uint8_t *last = words.answers + (length - 1) * words.count;
        right += answers_right(logits_of(t, &w, &words)->value, length, words.count, t->arch.output, last);
    }
    words_free(&words);
    return (double)right / count;
}

static struct performance performance(const struct trainee *t, int samples) {
    const struct answerer *a = &((const struct training *)t->internal->task)->answerer;
    struct performance p = {.accuracy = accuracy(t, a->length, samples, "performance")};
    if (a->long_length)
        p.others[0] = (struct metric){"accuracy_long", accuracy(t, a->long_length, samples, "long words")};
    return p;
}

static struct rollouts rollouts(const struct trainee *t, int count) {
    const struct training *in = t->internal->task;
    const int T = in->answerer.length;
    struct rng rng = trainee_rng(t, "rollouts");
    struct words words = words_new(T, count);
    words_draw(&words, &in->answerer, &rng);
    struct weights w = trainee_begin_pass(t, NULL);
    struct rollouts r = {.count = count, .steps = T, .row = T, .tokens = memory_alloc((size_t)T * (size_t)count)};
    r.logits = trainee_sequences(logits_of(t, &w, &words)->value, T, count, t->arch.output);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < T; k++)
            r.tokens[i * T + k] = words.tokens[k * count + i];
    words_free(&words);
    return r;
}

static const struct trainee_family training_of_answers = {batch_loss, performance, rollouts, free_task, .samples = 1000};

enum status answerer_trainee(struct trainee **out, const struct task *task, const struct train_setting *s, struct error *error) {
    (void)error;
    struct training *in = memory_calloc(1, sizeof *in);
    in->answerer = task->family->answerer(task->body.bytes);
    struct rnn_arch arch = {0};
    task->family->shape(task->body.bytes, &arch);
    *out = trainee_new(&training_of_answers, in, &arch, s->recipe->weight_decay, s->recipe, s->seed, s->run);
    return STATUS_OK;
}

// --- Exams ---

struct exam_words {
    struct words words;
    uint8_t labels[]; // [count]
};

void answerer_exam_free(struct exam *exam) {
    struct exam_words *e = exam->memory;
    if (e)
        words_free(&e->words);
    free(e);
    *exam = (struct exam){0};
}

static void gather(const struct exam *exam, int first, int count, void *inputs) {
    const struct words *w = &((const struct exam_words *)exam->memory)->words;
    for (int t = 0; t < w->length; t++)
        memcpy((uint8_t *)inputs + t * count, w->tokens + t * w->count + first, (size_t)count);
}

enum status answerer_exam(struct exam *exam, const struct task *task, int count, struct image_sets *images, struct error *error) {
    (void)images;
    (void)error;
    const struct answerer answerer = task->family->answerer(task->body.bytes);
    const int T = answerer.length;
    answerer_exam_free(exam);
    struct exam_words *e = memory_alloc(sizeof *e + (size_t)count);
    e->words = words_new(T, count);
    struct rng rng = rng_make(1, 0, "exam");
    words_draw(&e->words, &answerer, &rng);
    free(answerer.data);
    memcpy(e->labels, e->words.answers + (size_t)(T - 1) * (size_t)count, (size_t)count);
    *exam = (struct exam){.count = count, .steps = T, .tokens = true, .labels = e->labels, .gather = gather, .memory = e};
    return STATUS_OK;
}
