#include "families/language.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static const struct language language = {.tokens = 2, .offsets = {0, 1}, .length = 12, .max_n = 5};
static const struct train_recipe recipe = {
    .cell = &cell_lstm, .steps = 400, .batch = 16, .hidden = 12, .layers = 2, .rate = {0.02, 0.01, 0.001}, .weight_decay = 1e-4};

static void test_new(void) {
    struct trainee *a = trainee_of_language(&language, &recipe, 1, 2), *b = trainee_of_language(&language, &recipe, 1, 2),
                   *c = trainee_of_language(&language, &recipe, 1, 3);
    size_t bytes = a->table.size * sizeof(float);
    CHECK(a->arch.input == 4 && a->arch.output == 4 && a->arch.hidden == 12 && a->arch.layers == 2 && a->step == 0);
    CHECK(memcmp(a->weights, b->weights, bytes) == 0);
    CHECK(memcmp(a->weights, c->weights, bytes) != 0, "runs must differ");
    for (size_t i = 0; i < a->table.size; i++)
        CHECK(fabs(a->weights[i]) <= 1 / sqrt(12));
    trainee_free(a);
    trainee_free(b);
    trainee_free(c);
    trainee_free(NULL);
}

// Samples between updates (of any number) and gradients of other rows must not change the course of training.
static void test_determinism(void) {
    struct trainee *plain = trainee_of_language(&language, &recipe, 1, 2), *disturbed = trainee_of_language(&language, &recipe, 1, 2);
    uint8_t rows[40 * 12];
    for (int i = 0; i < 40; i++)
        language_word(&language, i % 5, rows + 12 * i);
    float *grad = malloc(plain->table.size * sizeof *grad);
    for (int s = 0; s < 5; s++) {
        CHECK(trainee_update(plain));
        trainee_performance(disturbed, 30);
        struct rollouts r = trainee_rollouts(disturbed, 40);
        rollouts_free(&r);
        language_gradient(disturbed, rows, 40, grad);
        CHECK(trainee_update(disturbed));
        CHECK(plain->loss == disturbed->loss && plain->step == s + 1);
        CHECK(memcmp(plain->weights, disturbed->weights, plain->table.size * sizeof(float)) == 0);
    }
    trainee_free(plain);
    trainee_free(disturbed);
    free(grad);
}

static void test_learning(void) {
    struct trainee *t = trainee_of_language(&language, &recipe, 5, 0);
    struct performance before = trainee_performance(t, 300);
    CHECK(trainee_update(t));
    double first = t->loss;
    CHECK_CLOSE(first, log(4), 0.3);
    while (t->step <= recipe.steps && trainee_update(t)) {
    }
    CHECK(t->step == recipe.steps + 1 && t->loss < 0.5 * first, "loss %g after %g", t->loss, first);
    struct performance after = trainee_performance(t, 300), again = trainee_performance(t, 300);
    CHECK(after.accuracy > 0.9 && after.accuracy > before.accuracy, "%g after %g", after.accuracy, before.accuracy);
    CHECK(strcmp(after.others[0].name, "accuracy_counts") == 0 && after.others[0].value >= after.accuracy && !after.others[1].name);
    CHECK(trainee_performance(t, 0).accuracy == trainee_performance(t, 1000).accuracy, "0 stands for 1,000");
    CHECK(after.accuracy == again.accuracy, "the same samples at the same step");

    struct rollouts r = trainee_rollouts(t, 50);
    CHECK(r.count == 50 && r.steps == 11 && r.tokens && !r.inputs);
    for (int i = 0; i < 50; i++)
        CHECK(r.tokens[12 * i] == language_bos(&language));
    for (int i = 0; i < 50 * 11; i++) {
        double sum = 0;
        for (int c = 0; c < 4; c++)
            sum += exp(r.logits[4 * i + c]);
        CHECK_CLOSE(sum, 1, 1e-5);
    }
    rollouts_free(&r);
    trainee_free(t);
}

static void test_divergence(void) {
    struct trainee *t = trainee_of_language(&language, &recipe, 1, 0);
    t->weights[3] = NAN;
    CHECK(!trainee_update(t) && t->step == 0, "a loss that is not finite ends the run");
    trainee_free(t);
}

int main(void) {
    test_new();
    test_determinism();
    test_learning();
    test_divergence();
    return check_report("families/language_training");
}
