#include "families/smnist.h"

#include "base/hash.h"
#include "base/memory.h"
#include "families/train_internal.h"
#include "nn/loss.h"
#include "nn/recurrent.h"
#include "stream/field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { S = IDX_SIDE, CHUNK = 32 /* images evaluated at a time: their gates stay in the near caches */ };

int smnist_steps(const struct smnist *task) {
    return (S / task->tile) * (S / task->tile) + 1;
}

int smnist_inputs(const struct smnist *task) {
    return task->tile * task->tile;
}

void smnist_draw_task(struct smnist *task, struct rng *rng) {
    static const double decays[] = {0, 0.001, 0.01, 0.1};
    task->rotation = 360 * rng_double(rng);
    task->weight_decay = decays[rng_below(rng, sizeof decays / sizeof *decays)];
}

// [0, 1), by (rotation, seed)
static double validation_rank(const struct smnist *task, uint64_t seed) {
    uint8_t bytes[1 + sizeof task->rotation] = {'v'};
    double rotation = task->rotation + 0.0; // no -0
    memcpy(bytes + 1, &rotation, sizeof rotation);
    return (double)(hash_bytes(seed, bytes, sizeof bytes) >> 11) * 0x1p-53;
}

enum split smnist_split_of(const struct smnist *task, const struct split_rule *rule) {
    if (task->rotation >= 360 - 360 * rule->ood)
        return SPLIT_OOD;
    return validation_rank(task, rule->seed) * (1 - rule->ood) < rule->validation ? SPLIT_VALIDATION : SPLIT_TRAIN;
}

// --- Records ---

static enum status read_task(const struct value *task, void *body, struct error *error) {
    struct smnist *s = body;
    enum status status = field_text(task, "data", "task", s->data, error);
    if (status == STATUS_OK && !image_sets_is_name(s->data))
        status = error_set(error, STATUS_DATA, "task: key 'data' is no name made of letters, digits, '.', '_' and '-'");
    if (status == STATUS_OK)
        status = field_int(task, "tile", "task", 1, S, &s->tile, error);
    if (status == STATUS_OK && S % s->tile)
        status = error_set(error, STATUS_DATA, "task: tiles of %d pixels don't fill a side of %d", s->tile, S);
    if (status == STATUS_OK)
        status = field_number(task, "rotation", "task", 0, 360, &s->rotation, error);
    if (status == STATUS_OK && s->rotation == 360)
        status = error_set(error, STATUS_DATA, "task: a rotation of 360 degrees is written as 0");
    if (status == STATUS_OK)
        status = field_number(task, "weight_decay", "task", 0, 1, &s->weight_decay, error);
    const struct value *transposed = value_get(task, "transposed");
    s->transposed = false;
    if (status == STATUS_OK && transposed && !value_to_bool(transposed, &s->transposed))
        status = error_set(error, STATUS_DATA, "task: key 'transposed' is neither true nor false");
    return status;
}

static void pack_task(struct packer *p, const void *body) {
    const struct smnist *s = body;
    pack_key(p, "data");
    pack_str(p, s->data);
    pack_key(p, "tile");
    pack_i64(p, s->tile);
    pack_key(p, "rotation");
    pack_double(p, s->rotation);
    pack_key(p, "weight_decay");
    pack_double(p, s->weight_decay);
    if (s->transposed) {
        pack_key(p, "transposed");
        pack_bool(p, true);
    }
}

// The task is its rotation. Part of the format (prediction_seen).
static int task_key(const void *body, char text[FAMILY_KEY_SIZE]) {
    return snprintf(text, FAMILY_KEY_SIZE, "sequential-mnist %.17g", ((const struct smnist *)body)->rotation);
}

// --- Training: cross-entropy of an image's digit, averaged over all positions (paper, section 4.2) ---

struct training {
    struct smnist task;
    uint8_t *pixels, *labels;   // all images, turned; [count]
    int *training, *evaluation; // indices of the images that the RNN is trained on, and is judged by
    int training_count, evaluation_count;
    int *batch;               // [batch] indices
    float *inputs;            // [T*batch, I]
    uint8_t *position_labels; // [T*batch]
};

static void free_task(void *task) {
    struct training *in = task;
    free(in->pixels);
    free(in->labels);
    free(in->training);
    free(in->evaluation);
    free(in->batch);
    free(in->inputs);
    free(in->position_labels);
    free(in);
}

// The RNN's logits [T*count, classes] for some of the images, and the loss, on the trainee's tape. inputs and labels have room for count
// images.
static struct tensor *images_loss(const struct trainee *t, const struct weights *w, const int *which, int count, float *inputs,
                                  uint8_t *labels, struct tensor **logits) {
    const struct training *in = t->internal->task;
    struct tape *tape = &t->internal->tape;
    int T = smnist_steps(&in->task);
    image_gather(in->pixels, which, count, in->task.tile, inputs);
    for (int i = 0; i < count; i++)
        labels[i] = in->labels[which[i]];
    for (int step = 1; step < T; step++)
        memcpy(labels + step * count, labels, (size_t)count);
    struct tensor *x = tape_leaf(tape, T * count, t->arch.input, inputs, NULL);
    *logits = trainee_readout(t, w, recurrent_sequence(tape, t->arch.cell, w, 0, x, T), T);
    return cross_entropy(tape, *logits, labels);
}

