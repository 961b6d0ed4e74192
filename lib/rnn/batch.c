#include "rnn/batch.h"

#include <assert.h>
#include <string.h>

struct rnn_batch rnn_batch_part(const struct rnn_batch *batch, int first, int count) {
    return (struct rnn_batch){batch->rnn + first, count};
}

int rnn_batch_alike(const struct rnn_batch *batch, int first, int most) {
    int n = 1;
    while (n < most && first + n < batch->count && rnn_arch_equal(batch->rnn[first + n].arch, batch->rnn[first].arch))
        n++;
    return n;
}

bool rnn_batch_trained(const struct rnn_batch *batch) {
    for (int b = 0; b < batch->count; b++)
        if (batch->rnn[b].grad)
            return true;
    return false;
}

struct batch_saved {
    struct tensor *x;
    float **grads;
    const int *index;
};

static void batch_backward(void *saved) {
    const struct batch_saved *s = saved;
    size_t P = (size_t)s->x->cols;
    for (int b = 0; b < s->x->rows; b++) {
        const float *dx = s->x->grad + (size_t)b * P;
        for (size_t j = 0; s->grads[b] && j < P; j++)
            s->grads[b][s->index ? (size_t)s->index[j] : j] += dx[j];
    }
}

struct tensor *rnn_batch_tensor(struct tape *tape, const struct rnn_batch *batch, const int *index) {
    size_t P = batch->rnn->table->size;
    assert(rnn_batch_alike(batch, 0, batch->count) == batch->count);
    struct tensor *x = tape_tensor(tape, batch->count, (int)P, rnn_batch_trained(batch));
    for (int b = 0; b < batch->count; b++) {
        float *row = x->value + (size_t)b * P;
        const float *weights = batch->rnn[b].weights;
        if (!index)
            memcpy(row, weights, P * sizeof *row);
        for (size_t j = 0; index && j < P; j++)
            row[j] = weights[index[j]];
    }
    if (x->grad) {
        struct batch_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct batch_saved){x, arena_alloc(&tape->arena, (size_t)batch->count * sizeof *s->grads), index};
        for (int b = 0; b < batch->count; b++)
            s->grads[b] = batch->rnn[b].grad;
        tape_record(tape, batch_backward, s);
    }
    return x;
}
