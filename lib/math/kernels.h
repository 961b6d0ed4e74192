// The hot loops, each compiled for several instruction sets from the one source kernels.c and chosen once at start-up.
// Results do not depend on the instruction set (every product-sum is a fused multiply-add, every reduction has one fixed order), nor
// on how rows are grouped into calls. "portable" is for CPUs that these loops don't know (on x86-64 it makes a library call for each
// multiply-add): there all but the smallest products go to BLIS, which has its own order of sums.
// NaN stays NaN, but its sign and payload are not promised. Matrices are row-major; ld is the distance of rows, in floats. All lengths
// may be any number >= 0.
#ifndef MATH_KERNELS_H
#define MATH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

struct kernels {
    const char *name; // "avx512", "avx2", "portable"
    size_t blis_from; // multiply-adds of a product from which BLIS is faster; 0 = never

    // C[M,N] = S + A[M,K] B[K,N]; A is read at a[m * a_row + k * a_col], so a transposed A costs nothing. S is NULL for zero, C itself
    // (with lds = ldc) to add to it, or a matrix apart from C; with lds = 0 its one row stands for all, as biases do. Each element is one
    // chain of fused multiply-adds over k = 0..K-1, starting at S.
    void (*gemm)(float *c, size_t ldc, const float *s, size_t lds, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb,
                 int m, int n, int k);

    void (*transpose)(float *out, size_t ldo, const float *in, size_t ldi, int rows, int cols); // out[c,r] = in[r,c]

    // Elementwise, in place allowed. Within 4 ulp of the exact value; right at infinities, NaN stays NaN.
    void (*sigmoid)(float *y, const float *x, size_t n);
    void (*tanh)(float *y, const float *x, size_t n);
    void (*exp)(float *y, const float *x, size_t n);
    void (*relu)(float *y, const float *x, size_t n); // max(0, x)
    // Backward of two of them, from their results: dx = dy (1 - y^2), and dy where y > 0, else 0. In place allowed.
    void (*tanh_backward)(float *dx, const float *dy, const float *y, size_t n);
    void (*relu_backward)(float *dx, const float *dy, const float *y, size_t n);

    // One LSTM time step for rows of a batch. gates [rows,4H] (row distance ldg) holds the pre-activations in the order i,f,g,o and is
    // replaced by the activations. c = f * c_prev + i * g; tanh_c = tanh(c); h = o * tanh_c; each [rows,H], dense. c_prev NULL means zero.
    void (*lstm_forward)(float *gates, size_t ldg, float *c, float *tanh_c, float *h, const float *c_prev, int rows, int hidden);
    // Backward of it. In: dh [rows,H], dc [rows,H] (gradient from the next step), the saved gates, tanh_c, c_prev (or NULL). Out: dgates
    // [rows,4H] (row distance ldg, gradient of the pre-activations; may be the gates' own memory), dc replaced by the gradient for c_prev.
    void (*lstm_backward)(float *dgates, float *dc, const float *dh, const float *gates, size_t ldg, const float *tanh_c,
                          const float *c_prev, int rows, int hidden);

    // One GRU time step. gates [rows,4H] (row distance ldg) holds pre-activations in the order r, z, n, a, where n is the inputs' part of
    // the candidate and a = W_hn h + b_hn its recurrent part. r, z, n are replaced by r = sig(r), z = sig(z), n = tanh(n + r * a); a stays.
    // h = (1 - z) * n + z * h_prev, [rows,H], dense; h may be h_prev. h_prev NULL means zero.
    void (*gru_forward)(float *gates, size_t ldg, float *h, const float *h_prev, int rows, int hidden);
    // Backward of it. In: dh [rows,H], the saved gates, h_prev (or NULL). Out: dgates [rows,4H] (row distance ldg, gradient of the four
    // pre-activations; may be the gates' own memory); dh * z is added to dh_prev (NULL: not wanted).
    void (*gru_backward)(float *dgates, float *dh_prev, const float *dh, const float *gates, size_t ldg, const float *h_prev, int rows,
                         int hidden);

    void (*axpy)(float *y, float a, const float *x, size_t n); // y += a x
    void (*scale)(float *y, float a, size_t n);                // y *= a
    double (*sum_squares)(const float *x, size_t n);           // in double, fixed order
    float (*dot)(const float *x, const float *y, size_t n);
    void (*add_rows)(float *y, size_t ldy, const float *bias, int rows, int cols);  // y[r,:] += bias
    void (*fill_rows)(float *y, size_t ldy, const float *bias, int rows, int cols); // y[r,:] = bias
    void (*sum_rows)(float *sum, const float *x, size_t ldx, int rows, int cols);   // sum[c] += x[0,c] + x[1,c] + ..., in that order

    // Over a grid [rows,cols,channels]: y += along_cols [cols,channels] + along_rows [rows,channels], negative results made 0 if relu. Its
    // sums over rows are added to row_sums [cols,channels], those over columns replace col_sums [rows,channels].
    void (*grid_forward)(float *y, float *row_sums, float *col_sums, const float *along_cols, const float *along_rows, int rows, int cols,
                         int channels, bool relu);
    // dx = dy + along_cols + along_rows, made 0 where y is not positive; dy NULL means zero, y NULL none is made 0. Its sums as above.
    void (*grid_backward)(float *dx, float *row_sums, float *col_sums, const float *dy, const float *y, const float *along_cols,
                          const float *along_rows, int rows, int cols, int channels);

    // Softmax and log-softmax of each row, stable. In place allowed; either output may be NULL.
    void (*softmax)(float *p, float *log_p, const float *x, int rows, int cols);

    // AdamW (Loshchilov and Hutter 2019), PyTorch's form: w -= lr * decay * w; m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2;
    // w -= step_size * m / (sqrt(v) / root_correction2 + epsilon), with step_size = lr / (1 - b1^t), root_correction2 = sqrt(1 - b2^t). g
    // is multiplied by g_scale.
    void (*adamw)(float *w, float *m, float *v, const float *g, size_t n, float g_scale, float lr_decay, float b1, float b2,
                  float step_size, float root_correction2, float epsilon);
};

// The best set for this CPU; RNNPIPE_KERNELS=portable|avx2|avx512 in the environment asks for another one (an unavailable one is ignored).
// Thread-safe.
const struct kernels *kernels(void);

// All sets that this CPU can run, best first; NULL after the last. For tests and benchmarks.
const struct kernels *kernels_available(int index);

#endif
