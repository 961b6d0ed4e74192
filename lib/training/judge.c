// How well an emulator that is given z imitates an RNN.
#include "base/hash.h"
#include "base/memory.h"
#include "nn/activation.h"
#include "training/emulation.h"
#include "training/rollouts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 /* questions at a time */ };

struct judge {
    const struct emulator *emulator;
    struct judge_options options;
    struct stepper *stepper; // for families that write rows
    struct exam exam;        // of exam_of, which may be NULL
    const struct family *exam_of;
    void *inputs; // of CHUNK questions
    char missing[sizeof(((struct error *)NULL)->text)];
    struct tape tape;
    struct rollout_batch batch;
};

struct judge *judge_new(const struct emulator *emulator, const struct judge_options *options) {
    struct judge *j = memory_calloc(1, sizeof *j);
    *j = (struct judge){.emulator = emulator, .options = *options};
    j->stepper = options->clones != 0 && rnn_tells_tokens(&emulator->arch) ? emulator_stepper(emulator) : NULL;
    return j;
}

enum status judge_fits(const struct judge *j, const struct rnn_arch *arch, struct error *error) {
    const enum status status = emulator_fits(j->emulator, arch, error);
    return status == STATUS_OK ? criterion_check(j->options.criterion, arch, error) : status;
}

static void forget_exam(struct judge *j) {
    if (j->exam_of)
        j->exam_of->exam_free(&j->exam);
    j->exam_of = NULL;
}

void judge_free(struct judge *j) {
    if (!j)
        return;
    stepper_free(j->stepper);
    tape_free(&j->tape);
    rollout_batch_free(&j->batch);
    forget_exam(j);
    free(j->inputs);
    free(j);
}

const char *judge_missing_images(const struct judge *j) {
    return *j->missing ? j->missing : NULL;
}

// The first n rollouts of a record as one batch.
static enum status rollouts_loss(struct judge *j, const struct rnn_record *record, const float *z, struct imitation *out,
                                 struct error *error) {
    int n = record->logits.shape[0] < (uint64_t)j->options.rollouts ? (int)record->logits.shape[0] : j->options.rollouts;
    for (int b = 0; b < n; b++)
        if (rollout_batch_load(&j->batch, record, (uint64_t)b, b, n, error) != STATUS_OK)
            return error->status;
    tape_reset(&j->tape, false);
    struct tensor *embeddings = repeat_row(&j->tape, tape_leaf(&j->tape, 1, j->emulator->config.z, (float *)z, NULL), n);
    struct weights w = {&j->emulator->table, j->emulator->values, NULL};
    out->loss = rollout_batch_loss(&j->tape, j->emulator, &w, embeddings, &j->batch, j->options.criterion, &out->kl_reverse)->value[0];
    return STATUS_OK;
}

// How many questions a clone is judged by; rows of tokens: at least.
static int judged(const struct judge *j, const struct family *family) {
    return j->options.clones < 0 ? family->judged : j->options.clones;
}

// So many rows that the share of right ones of a perfect clone has a deviation, sqrt(p (1 - p) / n), of at most 0.016: 1,000 of an RNN
// whose own share p is a half. p is the original's, so that what a clone does has no say in how it is judged.
static int rows_judged(const struct judge *j, const struct rnn_record *record, const struct family *family) {
    enum { ROWS_OF_A_HALF = 1000 };
    double p;
    int least = judged(j, family);
    if (j->options.clones >= 0 || !rnn_record_metric(record, "accuracy", &p) || !(p > 0 && p < 1))
        return least;
    int n = (int)ceil(4 * ROWS_OF_A_HALF * p * (1 - p));
    return n > least ? n : least;
}

