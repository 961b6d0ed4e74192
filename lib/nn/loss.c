#include "nn/loss.h"

#include "math/kernels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

const char *const criterion_names = "total_variation|kl|kl_reverse|js_div|ce|l2|cosine|mse";

// Every loss computes d loss / d input while it is at it; backward only scales.
struct loss_saved {
    struct tensor *x, *loss;
    const float *slope; // [R,C]
};

static void loss_backward(void *saved) {
    const struct loss_saved *s = saved;
    kernels()->axpy(s->x->grad, s->loss->grad[0], s->slope, tensor_size(s->x));
}

static struct tensor *loss_result(struct tape *tape, struct tensor *x, double value, const float *slope) {
    struct tensor *loss = tape_tensor(tape, 1, 1, x->grad);
    loss->value[0] = (float)value;
    if (loss->grad) {
        struct loss_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct loss_saved){x, loss, slope};
        tape_record(tape, loss_backward, s);
    }
    return loss;
}

struct tensor *cross_entropy(struct tape *tape, struct tensor *logits, const uint8_t *labels) {
    size_t n = tensor_size(logits), cols = (size_t)logits->cols;
    float *slope = arena_floats(&tape->arena, n), *log_q = arena_floats(&tape->arena, n);
    kernels()->softmax(slope, log_q, logits->value, logits->rows, logits->cols);
    double sum = 0;
    int counted = 0;
    for (int r = 0; r < logits->rows; r++) {
        if (labels[r] == LOSS_IGNORE) {
            memset(slope + (size_t)r * cols, 0, cols * sizeof(float));
            continue;
        }
        assert(labels[r] < logits->cols);
        sum -= log_q[(size_t)r * cols + labels[r]];
        slope[(size_t)r * cols + labels[r]] -= 1;
        counted++;
    }
    kernels()->scale(slope, 1.0f / (float)(counted ? counted : 1), n);
    return loss_result(tape, logits, sum / (counted ? counted : 1), slope);
}

struct tensor *squared_error(struct tape *tape, struct tensor *x, const float *targets) {
    return relative_squared_error(tape, x, targets, 1);
}

struct tensor *relative_squared_error(struct tape *tape, struct tensor *x, const float *targets, double variance) {
    size_t n = tensor_size(x);
    float *slope = arena_floats(&tape->arena, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        float difference = x->value[i] - targets[i];
        sum += (double)difference * difference;
        slope[i] = 2 * difference / (float)n / (float)variance;
    }
    return loss_result(tape, x, sum / (double)n / variance, slope);
}

struct tensor *binary_cross_entropy(struct tape *tape, struct tensor *logits, const float *targets) {
    size_t n = tensor_size(logits);
    float *slope = arena_floats(&tape->arena, n);
    kernels()->sigmoid(slope, logits->value, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double x = logits->value[i]; // log(1 + e^-|x|) + max(x, 0) - x y, which never overflows
        sum += log1p(exp(-fabs(x))) + (x > 0 ? x : 0) - x * targets[i];
        slope[i] = (slope[i] - targets[i]) / (float)n;
    }
    return loss_result(tape, logits, sum / (double)n, slope);
}

// One position: returns the loss; dz receives its gradient with respect to the logits.
struct position {
    const float *p, *log_p, *q, *log_q;
    float *dz;
    int classes, label;
};

// From dq = d loss / d q to the logits: dz = q (dq - <dq, q>)
static void through_softmax(const struct position *x) {
    double inner = 0;
    for (int c = 0; c < x->classes; c++)
        inner += (double)x->dz[c] * x->q[c];
    for (int c = 0; c < x->classes; c++)
        x->dz[c] = x->q[c] * (float)(x->dz[c] - inner);
}

// From dl = d loss / d log q to the logits: dz = dl - q sum(dl)
static void through_log_softmax(const struct position *x) {
    double sum = 0;
    for (int c = 0; c < x->classes; c++)
        sum += x->dz[c];
    for (int c = 0; c < x->classes; c++)
        x->dz[c] -= (float)(x->q[c] * sum);
}

