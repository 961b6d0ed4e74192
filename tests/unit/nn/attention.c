#include "nn/attention.h"

#include "base/rng.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static float *numbers(size_t n, uint64_t seed) {
    struct rng rng = rng_make(seed, 0, "test");
    float *x = malloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(&rng);
    return x;
}

// The naive twin, in double, one head and one query at a time: out, and its gradients for dout.
struct naive {
    double *out, *dq, *dkv;
};

static void naive_query(const struct attention *s, int h, int i, const float *q, const float *kv, const float *dout, const float *mask,
                        struct naive *n) {
    int D = s->width / s->heads, W = s->width, S = s->tokens;
    double *a = calloc((size_t)S, sizeof *a), *da = calloc((size_t)S, sizeof *da), sum = 0, inner = 0;
    for (int j = 0; j < S; j++) {
        double score = 0;
        for (int c = h * D; c < h * D + D; c++)
            score += (double)q[i * W + c] * kv[2 * j * W + c];
        sum += a[j] = exp(score / sqrt(D));
    }
    for (int j = 0; j < S; j++) {
        a[j] /= sum;
        for (int c = h * D; c < h * D + D; c++) {
            n->out[i * W + c] += a[j] * mask[j] * kv[(2 * j + 1) * W + c];
            da[j] += (double)mask[j] * dout[i * W + c] * kv[(2 * j + 1) * W + c];
            n->dkv[(2 * j + 1) * W + c] += a[j] * mask[j] * dout[i * W + c];
        }
        inner += a[j] * da[j];
    }
    for (int j = 0; j < S; j++)
        for (int c = h * D; c < h * D + D; c++) {
            n->dq[i * W + c] += a[j] * (da[j] - inner) / sqrt(D) * kv[2 * j * W + c];
            n->dkv[2 * j * W + c] += a[j] * (da[j] - inner) / sqrt(D) * q[i * W + c];
        }
    free(a);
    free(da);
}

static void compare(const char *what, const struct attention *s, const float *x, const double *expected, size_t n) {
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double error = fabs(x[i] - expected[i]) / (1 + fabs(expected[i]));
        worst = error > worst || isnan(error) ? error : worst;
    }
    CHECK(worst <= 1e-5, "%s of %d x %d, width %d, %d heads: %g", what, s->queries, s->tokens, s->width, s->heads, worst);
}

static void test_against_naive(struct attention s, float rate) {
    s.dropout = (struct dropout){.rate = rate, .key = 3};
    size_t Q = (size_t)s.queries, S = (size_t)s.tokens, W = (size_t)s.width;
    float *q = numbers(Q * W, 1), *kv = numbers(2 * S * W, 2), *dout = numbers(Q * W, 3), *out = numbers(Q * W, 4), *dq = numbers(Q * W, 5),
          *dkv = numbers(2 * S * W, 6), *mask = numbers(S, 7);
    float *scratch = numbers(attention_scratch(&s), 8);
    struct naive n = {calloc(Q * W, sizeof(double)), calloc(Q * W, sizeof(double)), calloc(2 * S * W, sizeof(double))};
    for (int h = 0; h < s.heads; h++)
        for (int i = 0; i < s.queries; i++) {
            struct dropout d = dropout_at(&s.dropout, (uint64_t)h);
            dropout_mask(&d, mask, (size_t)i * S, S);
            naive_query(&s, h, i, q, kv, dout, mask, &n);
        }
    attention_forward(&s, out, q, kv, scratch);
    attention_backward(&s, dq, dkv, dout, out, q, kv, scratch);
    compare("out", &s, out, n.out, Q * W);
    compare("dq", &s, dq, n.dq, Q * W);
    compare("dkeys_values", &s, dkv, n.dkv, 2 * S * W);
    float *all[] = {q, kv, dout, out, dq, dkv, mask, scratch};
    for (int i = 0; i < 8; i++)
        free(all[i]);
    free(n.out);
    free(n.dq);
    free(n.dkv);
}

int main(void) {
    static const struct attention sizes[] = {
        {.queries = 1, .tokens = 1, .width = 1, .heads = 1},     {.queries = 3, .tokens = 5, .width = 6, .heads = 2},
        {.queries = 17, .tokens = 17, .width = 12, .heads = 3},  {.queries = 1, .tokens = 33, .width = 8, .heads = 4},
        {.queries = 7, .tokens = 31, .width = 5, .heads = 1},    {.queries = 300, .tokens = 67, .width = 6, .heads = 2}, // several blocks
        {.queries = 270, .tokens = 270, .width = 33, .heads = 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        test_against_naive(sizes[i], 0);
        test_against_naive(sizes[i], 0.3f);
    }
    return check_report("nn/attention");
}