// The share of the clone's rows, generated from z alone, that are right, as the original's are judged.
static void clone_of_writer(struct judge *j, const struct rnn_record *record, const float *z, struct imitation *out) {
    if (!j->stepper)
        return;
    const struct family *family = record->task.family;
    const void *task = record->task.body.bytes;
    const struct vocabulary v = family->vocabulary(task);
    struct token_rows form = {.length = v.length, .bos = v.bos, .eos = v.eos};
    int n = rows_judged(j, record, family), right = 0;
    size_t Z = (size_t)j->emulator->config.z;
    float *repeated = memory_alloc((size_t)n * Z * sizeof(float));
    for (int i = 0; i < n; i++)
        memcpy(repeated + (size_t)i * Z, z, Z * sizeof(float));
    float *opening = emulator_opening(j->emulator, repeated, n);
    uint8_t *rows = memory_alloc((size_t)n * (size_t)form.length);
    struct rng rng = rng_make(j->options.seed, hash_mix(record->run) ^ record->step, "clones");
    stepper_sample(j->stepper, &form, n, (struct stepper_opening){opening, j->emulator->config.condition == CONDITION_EVERY}, &rng, rows,
                   NULL);
    for (int i = 0; i < n; i++)
        right += family->right(task, rows + (size_t)i * (size_t)form.length);
    free(repeated);
    free(opening);
    free(rows);
    out->clone_accuracy = (double)right / n;
    out->clones = n;
}

// The share of the exam's questions that the clone, told z, answers right at the last position.
static double share_right(struct judge *j, const float *z) {
    const struct exam *exam = &j->exam;
    const struct weights w = {&j->emulator->table, j->emulator->values, NULL};
    int T = exam->steps, I = j->emulator->arch.input, O = j->emulator->arch.output, right = 0;
    free(j->inputs);
    j->inputs = memory_alloc((size_t)(T * CHUNK) * (size_t)I * sizeof(float)); // as large for tokens, at least
    for (int first = 0, n; first < exam->count; first += n) {
        n = exam->count - first < CHUNK ? exam->count - first : CHUNK;
        exam->gather(exam, first, n, j->inputs);
        tape_reset(&j->tape, false);
        struct tensor *embeddings = repeat_row(&j->tape, tape_leaf(&j->tape, 1, j->emulator->config.z, (float *)z, NULL), n);
        struct tensor *inputs = exam->tokens ? NULL : tape_leaf(&j->tape, T * n, I, j->inputs, NULL);
        const uint8_t *tokens = exam->tokens ? j->inputs : NULL;
        const struct tensor *answers = emulator_forward(&j->tape, j->emulator, &w, embeddings, tokens, inputs, T);
        right += answers_right(answers->value, T, n, O, exam->labels + first);
    }
    return (double)right / exam->count;
}

static enum status clone_of_answerer(struct judge *j, const struct rnn_record *record, const float *z, struct imitation *out,
                                     struct error *error) {
    const struct family *family = record->task.family;
    if (j->exam_of != family)
        forget_exam(j);
    j->exam_of = family;
    enum status status = family->exam(&j->exam, &record->task, judged(j, family), j->options.images, error);
    if (status == STATUS_NO_INPUT && !j->options.images->directory) { // nobody promised that they are there
        strcpy(j->missing, error->text);
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        out->clone_accuracy = share_right(j, z);
        out->clones = j->exam.count;
    }
    return status;
}

static enum status judge_clone(struct judge *j, const struct rnn_record *record, const float *z, struct imitation *out,
                               struct error *error) {
    const struct family *family = record->task.family;
    struct rnn_arch shape = record->arch;
    if (!family || j->options.clones == 0)
        return STATUS_OK;
    family->shape(record->task.body.bytes, &shape);
    if (!rnn_arch_equal(&shape, &record->arch)) // an RNN of that task, but not one that does it
        return STATUS_OK;
    if (family->right)
        clone_of_writer(j, record, z, out);
    return family->exam && j->options.images ? clone_of_answerer(j, record, z, out, error) : STATUS_OK;
}

enum status judge_imitation(struct judge *j, const struct rnn_record *record, const float *z, struct imitation *out, struct error *error) {
    *out = (struct imitation){.loss = NAN, .kl_reverse = NAN, .clone_accuracy = NAN, .criterion = j->options.criterion};
    if (emulator_fits(j->emulator, &record->arch, error) != STATUS_OK ||
        criterion_check(j->options.criterion, &record->arch, error) != STATUS_OK || rollouts_check(record, error) != STATUS_OK ||
        rollouts_loss(j, record, z, out, error) != STATUS_OK)
        return error->status;
    if (!isfinite(out->loss)) {
        error_set(error, STATUS_DATA, "the emulation loss is not finite");
        return rnn_record_prefix(record, error);
    }
    return judge_clone(j, record, z, out, error);
}
