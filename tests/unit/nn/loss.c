#include "nn/loss.h"

#include "../check.h"

#include <string.h>

enum { T = 2, B = 2, D = 3, N = T * B * D };
static const float logits[N] = {0.5f, -1, 2, 0, 0.25f, -0.75f, 3, 1, -2, 0.1f, 0.2f, 0.3f};
static const float targets[N] = {1, 0, -1, 0.5f, 0.5f, 2, -1, 1, 0, 2, -2, 0.7f};
static const uint8_t labels[T * B] = {2, 0, 1, 1};

static void log_softmax(double *out, const float *x) {
    double sum = 0;
    for (int c = 0; c < D; c++)
        sum += exp(x[c]);
    for (int c = 0; c < D; c++)
        out[c] = x[c] - log(sum);
}

// The definitions in SCIENCE's words, row by row, in double.
static double reference(enum criterion criterion, int row) {
    double p[D], q[D], tv = 0, kl = 0, reverse = 0, l2 = 0, qp = 0, qq = 0, pp = 0;
    log_softmax(p, targets + row * D);
    log_softmax(q, logits + row * D);
    for (int c = 0; c < D; c++) {
        tv += 0.5 * fabs(exp(p[c]) - exp(q[c]));
        kl += exp(p[c]) * (p[c] - q[c]) / D;
        reverse += exp(q[c]) * (q[c] - p[c]) / D;
        l2 += (q[c] - p[c]) * (q[c] - p[c]) / D;
        qp += q[c] * p[c];
        qq += q[c] * q[c];
        pp += p[c] * p[c];
    }
    const double losses[CRITERION_DISTRIBUTIONS] = {tv, kl, reverse, (kl + reverse) / 2, -q[labels[row]], l2, 1 - qp / sqrt(qq * pp)};
    return losses[criterion];
}

static void test_criteria(void) {
    struct tape tape = {0};
    for (int c = 0; c < CRITERION_DISTRIBUTIONS; c++) {
        float each[B];
        tape_reset(&tape, true);
        struct tensor *loss =
            emulation_loss(&tape, (enum criterion)c, tape_leaf(&tape, T * B, D, (float *)logits, NULL), targets, labels, T, each);
        CHECK(!loss->grad && tape.count == 0);
        for (int b = 0; b < B; b++)
            CHECK_CLOSE(each[b], (reference((enum criterion)c, b) + reference((enum criterion)c, B + b)) / 2, 1e-6);
        CHECK_CLOSE(loss->value[0], (each[0] + each[1]) / 2, 1e-6);
    }
    tape_free(&tape);
    int names = 1;
    for (const char *at = criterion_names; (at = strchr(at, '|')); at++)
        names++;
    CHECK(names == CRITERION_COUNT && CRITERION_DISTRIBUTIONS == CRITERION_MSE);
}

// Equal distributions: all but ce are zero, and so are their gradients.
static void test_equal(void) {
    struct tape tape = {0};
    for (int c = 0; c < CRITERION_DISTRIBUTIONS; c++) {
        float grad[N] = {0};
        tape_reset(&tape, true);
        struct tensor *loss =
            emulation_loss(&tape, (enum criterion)c, tape_leaf(&tape, T * B, D, (float *)logits, grad), logits, labels, T, NULL);
        loss->grad[0] = 1;
        tape_backward(&tape);
        if (c == CRITERION_CE)
            continue;
        CHECK_CLOSE(loss->value[0], 0, 1e-6);
        for (int i = 0; i < N; i++)
            CHECK_CLOSE(grad[i], 0, 1e-6);
    }
    tape_free(&tape);
}

static void test_cross_entropy(void) {
    static const uint8_t some[] = {2, LOSS_IGNORE, 1, LOSS_IGNORE}, none[] = {LOSS_IGNORE, LOSS_IGNORE, LOSS_IGNORE, LOSS_IGNORE};
    double q[2][D];
    log_softmax(q[0], logits);
    log_softmax(q[1], logits + 2 * D);
    float grad[N] = {0};
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct tensor *x = tape_leaf(&tape, T * B, D, (float *)logits, grad), *loss = cross_entropy(&tape, x, some);
    CHECK_CLOSE(loss->value[0], -(q[0][2] + q[1][1]) / 2, 1e-6);
    loss->grad[0] = 3;
    tape_backward(&tape);
    for (int c = 0; c < D; c++) {
        CHECK_CLOSE(grad[c], 3 * (exp(q[0][c]) - (c == 2)) / 2, 1e-6);
        CHECK(grad[D + c] == 0 && grad[3 * D + c] == 0);
    }
    tape_reset(&tape, true);
    CHECK(cross_entropy(&tape, x, none)->value[0] == 0);
    tape_free(&tape);
}

static void test_regression(void) {
    float x[4] = {1, -2, 400, -400}, y[4] = {0, 1, 1, 0}, z[4] = {3, -2, 400, -399};
    struct tape tape = {0};
    struct tensor *t = tape_leaf(&tape, 2, 2, x, NULL);
    CHECK_CLOSE(squared_error(&tape, t, z)->value[0], (4.0 + 1) / 4, 1e-6);
    CHECK_CLOSE(binary_cross_entropy(&tape, t, y)->value[0], (log(1 + exp(1.0)) + log(1 + exp(2.0))) / 4, 1e-6); // and no overflow
    tape_free(&tape);
}

static void test_nan(void) {
    float bad[N];
    memcpy(bad, logits, sizeof bad);
    bad[4] = NAN;
    struct tape tape = {0};
    struct tensor *x = tape_leaf(&tape, T * B, D, bad, NULL);
    CHECK(isnan(cross_entropy(&tape, x, labels)->value[0]));
    CHECK(isnan(squared_error(&tape, x, targets)->value[0]));
    for (int c = 0; c < CRITERION_DISTRIBUTIONS; c++)
        CHECK(isnan(emulation_loss(&tape, (enum criterion)c, x, targets, labels, T, NULL)->value[0]), "criterion %d", c);
    tape_free(&tape);
}

int main(void) {
    test_criteria();
    test_equal();
    test_cross_entropy();
    test_regression();
    test_nan();
    return check_report("nn/loss");
}