static double total_variation(const struct position *x) {
    double loss = 0;
    for (int c = 0; c < x->classes; c++) {
        float d = x->q[c] - x->p[c];
        loss += fabs((double)d);
        x->dz[c] = d > 0 ? 0.5f : d < 0 ? -0.5f : 0;
    }
    through_softmax(x);
    return 0.5 * loss;
}

static double kl(const struct position *x) {
    double loss = 0;
    for (int c = 0; c < x->classes; c++) {
        if (x->p[c] > 0)
            loss += (double)x->p[c] * ((double)x->log_p[c] - x->log_q[c]);
        x->dz[c] = (x->q[c] - x->p[c]) / (float)x->classes;
    }
    return loss / x->classes;
}

static double kl_reverse(const struct position *x) {
    double loss = 0;
    for (int c = 0; c < x->classes; c++) {
        double ratio = (double)x->log_q[c] - x->log_p[c];
        loss += x->q[c] * ratio;
        x->dz[c] = (float)(ratio / x->classes);
    }
    through_softmax(x);
    return loss / x->classes;
}

static double js_div(const struct position *x) {
    double loss = 0.5 * kl_reverse(x);
    float reverse[256];
    memcpy(reverse, x->dz, (size_t)x->classes * sizeof(float));
    loss += 0.5 * kl(x);
    for (int c = 0; c < x->classes; c++)
        x->dz[c] = 0.5f * (x->dz[c] + reverse[c]);
    return loss;
}

static double ce(const struct position *x) {
    for (int c = 0; c < x->classes; c++)
        x->dz[c] = x->q[c] - (c == x->label);
    return -x->log_q[x->label];
}

static double l2(const struct position *x) {
    double loss = 0;
    for (int c = 0; c < x->classes; c++) {
        double d = (double)x->log_q[c] - x->log_p[c];
        loss += d * d;
        x->dz[c] = (float)(2 * d / x->classes);
    }
    through_log_softmax(x);
    return loss / x->classes;
}

static double cosine(const struct position *x) {
    double qp = 0, qq = 0, pp = 0;
    for (int c = 0; c < x->classes; c++) {
        qp += (double)x->log_q[c] * x->log_p[c];
        qq += (double)x->log_q[c] * x->log_q[c];
        pp += (double)x->log_p[c] * x->log_p[c];
    }
    double norms = sqrt(qq) * sqrt(pp);
    for (int c = 0; c < x->classes; c++)
        x->dz[c] = (float)(qp / norms * x->log_q[c] / qq - x->log_p[c] / norms);
    through_log_softmax(x);
    return 1 - qp / norms;
}

struct tensor *emulation_loss(struct tape *tape, enum criterion criterion, struct tensor *logits, const float *target_logits,
                              const uint8_t *labels, int steps, float *per_sequence) {
    static double (*const criteria[])(const struct position *) = {total_variation, kl, kl_reverse, js_div, ce, l2, cosine};
    size_t n = tensor_size(logits), cols = (size_t)logits->cols;
    int batch = logits->rows / steps;
    assert(logits->cols <= 256 && criterion != CRITERION_MSE && (labels || criterion != CRITERION_CE));
    float *p = arena_floats(&tape->arena, n), *log_p = arena_floats(&tape->arena, n), *q = arena_floats(&tape->arena, n),
          *log_q = arena_floats(&tape->arena, n), *slope = arena_floats(&tape->arena, n);
    kernels()->softmax(p, log_p, target_logits, logits->rows, logits->cols);
    kernels()->softmax(q, log_q, logits->value, logits->rows, logits->cols);

    double sum = 0;
    for (int b = 0; b < batch; b++) {
        double sequence = 0;
        for (int t = 0; t < steps; t++) {
            size_t row = (size_t)t * (size_t)batch + (size_t)b, at = row * cols;
            struct position x = {p + at, log_p + at, q + at, log_q + at, slope + at, logits->cols, labels ? labels[row] : 0};
            sequence += criteria[criterion](&x);
        }
        if (per_sequence)
            per_sequence[b] = (float)(sequence / steps);
        sum += sequence;
    }
    kernels()->scale(slope, 1.0f / (float)logits->rows, n);
    return loss_result(tape, logits, sum / logits->rows, slope);
}
