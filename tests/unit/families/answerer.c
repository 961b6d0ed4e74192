// Families that answer with classes: their gradients by finite differences, with every cell; training; exams.
#include "families/answerer.h"

#include "../check.h"
#include "base/memory.h"
#include "families/regular.h"

#include <stdlib.h>
#include <string.h>

static const struct train_recipe recipe = {
    .steps = 600, .batch = 16, .cell = &cell_lstm, .hidden = 10, .layers = 2, .rate = {0.01, 0.01, 0.001}, .weight_decay = 1e-4};

static struct trainee *trainee_of(const struct regular *task, const struct train_recipe *r) {
    struct trainee *t = NULL;
    struct error error;
    const struct task with = task_make(&regular_family, task);
    CHECK(regular_family.trainee(&t, &with, &(struct train_setting){r, 1, 2, NULL}, &error) == STATUS_OK);
    return t;
}

static void test_gradient(const struct cell *cell) {
    enum { T = 7, B = 3 };
    struct train_recipe r = recipe;
    struct regular task = {.length = T};
    uint8_t words[B * T], verdicts[B * T];
    r.cell = cell;
    r.hidden = 5;
    regular_tomita(&task, 5);
    struct trainee *t = trainee_of(&task, &r);
    struct rng rng = rng_make(4, 0, "check");
    for (int i = 0; i < B * T; i++)
        words[i] = (uint8_t)rng_below(&rng, 2);
    for (int b = 0; b < B; b++)
        dfa_read(&task.dfa, words + b * T, T, verdicts + b * T);
    size_t n = t->table.size;
    float *grad = malloc(n * sizeof *grad), *direction = malloc(n * sizeof *direction), *at = malloc(n * sizeof *at),
          *other = malloc(n * sizeof *other);
    memcpy(at, t->weights, n * sizeof *at);
    for (int k = 0; k < 8; k++) {
        double slope = 0, f[2];
        answerer_gradient(t, words, verdicts, B, grad);
        for (size_t i = 0; i < n; i++) {
            direction[i] = rng_normal(&rng);
            slope += (double)grad[i] * (double)direction[i];
        }
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < n; i++)
                t->weights[i] = at[i] + (side ? 2e-4f : -2e-4f) * direction[i];
            f[side] = answerer_gradient(t, words, verdicts, B, other);
        }
        memcpy(t->weights, at, n * sizeof *at);
        CHECK_CLOSE((f[1] - f[0]) / 4e-4, slope, 3e-3 * (1 + fabs(slope)));
    }
    free(grad);
    free(direction);
    free(at);
    free(other);
    trainee_free(t);
}

// Judging and rollouts between updates must not change the course of training.
static void test_training(void) {
    struct regular task = {.length = 16};
    regular_tomita(&task, 7);
    struct trainee *a = trainee_of(&task, &recipe), *b = trainee_of(&task, &recipe);
    CHECK(a->arch.input == 2 && a->arch.output == 2 && rnn_reads_tokens(&a->arch));
    double before = trainee_performance(a, 500).accuracy;
    for (int s = 0; s <= recipe.steps; s++) {
        CHECK(trainee_update(a) && trainee_update(b));
        if (s % 100 == 0) {
            trainee_performance(b, 70);
            struct rollouts r = trainee_rollouts(b, 9);
            rollouts_free(&r);
        }
        CHECK(a->loss == b->loss);
    }
    struct performance p = trainee_performance(a, 500);
    CHECK(p.accuracy > 0.95 && p.accuracy > before && strcmp(p.others[0].name, "accuracy_long") == 0 && p.others[0].value > 0.8, "%g %g %g",
          before, p.accuracy, p.others[0].value);
    trainee_free(a);
    trainee_free(b);
}

// The exam's words are the task's, the same at each time, and its labels are the automaton's.
static void test_exam(void) {
    enum { T = 9, N = 200 };
    struct regular task = {.length = T};
    struct exam exam = {0}, again = {0};
    struct error error;
    regular_tomita(&task, 4);
    const struct task with = task_make(&regular_family, &task);
    CHECK(regular_family.exam(&exam, &with, N, NULL, &error) == STATUS_OK &&
          regular_family.exam(&again, &with, N, NULL, &error) == STATUS_OK);
    CHECK(exam.count == N && exam.steps == T && exam.tokens);
    uint8_t part[T * 7], other[T * N], word[T], verdict[T];
    int accepted = 0;
    again.gather(&again, 0, N, other);
    for (int first = 0; first + 7 <= N; first += 7) {
        exam.gather(&exam, first, 7, part);
        for (int i = 0; i < 7; i++) {
            for (int t = 0; t < T; t++) {
                word[t] = part[t * 7 + i];
                CHECK(word[t] == other[t * N + first + i]);
            }
            dfa_read(&task.dfa, word, T, verdict);
            CHECK(exam.labels[first + i] == verdict[T - 1]);
            accepted += verdict[T - 1];
        }
    }
    CHECK(accepted > 70 && accepted < 130, "%d", accepted);
    regular_family.exam_free(&exam);
    regular_family.exam_free(&again);
    CHECK(!exam.memory);
}

int main(void) {
    for (int i = 0; cell_at(i); i++)
        test_gradient(cell_at(i));
    test_training();
    test_exam();
    return check_report("families/answerer");
}
