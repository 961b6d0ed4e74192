// How well an emulator that is given z imitates an RNN.
#include "base/hash.h"
#include "base/memory.h"
#include "nn/activation.h"
#include "training/emulation.h"
#include "training/rollouts.h"
#include "families/digits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STRINGS = 64, IMAGES = 256, CHUNK = 64 /* images at a time */ };

// The first of the images that RNNs are judged by, turned as the last task asked: all snapshots of a run share them.
struct evaluation_images {
    const struct image_set *from;
    double rotation;
    struct image_set chosen;  // a copy
    uint8_t *pixels, *labels; // its memory
    uint8_t *turned;
    int *which; // 0, 1, 2 ...
};

struct judge {
    const struct emulator *emulator;
    struct judge_options options;
    struct stepper *stepper; // of languages
    struct evaluation_images images;
    float *inputs; // [T*CHUNK, I]
    char missing[sizeof(((struct error *)NULL)->text)];
    struct tape tape;
    struct rollout_batch batch;
};

struct judge *judge_new(const struct emulator *emulator, const struct judge_options *options) {
    struct judge *j = memory_calloc(1, sizeof *j);
    *j = (struct judge){.emulator = emulator, .options = *options};
    bool generates = emulator->arch.input == emulator->arch.output;
    j->stepper = options->clones != 0 && generates ? emulator_stepper(emulator) : NULL;
    return j;
}

static void images_free(struct evaluation_images *e) {
    free(e->pixels);
    free(e->labels);
    free(e->turned);
    free(e->which);
    *e = (struct evaluation_images){0};
}

void judge_free(struct judge *j) {
    if (!j)
        return;
    stepper_free(j->stepper);
    tape_free(&j->tape);
    rollout_batch_free(&j->batch);
    images_free(&j->images);
    free(j->inputs);
    free(j);
}

const char *judge_missing_images(const struct judge *j) {
    return *j->missing ? j->missing : NULL;
}

// The first n rollouts of a record as one batch.
static enum status rollouts_loss(struct judge *j, const struct rnn_record *record, const float *z, double *loss, struct error *error) {
    int n = record->logits.shape[0] < (uint64_t)j->options.rollouts ? (int)record->logits.shape[0] : j->options.rollouts;
    for (int b = 0; b < n; b++)
        if (rollout_batch_load(&j->batch, record, (uint64_t)b, b, n, error) != STATUS_OK)
            return error->status;
    tape_reset(&j->tape, false);
    struct tensor *embeddings = repeat_row(&j->tape, tape_leaf(&j->tape, 1, j->emulator->config.z, (float *)z, NULL), n);
    struct weights w = {&j->emulator->table, j->emulator->values, NULL};
    *loss = rollout_batch_loss(&j->tape, j->emulator, &w, embeddings, &j->batch, j->options.criterion)->value[0];
    return STATUS_OK;
}

// The share of the clone's strings, generated from z alone, that are in the language, as the original's are judged.
static double clone_of_language(struct judge *j, const struct rnn_record *record, const float *z) {
    const struct language *l = &record->task.language;
    if (!j->stepper || language_symbols(l) != j->emulator->arch.input)
        return NAN;
    int n = j->options.clones < 0 ? STRINGS : j->options.clones, strict = 0;
    size_t Z = (size_t)j->emulator->config.z;
    float *repeated = memory_alloc((size_t)n * Z * sizeof(float));
    for (int i = 0; i < n; i++)
        memcpy(repeated + (size_t)i * Z, z, Z * sizeof(float));
    float *opening = emulator_opening(j->emulator, repeated, n);
    uint8_t *rows = memory_alloc((size_t)n * (size_t)l->length);
    struct rng rng = rng_make(j->options.seed, hash_mix(record->run) ^ record->step, "clones");
    struct token_rows form = language_form(l);
    stepper_sample(j->stepper, &form, n, (struct stepper_opening){opening, j->emulator->config.condition == CONDITION_EVERY}, &rng, rows,
                   NULL);
    for (int i = 0; i < n; i++)
        strict += language_judge(l, rows + (size_t)i * (size_t)l->length).strict;
    free(repeated);
    free(opening);
    free(rows);
    return (double)strict / n;
}

