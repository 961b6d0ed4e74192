// Twenty steps of the zoo's training on given batches, and its learning rates.
#include "nn/adamw.h"

#include "golden.h"
#include "families/language.h"

static const double schedule_at[] = {0, 10000, 20000};

// The trainee trains; a second optimiser beside it gets the same gradients and shows its moments.
static void test_trajectory(void) {
    struct language language = {.tokens = 4, .length = 42, .max_n = 10};
    struct train_recipe recipe = train_paper_recipe;
    struct trainee *t = trainee_of_language(&language, &recipe, 1, 0);
    struct npy start = golden_load("adamw", "params0"), tokens = golden_load("adamw", "tokens"), lr = golden_load("adamw", "lr");
    size_t n = t->table.size, batch = tokens.shape[1] * tokens.shape[2];
    CHECK(n == start.count);
    memcpy(t->weights, start.floats, n * sizeof(float));
    struct adamw adamw;
    adamw_init(&adamw, &t->table, recipe.weight_decay);
    float *beside = malloc(n * sizeof(float)), *grad = malloc(n * sizeof(float)), losses[20];
    memcpy(beside, start.floats, n * sizeof(float));
    uint8_t *rows = malloc(batch);
    for (int s = 0; s < 20; s++) {
        for (size_t i = 0; i < batch; i++)
            rows[i] = (uint8_t)tokens.ints[(size_t)s * batch + i];
        losses[s] = (float)language_gradient(t, rows, (int)tokens.shape[1], grad);
        trainee_apply(t, grad);
        double rate = schedule_linear(schedule_at, recipe.rate, 3, s > 0 ? s - 1 : 0);
        CHECK_CLOSE(rate, lr.floats[s], 1e-9);
        adamw_update(&adamw, beside, grad, rate, 1);
        CHECK(memcmp(beside, t->weights, n * sizeof(float)) == 0, "step %d", s);
        char name[16];
        snprintf(name, sizeof name, "params%d", s + 1);
        if (s == 0 || s == 4 || s == 19)
            golden_check("adamw", name, t->weights, n, start.floats);
    }
    CHECK(t->step == 20);
    golden_check("adamw", "loss", losses, 20, NULL);
    golden_check("adamw", "m20", adamw.m, n, NULL);
    golden_check("adamw", "v20", adamw.v, n, NULL);
    adamw_free(&adamw);
    trainee_free(t);
    free(beside);
    free(grad);
    free(rows);
    npy_free(&start);
    npy_free(&tokens);
    npy_free(&lr);
}

static void test_schedule(void) {
    struct npy at = golden_load("adamw", "schedule_t"), lr = golden_load("adamw", "schedule_lr");
    for (size_t i = 0; i < at.count; i++)
        CHECK_CLOSE(schedule_linear(schedule_at, train_paper_recipe.rate, 3, (double)at.ints[i]), lr.floats[i], 1e-7 * lr.floats[i]);
    npy_free(&at);
    npy_free(&lr);
}

int main(void) {
    test_trajectory();
    test_schedule();
    return check_report("golden/adamw");
}
