// The parts are tested by themselves, the gradients in grad/gradients.c, values against the reference in golden/encoders.c; here what holds
// between calls.
#include "nn/transformer.h"

#include "../check.h"

#include <string.h>

enum { B = 3, S = 11, W = 6, HEADS = 2 };
static float x[B * S * W], dx[B * S * W];

static void values_init(struct params *table, float *values, int *first) {
    struct rng rng = rng_make(1, 0, "test");
    *first = transformer_params(table, "layer", W);
    params_init(table, values, &rng);
    for (size_t i = 0; i < table->size; i++)
        values[i] += 0.2f * rng_normal(&rng);
    for (int i = 0; i < B * S * W; i++)
        x[i] = rng_normal(&rng);
}

static struct tensor *layer(struct tape *tape, const struct weights *w, int first, int b, int count, int queries, struct dropout dropout) {
    struct tensor *in = tape_leaf(tape, count * S, W, x + b * S * W, dx + b * S * W);
    return transformer_layer(tape, w, first, in, count, HEADS, queries, &dropout);
}

// Of the last tokens only: the same numbers as in the whole, and so for single sequences.
static void test_parts(const struct weights *w, int first) {
    struct tape tape = {0};
    struct tensor *all = layer(&tape, w, first, 0, B, S, (struct dropout){0}), *last = layer(&tape, w, first, 0, B, 2, (struct dropout){0});
    CHECK(all->rows == B * S && last->rows == 2 * B && all->cols == W && !all->grad && tape.count == 0);
    for (int b = 0; b < B; b++) {
        struct tensor *one = layer(&tape, w, first, b, 1, S, (struct dropout){0});
        CHECK(memcmp(one->value, all->value + b * S * W, S * W * sizeof(float)) == 0);
        CHECK(memcmp(last->value + b * 2 * W, all->value + (b * S + S - 2) * W, 2 * W * sizeof(float)) == 0);
    }
    tape_free(&tape);
}

// Recorded or not, the values are the same; gradients reach x when the weights are constants, and the weights when x is one.
static void test_recording(const struct weights *w, int first, struct dropout dropout) {
    static float values[B * S * W], grad[4096], twice[B * S * W];
    struct tape tape = {0};
    struct tensor *y = layer(&tape, w, first, 0, B, S, dropout);
    memcpy(values, y->value, sizeof values);
    const struct weights trained = {w->table, w->value, grad};
    for (int pass = 0; pass < 3; pass++) { // both, x alone, weights alone
        tape_reset(&tape, true);
        memset(dx, 0, sizeof dx);
        memset(grad, 0, sizeof grad);
        struct tensor *in = tape_leaf(&tape, B * S, W, x, pass < 2 ? dx : NULL);
        y = transformer_layer(&tape, pass == 1 ? w : &trained, first, in, B, HEADS, S, &dropout);
        CHECK(memcmp(values, y->value, sizeof values) == 0);
        for (int i = 0; i < B * S * W; i++)
            y->grad[i] = (float)(i % 7) - 3;
        tape_backward(&tape);
        if (pass == 0)
            memcpy(twice, dx, sizeof dx);
        CHECK(pass == 2 ? dx[0] == 0 : memcmp(twice, dx, sizeof dx) == 0);
        CHECK((grad[0] != 0) == (pass != 1));
    }
    tape_free(&tape);
}

static void test_dropout(const struct weights *w, int first) {
    struct tape tape = {0};
    struct tensor *off = layer(&tape, w, first, 0, B, S, (struct dropout){0}),
                  *a = layer(&tape, w, first, 0, B, S, (struct dropout){0.1f, 1});
    struct tensor *same = layer(&tape, w, first, 0, B, S, (struct dropout){0.1f, 1}),
                  *other = layer(&tape, w, first, 0, B, S, (struct dropout){0.1f, 2});
    CHECK(memcmp(a->value, same->value, sizeof x) == 0);
    CHECK(memcmp(a->value, other->value, sizeof x) != 0 && memcmp(a->value, off->value, sizeof x) != 0);
    tape_free(&tape);
}

static void test_params(const struct params *table) {
    static const char *const names[] = {"self_attn.in_proj_weight",
                                        "self_attn.in_proj_bias",
                                        "self_attn.out_proj.weight",
                                        "self_attn.out_proj.bias",
                                        "linear1.weight",
                                        "linear1.bias",
                                        "linear2.weight",
                                        "linear2.bias",
                                        "norm1.weight",
                                        "norm1.bias",
                                        "norm2.weight",
                                        "norm2.bias"};
    CHECK(table->count == 12);
    for (int i = 0; i < table->count; i++)
        CHECK(strncmp(table->list[i].name, "layer.", 6) == 0 && strcmp(table->list[i].name + 6, names[i]) == 0, "%s", table->list[i].name);
    CHECK_CLOSE(table->list[0].scale, sqrt(6.0 / (W + 3 * W)), 1e-6); // Xavier
    CHECK_CLOSE(table->list[6].scale, 1 / sqrt(4 * W), 1e-6);
}

int main(void) {
    static float values[4096];
    struct params table = {0};
    int first;
    values_init(&table, values, &first);
    const struct weights w = {&table, values, NULL};
    test_params(&table);
    test_parts(&w, first);
    test_recording(&w, first, (struct dropout){0});
    test_recording(&w, first, (struct dropout){0.2f, 7});
    test_dropout(&w, first);
    params_free(&table);
    return check_report("nn/transformer");
}
