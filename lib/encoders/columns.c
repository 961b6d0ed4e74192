#include "encoders/columns_internal.h"

#include <string.h>

struct joined {
    struct tensor **parts, *y;
    int count;
};

static void joined_backward(void *saved) {
    const struct joined *s = saved;
    for (int i = 0, at = 0; i < s->count; at += s->parts[i++]->cols)
        for (int r = 0; s->parts[i]->grad && r < s->y->rows; r++)
            for (int c = 0; c < s->parts[i]->cols; c++)
                s->parts[i]->grad[r * s->parts[i]->cols + c] += s->y->grad[r * s->y->cols + at + c];
}

struct tensor *columns_joined(struct tape *tape, struct tensor **parts, int count) {
    int cols = 0;
    for (int i = 0; i < count; i++)
        cols += parts[i]->cols;
    struct tensor *y = tape_tensor(tape, parts[0]->rows, cols, tape->recording);
    for (int i = 0, at = 0; i < count; at += parts[i++]->cols)
        for (int r = 0; r < y->rows; r++)
            memcpy(y->value + r * cols + at, parts[i]->value + r * parts[i]->cols, (size_t)parts[i]->cols * sizeof(float));
    if (y->grad) {
        struct joined *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct joined){parts, y, count};
        tape_record(tape, joined_backward, s);
    }
    return y;
}
