// Products of matrices in bfloat16 (8 bits of mantissa; sums in float32), by the tiles of Intel's AMX, on CPUs that have them: several
// times as fast as in float32, for trainings that can do with less precise gradients. An element of A or B is rounded to nearest, ties to
// even, subnormals to 0. The order of sums is the CPU's own.
#ifndef MATH_BF16_H
#define MATH_BF16_H

#include <stdbool.h>
#include <stddef.h>

// Element (i, j) of a matrix is data[i * row + j * col]; one of the strides is 1.
struct bf16_matrix {
    const float *data;
    size_t row, col;
};

// Can this CPU, under this system, do it? The first call asks the system's leave for all threads of the process. Thread-safe.
bool bf16_available(void);

// Floats that hold B[k,n] packed.
size_t bf16_packed_size(int k, int n);
void bf16_pack(struct bf16_matrix b, int k, int n, float *packed);

// Floats of scratch, aligned to 64 bytes as packed matrices should be, that bf16_multiply needs.
size_t bf16_scratch_size(int k);

// C[m,n] = S + A[m,k] B[k,n], B packed. s is NULL for 0, c itself (lds = ldc), or a matrix apart from c; with lds 0 its one row stands for
// all. Only after bf16_available() was true.
void bf16_multiply(struct bf16_matrix a, const float *packed, int m, int n, int k, const float *s, size_t lds, float *c, size_t ldc,
                   float *scratch);

#endif
