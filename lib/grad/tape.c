#include "grad/tape.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void tape_reset(struct tape *tape, bool recording) {
    arena_reset(&tape->arena);
    tape->count = 0;
    tape->in_part = false;
    tape->recording = recording;
}

void tape_free(struct tape *tape) {
    arena_free(&tape->arena);
    arena_free(&tape->shared);
    free(tape->entries);
    *tape = (struct tape){0};
}

size_t tensor_size(const struct tensor *x) {
    return (size_t)x->rows * (size_t)x->cols;
}

struct tensor *tape_leaf(struct tape *tape, int rows, int cols, float *value, float *grad) {
    struct tensor *x = arena_alloc(&tape->arena, sizeof *x);
    *x = (struct tensor){.value = value, .grad = tape->recording ? grad : NULL, .rows = rows, .cols = cols};
    return x;
}

struct tensor *tape_tensor(struct tape *tape, int rows, int cols, bool wants_grad) {
    struct tensor *x = tape_leaf(tape, rows, cols, NULL, NULL);
    x->value = arena_floats(tape->in_part && !tape->recording ? &tape->shared : &tape->arena, tensor_size(x));
    if (tape->recording && wants_grad && tape->in_part)
        x->grad = arena_floats(&tape->shared, tensor_size(x)); // zeroed when the way back comes to this part
    else if (tape->recording && wants_grad)
        x->grad = arena_calloc(&tape->arena, tensor_size(x) * sizeof(float));
    return x;
}

struct tensor *tape_rows(struct tape *tape, const struct tensor *x, int first, int count) {
    assert(first >= 0 && count >= 0 && first + count <= x->rows);
    size_t at = (size_t)first * (size_t)x->cols;
    return tape_leaf(tape, count, x->cols, x->value + at, x->grad ? x->grad + at : NULL);
}

struct tensor *tape_reshape(struct tape *tape, const struct tensor *x, int rows, int cols) {
    assert((size_t)rows * (size_t)cols == tensor_size(x));
    return tape_leaf(tape, rows, cols, x->value, x->grad);
}

struct part_saved {
    struct arena *shared;
    struct tensor *x, *y;
};

// The first of the part's entries on the way back.
static void part_backward(void *saved) {
    const struct part_saved *s = saved;
    arena_clear(s->shared);
    memcpy(s->x->grad, s->y->grad, tensor_size(s->y) * sizeof(float));
}

void tape_part_begin(struct tape *tape) {
    assert(!tape->in_part);
    arena_reset(&tape->shared);
    tape->in_part = true;
}

struct tensor *tape_part_end(struct tape *tape, struct tensor *result) {
    assert(tape->in_part);
    tape->in_part = false;
    struct tensor *y = tape_tensor(tape, result->rows, result->cols, result->grad != NULL);
    memcpy(y->value, result->value, tensor_size(y) * sizeof(float));
    if (y->grad) {
        struct part_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct part_saved){&tape->shared, result, y};
        tape_record(tape, part_backward, s);
    }
    return y;
}

void tape_record(struct tape *tape, tape_backward_function *backward, void *saved) {
    if (!tape->recording)
        return;
    tape->entries = memory_room(tape->entries, (size_t)tape->count, &tape->capacity, sizeof *tape->entries);
    tape->entries[tape->count++] = (struct tape_entry){backward, saved};
}

void tape_backward(struct tape *tape) {
    for (int i = tape->count; i-- > 0;)
        tape->entries[i].backward(tape->entries[i].saved);
}
