#include "nn/linear.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static void fill(float *x, size_t n, uint64_t seed) {
    struct rng rng = rng_make(seed, 0, "test");
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(&rng);
}

// y = x W^T + b in double, for sizes of all kinds.
static void test_linear(int rows, int in, int out) {
    float *x = malloc((size_t)(rows * in) * sizeof *x), *w = malloc((size_t)(out * in) * sizeof *w), *b = malloc((size_t)out * sizeof *b);
    fill(x, (size_t)(rows * in), 1);
    fill(w, (size_t)(out * in), 2);
    fill(b, (size_t)out, 3);
    struct tape tape = {0};
    struct tensor *y =
        linear(&tape, tape_leaf(&tape, rows, in, x, NULL), tape_leaf(&tape, out, in, w, NULL), tape_leaf(&tape, 1, out, b, NULL));
    CHECK(y->rows == rows && y->cols == out && !y->grad);
    double worst = 0;
    for (int r = 0; r < rows; r++)
        for (int o = 0; o < out; o++) {
            double sum = b[o];
            for (int i = 0; i < in; i++)
                sum += (double)x[r * in + i] * w[o * in + i];
            double error = fabs(sum - y->value[r * out + o]);
            worst = error > worst || isnan(error) ? error : worst;
        }
    CHECK(worst <= 1e-6 * (in + 1), "%d x %d x %d: %g", rows, in, out, worst);
    tape_free(&tape);
    free(x);
    free(w);
    free(b);
}

// Tokens are the same as one-hot rows: outputs and gradients.
static void test_tokens(void) {
    enum { R = 9, I = 6, O = 5 };
    static const uint8_t tokens[R] = {0, 5, 5, 2, 1, 0, 3, 4, 5};
    float w[O * I], b[O], one_hot[R * I] = {0}, seed[R * O], grads[2][O * I + O] = {{0}}, values[2][R * O];
    fill(w, O * I, 1);
    fill(b, O, 2);
    fill(seed, R * O, 3);
    for (int r = 0; r < R; r++)
        one_hot[r * I + tokens[r]] = 1;
    struct tape tape = {0};
    for (int form = 0; form < 2; form++) {
        tape_reset(&tape, true);
        struct tensor *wt = tape_leaf(&tape, O, I, w, grads[form]), *bt = tape_leaf(&tape, 1, O, b, grads[form] + O * I);
        struct tensor *y = form ? linear_tokens(&tape, tokens, R, wt, bt) : linear(&tape, tape_leaf(&tape, R, I, one_hot, NULL), wt, bt);
        memcpy(values[form], y->value, sizeof values[form]);
        memcpy(y->grad, seed, sizeof seed);
        tape_backward(&tape);
    }
    for (int i = 0; i < R * O; i++)
        CHECK_CLOSE(values[0][i], values[1][i], 1e-6);
    for (int i = 0; i < O * I + O; i++)
        CHECK_CLOSE(grads[0][i], grads[1][i], 1e-5);
    tape_free(&tape);
}

static void test_mlp_params(void) {
    struct params p = {0};
    CHECK(linear_params(&p, "up", 4, 3) == 0);
    CHECK(mlp_params(&p, "head", 3, 7, 2, 5) == 2);
    CHECK(p.count == 8 && p.size == 15 + 28 + 56 + 40, "%zu", p.size);
    CHECK(strcmp(p.list[0].name, "up.weight") == 0 && strcmp(p.list[1].name, "up.bias") == 0);
    CHECK(strcmp(p.list[2].name, "head.0.weight") == 0 && strcmp(p.list[5].name, "head.2.bias") == 0 &&
          strcmp(p.list[6].name, "head.4.weight") == 0);
    CHECK(p.list[6].shape[0] == 5 && p.list[6].shape[1] == 7);
    CHECK_CLOSE(p.list[4].scale, 1 / sqrt(7), 1e-7);
    params_free(&p);
}

// In inference nothing is recorded, and steady use takes no new memory.
static void test_inference(void) {
    float x[6] = {1, 2, 3, 4, 5, 6}, dx[6] = {0}, w[6] = {1, 0, 0, 0, 1, 0}, b[2] = {0, 1};
    struct tape tape = {0};
    struct tensor *y = linear(&tape, tape_leaf(&tape, 2, 3, x, dx), tape_leaf(&tape, 2, 3, w, NULL), tape_leaf(&tape, 1, 2, b, NULL));
    CHECK(y->value[0] == 1 && y->value[1] == 3 && y->value[2] == 4 && y->value[3] == 6);
    CHECK(!y->grad && tape.count == 0);
    tape_free(&tape);
}

int main(void) {
    test_linear(1, 1, 1);
    test_linear(3, 17, 5);
    test_linear(64, 33, 31);
    test_tokens();
    test_mlp_params();
    test_inference();
    return check_report("nn/linear");
}