static enum status choose_images(struct judge *j, const struct image_set *set, struct error *error) {
    struct evaluation_images *e = &j->images;
    const size_t size = (size_t)set->side * (size_t)set->side;
    images_free(e);
    int most = j->options.clones < 0 ? IMAGES : j->options.clones;
    most = most < set->count ? most : set->count;
    e->which = memory_alloc((size_t)most * sizeof *e->which);
    int n = digits_choose(set->count, false, most, e->which);
    if (n == 0)
        return error_set(error, STATUS_DATA, "%d images are too few to judge clones by", set->count);
    e->pixels = memory_alloc((size_t)n * size);
    e->labels = memory_alloc((size_t)n);
    for (int i = 0; i < n; i++) {
        memcpy(e->pixels + (size_t)i * size, set->pixels + (size_t)e->which[i] * size, size);
        e->labels[i] = set->labels[e->which[i]];
        e->which[i] = i;
    }
    e->chosen = (struct image_set){.count = n, .side = set->side, .pixels = e->pixels, .labels = e->labels};
    e->from = set;
    return STATUS_OK;
}

// Brings about the images of a task. STATUS_NO_INPUT when there are none.
static enum status turn_images(struct judge *j, const struct smnist *task, struct error *error) {
    struct evaluation_images *e = &j->images;
    const struct image_set *set;
    if (image_sets_find(j->options.images, task->data, &set, error) != STATUS_OK ||
        (set != e->from && choose_images(j, set, error) != STATUS_OK))
        return error->status;
    if (e->turned && e->rotation == task->rotation)
        return STATUS_OK;
    free(e->turned);
    e->turned = smnist_rotate_all(&e->chosen, task->rotation);
    e->rotation = task->rotation;
    return STATUS_OK;
}

// The share of the evaluation images that the clone, told z, tells right at the last position.
static double share_right(struct judge *j, const struct smnist *task, const float *z) {
    const struct evaluation_images *e = &j->images;
    const struct weights w = {&j->emulator->table, j->emulator->values, NULL};
    int T = smnist_steps(task), I = smnist_inputs(task), right = 0;
    free(j->inputs);
    j->inputs = memory_alloc((size_t)(T * CHUNK) * (size_t)I * sizeof *j->inputs);
    for (int first = 0, n; first < e->chosen.count; first += n) {
        n = e->chosen.count - first < CHUNK ? e->chosen.count - first : CHUNK;
        digits_gather(e->turned, e->which + first, n, task->tile, j->inputs);
        tape_reset(&j->tape, false);
        struct tensor *embeddings = repeat_row(&j->tape, tape_leaf(&j->tape, 1, j->emulator->config.z, (float *)z, NULL), n);
        struct tensor *inputs = tape_leaf(&j->tape, T * n, I, j->inputs, NULL);
        right += digits_right(emulator_forward(&j->tape, j->emulator, &w, embeddings, NULL, inputs, T)->value, T, n, e->labels + first);
    }
    return (double)right / e->chosen.count;
}

static enum status clone_of_classifier(struct judge *j, const struct rnn_record *record, const float *z, double *accuracy,
                                       struct error *error) {
    const struct smnist *task = &record->task.smnist;
    if (j->options.clones == 0 || !j->options.images || smnist_inputs(task) != record->arch.input || record->arch.output != SMNIST_CLASSES)
        return STATUS_OK;
    enum status status = turn_images(j, task, error);
    if (status == STATUS_NO_INPUT && !j->options.images->directory) { // nobody promised that they are there
        strcpy(j->missing, error->text);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        *accuracy = share_right(j, task, z);
    return status;
}

enum status judge_imitation(struct judge *j, const struct rnn_record *record, const float *z, struct imitation *out, struct error *error) {
    *out = (struct imitation){NAN, NAN};
    if (emulator_fits(j->emulator, &record->arch, error) != STATUS_OK || rollouts_check(record, error) != STATUS_OK ||
        rollouts_loss(j, record, z, &out->loss, error) != STATUS_OK)
        return error->status;
    if (!isfinite(out->loss))
        return error_set(error, STATUS_DATA, "run %llu, step %llu: the emulation loss is not finite", (unsigned long long)record->run,
                         (unsigned long long)record->step);
    if (record->task.family == TASK_LANGUAGE)
        out->clone_accuracy = clone_of_language(j, record, z);
    return record->task.family == TASK_SMNIST ? clone_of_classifier(j, record, z, &out->clone_accuracy, error) : STATUS_OK;
}
