// General matrix products (always one thread: processes are the unit of parallelism): by the kernels where these have vector instructions
// for the CPU, by BLIS on all others. blas.c is the only file that includes BLIS. With the kernels each element of a product is one chain
// of fused multiply-adds over k (see gemm in kernels.h), so that results depend neither on the CPU, nor on the environment, nor on how rows
// are grouped. Where less precise products will do, large ones can be had in bfloat16.
#ifndef MATH_BLAS_H
#define MATH_BLAS_H

#include <stdbool.h>
#include <stddef.h>

// What the products below are computed in, in all threads: float32 until something else is set. With PRECISION_BF16 those that are large
// enough round the elements of A and B to bfloat16 (8 bits of mantissa) and sum in float32, in the CPU's own order (bf16.h). To be set
// while no product is under way, nor any matrix packed that is still to be used. Where blas_has_bf16() is false, as on most CPUs, it stays
// float32.
enum precision { PRECISION_FLOAT32, PRECISION_BF16 };
void blas_set_precision(enum precision precision);
bool blas_has_bf16(void);

enum transpose { PLAIN, TRANSPOSED };

// C[M,N] = beta C + op(A)[M,K] op(B)[K,N], row-major, ld = distance of rows of the matrix as stored. beta is 0 (C is not read) or 1.
// PLAIN A is stored [M,K], TRANSPOSED A as [K,M]; PLAIN B is stored [K,N], TRANSPOSED B as [N,K]. No overlap of C with A or B.
// Thread-safe; a scratch buffer per thread is kept.
void blas_sgemm(enum transpose ta, enum transpose tb, int m, int n, int k, const float *a, size_t lda, const float *b, size_t ldb,
                float beta, float *c, size_t ldc);

// Y[M,N] = X[M,K] W[N,K]^T + b[N], X and W dense, rows of Y ldy apart: the same as sums that start at the bias.
void blas_affine(int m, int n, int k, const float *x, const float *w, const float *bias, float *y, size_t ldy);

// A matrix B that many products share, copied once into the layout that they read fastest: 1.3 to 1.6 times as fast as blas_sgemm where
// B is large, does not stay in cache and meets few rows of A. packed has room for blas_packed_size(k, n) floats.
size_t blas_packed_size(int k, int n);
void blas_pack(enum transpose tb, int k, int n, const float *b, size_t ldb, float *packed);
// C[M,N] = S + A[M,K] B[K,N], A as stored, S as gemm's in kernels.h; the same bits as blas_sgemm.
void blas_sgemm_packed(int m, int n, int k, const float *a, size_t lda, const float *packed, const float *s, size_t lds, float *c,
                       size_t ldc);

// Always BLIS (the baseline of the kernels, in tests and benchmarks); same contract as blas_sgemm, but the order of its sums is its own.
void blas_sgemm_blis(enum transpose ta, enum transpose tb, int m, int n, int k, const float *a, size_t lda, const float *b, size_t ldb,
                     float beta, float *c, size_t ldc);

#endif
