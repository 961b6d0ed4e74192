// Reverse-mode differentiation on a tape of few, large operations. An operation computes its result at once and records how to go back;
// tape_backward calls the recorded functions in reverse. Every backward *accumulates* into its operands' gradients, so shared operands need
// no care. All memory of a pass comes from the tape's arena.
//
//     tape_reset(&tape); x = ...; y = linear(&tape, x, w, b); loss = ...; loss->grad[0] = 1; tape_backward(&tape);
#ifndef GRAD_TAPE_H
#define GRAD_TAPE_H

#include "base/arena.h"

#include <stdbool.h>

// A matrix [rows, cols], row-major. A sequence is time-major: row t * B + b. grad is NULL where no gradient is wanted.
struct tensor {
    float *value, *grad;
    int rows, cols;
};

typedef void tape_backward_function(void *saved);

struct tape_entry {
    tape_backward_function *backward;
    void *saved;
};

struct tape {
    struct arena arena;
    struct tape_entry *entries;
    int count;
    size_t capacity;
    struct arena shared; // of parts
    bool in_part;
    bool recording; // false: inference, nothing is recorded and results have no grad
};

// A zeroed struct tape is a valid empty one in inference mode.
void tape_reset(struct tape *tape, bool recording);
void tape_free(struct tape *tape);

// A result of an operation: value undefined, grad zeroed when recording and wanted, else NULL.
struct tensor *tape_tensor(struct tape *tape, int rows, int cols, bool wants_grad);
// A leaf over memory of the caller's; grad may be NULL.
struct tensor *tape_leaf(struct tape *tape, int rows, int cols, float *value, float *grad);

// Rows first .. first+count-1 of x as a tensor that shares value and gradient memory.
struct tensor *tape_rows(struct tape *tape, const struct tensor *x, int first, int count);
// The same memory in another shape; rows * cols must agree.
struct tensor *tape_reshape(struct tape *tape, const struct tensor *x, int rows, int cols);

// Independent parts of a computation, one after another, share the memory of their tensors' gradients (in inference, values): it stays in
// cache, and is one part's worth. What operations within a part return may be used within it only; tape_part_end gives a copy of the part's
// result for use outside. Parts don't nest.
void tape_part_begin(struct tape *tape);
struct tensor *tape_part_end(struct tape *tape, struct tensor *result);

void tape_record(struct tape *tape, tape_backward_function *backward, void *saved); // no-op unless recording
void tape_backward(struct tape *tape);

size_t tensor_size(const struct tensor *x);

#endif
