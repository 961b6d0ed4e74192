#include "rnn/batch.h"

#include <string.h>

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
        for (size_t j = 0; j < P; j++)
            s->grads[b][s->index ? (size_t)s->index[j] : j] += dx[j];
    }
}

struct tensor *rnn_batch_tensor(struct tape *tape, const struct rnn_batch *batch, const int *index) {
    size_t P = batch->table->size;
    struct tensor *x = tape_tensor(tape, batch->count, (int)P, batch->grads != NULL);
    for (int b = 0; b < batch->count; b++) {
        float *row = x->value + (size_t)b * P;
        if (!index)
            memcpy(row, batch->weights[b], P * sizeof *row);
        for (size_t j = 0; index && j < P; j++)
            row[j] = batch->weights[b][index[j]];
    }
    if (x->grad) {
        struct batch_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct batch_saved){x, arena_alloc(&tape->arena, (size_t)batch->count * sizeof *s->grads), index};
        memcpy(s->grads, batch->grads, (size_t)batch->count * sizeof *s->grads);
        tape_record(tape, batch_backward, s);
    }
    return x;
}
