#include "nn/attention.h"

#include "math/blas.h"
#include "math/kernels.h"

#include <math.h>
#include <string.h>

enum { MAX_BLOCK = 132 }; // queries at a time: enough for large products, few enough for their weights to stay in second-level cache

// One head, and the block of its queries that is at work.
struct head {
    const float *q, *k, *v;  // [Q,D], row distance W; [S,D], row distance 2W
    int tokens, size, width; // S, D, W
    float scale;
    struct dropout dropout;
    float *scaled;  // [block,D] queries / sqrt(D)
    float *weights; // [block,S]
    float *mask;    // [S] dropout's factors of one row
};

static int block_rows(int queries) {
    int blocks = (queries + MAX_BLOCK - 1) / MAX_BLOCK;
    return (queries + blocks - 1) / blocks;
}

size_t attention_scratch(const struct attention *a) {
    size_t tokens = (size_t)a->tokens, size = (size_t)(a->width / a->heads);
    return tokens + 2 * (size_t)block_rows(a->queries) * (tokens + size);
}

static struct head head_at(const struct attention *a, int i, const float *q, const float *keys_values, float *scratch) {
    struct head h = {.tokens = a->tokens, .size = a->width / a->heads, .width = a->width, .dropout = dropout_at(&a->dropout, (uint64_t)i)};
    h.scale = 1 / sqrtf((float)h.size);
    h.q = q + i * h.size;
    h.k = keys_values + i * h.size;
    h.v = h.k + a->width;
    h.mask = scratch;
    h.weights = h.mask + h.tokens;
    h.scaled = h.weights + (size_t)block_rows(a->queries) * (size_t)h.tokens;
    return h;
}

// A of `rows` queries from `first` on.
static void weigh(const struct head *h, int first, int rows) {
    for (int r = 0; r < rows; r++) {
        float *scaled = h->scaled + (size_t)r * (size_t)h->size;
        memcpy(scaled, h->q + (size_t)(first + r) * (size_t)h->width, (size_t)h->size * sizeof *scaled);
        kernels()->scale(scaled, h->scale, (size_t)h->size);
    }
    blas_sgemm(PLAIN, TRANSPOSED, rows, h->tokens, h->size, h->scaled, (size_t)h->size, h->k, 2 * (size_t)h->width, 0, h->weights,
               (size_t)h->tokens);
    kernels()->softmax(h->weights, NULL, h->weights, rows, h->tokens);
}

static const float *mask_row(const struct head *h, int query) {
    dropout_mask(&h->dropout, h->mask, (size_t)query * (size_t)h->tokens, (size_t)h->tokens);
    return h->mask;
}

static void multiply(float *a, const float *mask, int n) {
    for (int j = 0; j < n; j++)
        a[j] *= mask[j];
}

void attention_forward(const struct attention *a, float *out, const float *q, const float *keys_values, float *scratch) {
    size_t S = (size_t)a->tokens, W = (size_t)a->width;
    int block = block_rows(a->queries);
    for (int i = 0; i < a->heads; i++) {
        struct head h = head_at(a, i, q, keys_values, scratch);
        for (int first = 0; first < a->queries; first += block) {
            int rows = a->queries - first < block ? a->queries - first : block;
            weigh(&h, first, rows);
            for (int r = 0; a->dropout.rate > 0 && r < rows; r++)
                multiply(h.weights + (size_t)r * S, mask_row(&h, first + r), a->tokens);
            blas_sgemm(PLAIN, PLAIN, rows, h.size, a->tokens, h.weights, S, h.v, 2 * W, 0, out + (size_t)first * W + i * h.size, W);
        }
    }
}

// One row through dropout and softmax: from the gradient of dropout(A), in place, to that of the scores, A * (dA - <dA, A>); A becomes
// dropout(A). inner = <dA, A> = <dO, O>, with dropout or without.
static void row_backward(float *da, float *a, const float *mask, float inner, int n) {
    for (int j = 0; j < n; j++) {
        da[j] = a[j] * (mask[j] * da[j] - inner);
        a[j] *= mask[j];
    }
}

// One block: sets dQ, adds to dK and dV (the first one sets them). dq, dout, out: this head's columns of the block's first row.
static void block_backward(const struct head *h, float *dq, float *dk, float *dv, const float *dout, const float *out, int first, int rows,
                           float *da, float *dscaled) {
    size_t S = (size_t)h->tokens, D = (size_t)h->size, W = (size_t)h->width;
    float beta = first > 0;
    weigh(h, first, rows);
    blas_sgemm(PLAIN, TRANSPOSED, rows, h->tokens, h->size, dout, W, h->v, 2 * W, 0, da, S);
    for (size_t r = 0; r < (size_t)rows; r++)
        row_backward(da + r * S, h->weights + r * S, mask_row(h, first + (int)r), kernels()->dot(dout + r * W, out + r * W, D), h->tokens);
    blas_sgemm(TRANSPOSED, PLAIN, h->tokens, h->size, rows, h->weights, S, dout, W, beta, dv, 2 * W);
    blas_sgemm(TRANSPOSED, PLAIN, h->tokens, h->size, rows, da, S, h->scaled, D, beta, dk, 2 * W);
    blas_sgemm(PLAIN, PLAIN, rows, h->size, h->tokens, da, S, h->k, 2 * W, 0, dscaled, D);
    kernels()->scale(dscaled, h->scale, (size_t)rows * D);
    for (int r = 0; r < rows; r++)
        memcpy(dq + (size_t)r * W, dscaled + (size_t)r * D, D * sizeof *dq);
}

void attention_backward(const struct attention *a, float *dq, float *dkeys_values, const float *dout, const float *out, const float *q,
                        const float *keys_values, float *scratch) {
    int block = block_rows(a->queries);
    for (int i = 0; i < a->heads; i++) {
        struct head h = head_at(a, i, q, keys_values, scratch);
        float *da = h.scaled + (size_t)block * (size_t)h.size, *dscaled = da + (size_t)block * (size_t)h.tokens;
        float *dk = dkeys_values + i * h.size, *dv = dk + a->width;
        for (int first = 0; first < a->queries; first += block) {
            size_t at = (size_t)first * (size_t)a->width + (size_t)(i * h.size);
            int rows = a->queries - first < block ? a->queries - first : block;
            block_backward(&h, dq + at, dk, dv, dout + at, out + at, first, rows, da, dscaled);
        }
    }
}
