#include "nn/weights.h"

#include "../check.h"

static void test_leaf(void) {
    struct params p = {0};
    params_add(&p, INIT_CONSTANT, 0, 2, (int[]){2, 3}, "matrix");
    params_add(&p, INIT_CONSTANT, 0, 1, (int[]){4}, "vector");
    params_add(&p, INIT_CONSTANT, 0, 3, (int[]){2, 1, 5}, "unused");
    p.list[2].unused = true;
    float value[20], grad[20];
    struct tape tape = {0};
    struct weights w = {&p, value, grad}, frozen = {&p, value, NULL};
    tape_reset(&tape, true);
    struct tensor *matrix = weights_leaf(&tape, &w, 0), *vector = weights_leaf(&tape, &w, 1), *unused = weights_leaf(&tape, &w, 2);
    CHECK(matrix->rows == 2 && matrix->cols == 3 && matrix->value == value && matrix->grad == grad);
    CHECK(vector->rows == 1 && vector->cols == 4 && vector->value == value + 6 && vector->grad == grad + 6);
    CHECK(unused->rows == 2 && unused->cols == 5 && unused->value == value + 10 && !unused->grad);
    CHECK(!weights_leaf(&tape, &frozen, 0)->grad);
    tape_reset(&tape, false);
    CHECK(!weights_leaf(&tape, &w, 0)->grad, "inference wants no gradients");
    tape_free(&tape);
    params_free(&p);
}

int main(void) {
    test_leaf();
    return check_report("nn/weights");
}