static void draw_images(const struct training *in, struct rng *rng, int count, int *which) {
    for (int i = 0; i < count; i++)
        which[i] = in->training[rng_below(rng, (uint64_t)in->training_count)];
}

static struct tensor *batch_loss(struct trainee *t, const struct weights *w) {
    struct training *in = t->internal->task;
    struct tensor *logits;
    draw_images(in, &t->internal->batches, t->internal->recipe.batch, in->batch);
    return images_loss(t, w, in->batch, t->internal->recipe.batch, in->inputs, in->position_labels, &logits);
}

// Accuracy at the last position and loss over all of them, without gradients.
struct score {
    double accuracy, loss;
};

static struct score evaluate(const struct trainee *t, const int *which, int count) {
    int T = smnist_steps(&((const struct training *)t->internal->task)->task), right = 0;
    float *inputs = memory_alloc((size_t)(T * CHUNK) * (size_t)t->arch.input * sizeof *inputs);
    uint8_t *labels = memory_alloc((size_t)(T * CHUNK));
    double loss = 0;
    for (int first = 0, n; first < count; first += n) {
        n = count - first < CHUNK ? count - first : CHUNK;
        struct weights w = trainee_begin_pass(t, NULL);
        struct tensor *logits;
        loss += n * (double)images_loss(t, &w, which + first, n, inputs, labels, &logits)->value[0];
        right += answers_right(logits->value, T, n, IDX_CLASSES, labels);
    }
    free(inputs);
    free(labels);
    return (struct score){(double)right / count, loss / count};
}

static struct performance performance(const struct trainee *t, int samples) {
    const struct training *in = t->internal->task;
    struct score training = evaluate(t, in->training, samples < in->training_count ? samples : in->training_count),
                 evaluation = evaluate(t, in->evaluation, samples < in->evaluation_count ? samples : in->evaluation_count);
    return (struct performance){evaluation.accuracy,
                                {{"train_accuracy", training.accuracy},
                                 {"train_loss", training.loss},
                                 {"evaluation_loss", evaluation.loss},
                                 {"generalisation_gap", evaluation.loss - training.loss}}};
}

static struct rollouts rollouts(const struct trainee *t, int count) {
    const struct training *in = t->internal->task;
    int T = smnist_steps(&in->task), I = t->arch.input;
    struct rng rng = trainee_rng(t, "rollouts");
    int *which = memory_alloc((size_t)count * sizeof *which);
    float *inputs = memory_alloc((size_t)(T * count) * (size_t)I * sizeof *inputs);
    uint8_t *labels = memory_alloc((size_t)(T * count));
    struct weights w = trainee_begin_pass(t, NULL);
    struct tensor *logits;
    draw_images(in, &rng, count, which);
    images_loss(t, &w, which, count, inputs, labels, &logits);
    struct rollouts r = {.count = count,
                         .steps = T,
                         .inputs = trainee_sequences(inputs, T, count, I),
                         .logits = trainee_sequences(logits->value, T, count, IDX_CLASSES)};
    free(which);
    free(inputs);
    free(labels);
    return r;
}

static const struct trainee_family training_of_images = {batch_loss, performance, rollouts, free_task, .samples = 12000};

static int *choose(const struct image_set *images, bool trains, int *count) {
    int *which = memory_alloc((size_t)images->count * sizeof *which);
    *count = image_choose(images->count, trains, images->count, which);
    return which;
}

static void shape(const void *body, struct rnn_arch *arch) {
    arch->input = smnist_inputs(body);
    arch->output = IDX_CLASSES;
}

enum status trainee_of_smnist(struct trainee **out, const struct smnist *task, const struct image_set *images,
                              const struct train_recipe *recipe, uint64_t seed, uint64_t run, struct error *error) {
    *out = NULL;
    struct training *in = memory_calloc(1, sizeof *in);
    in->task = *task;
    in->training = choose(images, true, &in->training_count);
    in->evaluation = choose(images, false, &in->evaluation_count);
    if (in->training_count == 0 || in->evaluation_count == 0) {
        free_task(in);
        return error_set(error, STATUS_DATA, "%d images are too few to train an RNN and to judge it", images->count);
    }
    size_t positions = (size_t)smnist_steps(task) * (size_t)recipe->batch;
    in->pixels = image_rotate_all(images, task->rotation);
    in->labels = memcpy(memory_alloc((size_t)images->count), images->labels, (size_t)images->count);
    in->batch = memory_alloc((size_t)recipe->batch * sizeof *in->batch);
    in->inputs = memory_alloc(positions * (size_t)smnist_inputs(task) * sizeof *in->inputs);
    in->position_labels = memory_alloc(positions);
    struct rnn_arch arch = {0};
    shape(task, &arch);
    *out = trainee_new(&training_of_images, in, &arch, task->weight_decay, recipe, seed, run);
    return STATUS_OK;
}

