#include "nn/activation.h"

#include "../check.h"

static void test_relu(void) {
    float x[5] = {-1, 0, 2, NAN, -INFINITY};
    struct tape tape = {0};
    struct tensor *y = activation(&tape, ACTIVATION_RELU, tape_leaf(&tape, 1, 5, x, NULL));
    CHECK(y->value[0] == 0 && y->value[1] == 0 && y->value[2] == 2 && y->value[4] == 0);
    CHECK(isnan(y->value[3]), "NaN must not become 0");
    tape_free(&tape);
}

static void test_sigmoid(void) {
    float x[4] = {0, 3, -200, 200};
    struct tape tape = {0};
    struct tensor *y = activation(&tape, ACTIVATION_SIGMOID, tape_leaf(&tape, 2, 2, x, NULL));
    CHECK_CLOSE(y->value[0], 0.5, 1e-7);
    CHECK_CLOSE(y->value[1], 1 / (1 + exp(-3.0)), 2e-7);
    CHECK_CLOSE(y->value[2], 0, 1e-30);
    CHECK_CLOSE(y->value[3], 1, 0);
    tape_free(&tape);
}

static void test_softmax(void) {
    float x[9] = {1, 2, 3, -1e4f, 0, 1e4f, 500, 500, 500};
    struct tape tape = {0};
    struct tensor *y = activation(&tape, ACTIVATION_SOFTMAX, tape_leaf(&tape, 3, 3, x, NULL));
    double sum = exp(-2.0) + exp(-1.0) + 1;
    for (int c = 0; c < 3; c++) {
        CHECK_CLOSE(y->value[c], exp(c - 2.0) / sum, 2e-7);
        CHECK_CLOSE(y->value[3 + c], c == 2, 1e-7);
        CHECK_CLOSE(y->value[6 + c], 1.0 / 3, 1e-7);
    }
    tape_free(&tape);
}

static void test_rows(void) {
    float x[4] = {3, 4, -5, 12}, row[2] = {7, 8};
    struct tape tape = {0};
    struct tensor *a = tape_leaf(&tape, 2, 2, x, NULL), *r = tape_leaf(&tape, 1, 2, row, NULL);
    struct tensor *unit = unit_rows(&tape, a), *three = repeat_row(&tape, r, 3), *parts[] = {r, a}, *all = concat_rows(&tape, parts, 2),
                  *sum = add(&tape, a, a);
    CHECK_CLOSE(unit->value[0], 0.6, 1e-7);
    CHECK_CLOSE(unit->value[3], 12.0 / 13, 1e-7);
    CHECK(three->rows == 3 && three->value[4] == 7 && three->value[5] == 8);
    CHECK(all->rows == 3 && all->value[0] == 7 && all->value[2] == 3 && all->value[5] == 12);
    CHECK(sum->value[2] == -10 && sum->value[3] == 24);
    tape_free(&tape);
}

int main(void) {
    test_relu();
    test_sigmoid();
    test_softmax();
    test_rows();
    return check_report("nn/activation");
}
