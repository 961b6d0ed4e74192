// What a family of tasks takes, shown on one that is not in the registry: delayed recall. An RNN reads tokens 0 .. SYMBOLS - 1 and answers
// at every position with the token of `delay` positions before, or with NOTHING as long as there is none. All that is known of it is in the
// first half of this file; all the rest of the library then draws, writes, splits, trains and judges as it does with any other.
#include "families/family.h"

#include "../check.h"
#include "../records/decoded.h"
#include "base/memory.h"
#include "records/task.h"
#include "stream/field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYMBOLS = 3, NOTHING = SYMBOLS, MOST_DELAY = 100 };

struct recall {
    int delay, length;
};

// --- The family ---

static enum status read_task(const struct value *task, void *body, struct error *error) {
    struct recall *r = body;
    enum status status = field_int(task, "delay", "task", 0, MOST_DELAY, &r->delay, error);
    return status == STATUS_OK ? field_int(task, "length", "task", 1, 1024, &r->length, error) : status;
}

static void pack_task(struct packer *p, const void *body) {
    const struct recall *r = body;
    pack_key(p, "delay");
    pack_i64(p, r->delay);
    pack_key(p, "length");
    pack_i64(p, r->length);
}

static void draw_task(void *body, struct rng *rng) {
    ((struct recall *)body)->delay = (int)rng_below(rng, MOST_DELAY + 1);
}

static int task_key(const void *body, char text[FAMILY_KEY_SIZE]) {
    return snprintf(text, FAMILY_KEY_SIZE, "delayed-recall %d", ((const struct recall *)body)->delay);
}

// The longest delays.
static bool is_ood(const void *body, double share) {
    return ((const struct recall *)body)->delay > MOST_DELAY * (1 - share);
}

static void shape(const void *body, struct rnn_arch *arch) {
    (void)body;
    arch->input = SYMBOLS;
    arch->output = SYMBOLS + 1;
    arch->reads = RNN_READS_TOKENS;
}

static void draw_word(const void *data, int length, struct rng *rng, uint8_t *word, uint8_t *answers) {
    const struct recall *r = data;
    for (int t = 0; t < length; t++) {
        word[t] = (uint8_t)rng_below(rng, SYMBOLS);
        answers[t] = t < r->delay ? NOTHING : word[t - r->delay];
    }
}

static struct answerer answerer_of(const void *body) {
    const struct recall *r = body;
    return (struct answerer){draw_word, memcpy(memory_alloc(sizeof *r), r, sizeof *r), r->length, 2 * r->length};
}

static const struct recall usual = {.length = 12};

static const struct family recall_family = {
    .name = "delayed-recall",
    .size = sizeof(struct recall),
    .usual = &usual,
    .read = read_task,
    .pack = pack_task,
    .draw = draw_task,
    .key = task_key,
    .ood = is_ood,
    .ood_share = 0.15,
    .shape = shape,
    .trainee = answerer_trainee,
    .answerer = answerer_of,
    .judged = 256,
    .exam = answerer_exam,
    .exam_free = answerer_exam_free,
};

// --- What it gets ---

static struct task drawn(uint64_t run) {
    struct rng rng = rng_make(1, run, "task");
    struct task task = task_make(&recall_family, recall_family.usual);
    recall_family.draw(task.body.bytes, &rng);
    return task;
}

static void test_records(void) {
    struct decoded d = decoded_new();
    struct task task = drawn(7);
    struct recall read = {0};
    struct error error = {0};
    task_pack(d.packer, &task);
    CHECK(read_task(decoded_root(&d), &read, &error) == STATUS_OK && memcmp(&read, task.body.bytes, sizeof read) == 0, "%s", error.text);
    struct task unknown; // who does not know the family carries its map along
    CHECK(task_read(decoded_root(&d), &unknown, &error) == STATUS_OK && !unknown.family && unknown.value, "%s", error.text);
    decoded_free(&d);
}

static void test_splits(void) {
    const struct split_rule rule = {0.15, NAN, 1};
    struct splits *splits = splits_new(&rule);
    int count[SPLIT_COUNT] = {0};
    for (uint64_t run = 0; run < 500; run++) {
        struct task task = drawn(run);
        enum split split = splits_of(splits, &task);
        CHECK((split == SPLIT_OOD) == (TASK_BODY(struct recall, &task)->delay > 85));
        count[split]++;
    }
    CHECK(count[SPLIT_TRAIN] > 300 && count[SPLIT_VALIDATION] > 30 && count[SPLIT_OOD] > 40, "%d %d %d", count[0], count[1], count[2]);
    splits_free(splits);
}

static void test_training(const struct cell *cell) {
    static const struct train_recipe recipe = {.steps = 500, .batch = 16, .hidden = 16, .layers = 1, .rate = {0.02, 0.01, 0.001}};
    struct train_recipe r = recipe;
    r.cell = cell;
    const struct task task = task_make(&recall_family, &(struct recall){.delay = 2, .length = 12});
    struct trainee *t = NULL;
    struct error error;
    CHECK(recall_family.trainee(&t, &task, &(struct train_setting){&r, 1, 2, NULL}, &error) == STATUS_OK);
    for (int s = 0; s <= r.steps; s++)
        CHECK(trainee_update(t));
    struct performance p = trainee_performance(t, 500);
    CHECK(p.accuracy > 0.99 && p.others[0].value > 0.95, "%s: %g, %g in words twice as long", cell->name, p.accuracy, p.others[0].value);
    struct rollouts rollouts = trainee_rollouts(t, 5);
    CHECK(rollouts.count == 5 && rollouts.steps == 12 && rollouts.row == 12 && rollouts.tokens && !rollouts.inputs);
    rollouts_free(&rollouts);
    trainee_free(t);
}

static void test_exam(void) {
    const struct task task = task_make(&recall_family, &(struct recall){.delay = 3, .length = 9});
    struct exam exam = {0};
    struct error error;
    uint8_t words[9 * 50];
    CHECK(recall_family.exam(&exam, &task, 50, NULL, &error) == STATUS_OK && exam.count == 50 && exam.steps == 9);
    exam.gather(&exam, 0, 50, words);
    for (int i = 0; i < 50; i++)
        CHECK(exam.labels[i] == words[(8 - 3) * 50 + i]);
    recall_family.exam_free(&exam);
}

int main(void) {
    test_records();
    test_splits();
    test_training(&cell_lstm);
    test_training(&cell_gru);
    test_exam();
    return check_report("families/recall");
}