static enum status images_of_task(const struct task *task, struct image_sets *from, const struct image_set **out, struct error *error) {
    const struct smnist *body = TASK_BODY(struct smnist, task);
    return image_sets_find(from, body->data, body->transposed, out, error);
}

static enum status trainee_of_task(struct trainee **out, const struct task *task, const struct train_setting *s, struct error *error) {
    const struct image_set *set;
    *out = NULL;
    enum status status = images_of_task(task, s->images, &set, error);
    return status == STATUS_OK ? trainee_of_smnist(out, TASK_BODY(struct smnist, task), set, s->recipe, s->seed, s->run, error) : status;
}

// --- The exam: the first of the images that RNNs are judged by, turned as the last task asked: all snapshots of a run share them ---

struct exam_images {
    const struct image_set *from;
    int most; // as was asked for
    double rotation;
    int tile;
    struct image_set chosen;  // a copy
    uint8_t *pixels, *labels; // its memory
    uint8_t *turned;
    int *which; // 0, 1, 2 ...
};

static void exam_images_free(struct exam_images *e) {
    free(e->pixels);
    free(e->labels);
    free(e->turned);
    free(e->which);
    *e = (struct exam_images){0};
}

static void exam_free(struct exam *exam) {
    if (exam->memory)
        exam_images_free(exam->memory);
    free(exam->memory);
    *exam = (struct exam){0};
}

static enum status choose_images(struct exam_images *e, const struct image_set *set, int most, struct error *error) {
    const size_t size = (size_t)set->side * (size_t)set->side;
    exam_images_free(e);
    int room = most < set->count ? most : set->count;
    e->which = memory_alloc((size_t)room * sizeof *e->which);
    int n = image_choose(set->count, false, room, e->which);
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
    e->most = most;
    return STATUS_OK;
}

static void gather_exam(const struct exam *exam, int first, int count, void *inputs) {
    const struct exam_images *e = exam->memory;
    image_gather(e->turned, e->which + first, count, e->tile, inputs);
}

static enum status exam_of_task(struct exam *exam, const struct task *of, int count, struct image_sets *images, struct error *error) {
    const struct smnist *task = TASK_BODY(struct smnist, of);
    const struct image_set *set;
    if (!exam->memory)
        exam->memory = memory_calloc(1, sizeof(struct exam_images));
    struct exam_images *e = exam->memory;
    if (images_of_task(of, images, &set, error) != STATUS_OK ||
        ((set != e->from || count != e->most) && choose_images(e, set, count, error) != STATUS_OK))
        return error->status;
    if (!e->turned || e->rotation != task->rotation) {
        free(e->turned);
        e->turned = image_rotate_all(&e->chosen, task->rotation);
    }
    e->rotation = task->rotation;
    e->tile = task->tile;
    exam->count = e->chosen.count;
    exam->steps = smnist_steps(task);
    exam->labels = e->labels;
    exam->gather = gather_exam;
    return STATUS_OK;
}

// --- The family ---

static void draw_task(void *body, struct rng *rng) {
    smnist_draw_task(body, rng);
}

static enum split split_of_task(const void *body, const struct split_rule *rule, struct arena *arena, void **memory) {
    (void)arena;
    (void)memory;
    return smnist_split_of(body, rule);
}

static const struct smnist usual = {.data = "mnist", .tile = SMNIST_DEFAULT_TILE};

// The angle in degrees; the authors' images are MNIST's.
static bool from_published(const struct published *row, void *body, struct performance *performance) {
    struct smnist *task = body;
    const double *m = row->measured;
    *task = (struct smnist){.data = "mnist"};
    if (field_int(row->args, "tile_size", "args", 1, IDX_SIDE, &task->tile, NULL) != STATUS_OK || IDX_SIDE % task->tile ||
        row->columns != 1 || !(row->task[0] >= 0 && row->task[0] < 360))
        return false;
    task->rotation = row->task[0];
    task->weight_decay = m && m[3] >= 0 && m[3] <= 1 ? m[3] : 0;
    *performance = (struct performance){.accuracy = m ? m[0] : NAN};
    for (int i = 0; m && i < 3; i++)
        performance->others[i] = (struct metric[]){{"train_loss", m[1]}, {"evaluation_loss", m[2]}, {"generalisation_gap", m[2] - m[1]}}[i];
    return true;
}

static int publish(const void *body, struct packer *args, double task[FAMILY_COLUMNS]) {
    const struct smnist *t = body;
    pack_key(args, "tile_size");
    pack_i64(args, t->tile);
    task[0] = t->rotation;
    return 1;
}

const struct family smnist_family = {
    .name = "sequential-mnist",
    .size = sizeof(struct smnist),
    .usual = &usual,
    .read = read_task,
    .pack = pack_task,
    .draw = draw_task,
    .key = task_key,
    .split = split_of_task,
    .ood_share = 48.0 / 360,
    .shape = shape,
    .images = images_of_task,
    .trainee = trainee_of_task,
    .judged = 256,
    .exam = exam_of_task,
    .exam_free = exam_free,
    .from_published = from_published,
    .publish = publish,
    .published_as = DTYPE_F8,
    .targets = {{"rotation", "task.rotation", .circle = true}},
};
