#include "math/blas.h"

#include <blis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/bf16.h"
#include "math/kernels.h"

// --- A buffer for each thread, released when the thread ends ---

struct scratch {
    float *data;
    size_t count;
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_free(void *pointer) {
    struct scratch *scratch = pointer;
    free(scratch->data);
    free(scratch);
}

static void scratch_make_key(void) {
    if (pthread_key_create(&scratch_key, scratch_free) != 0)
        abort();
}

static float *scratch_floats(size_t count) {
    pthread_once(&scratch_once, scratch_make_key);
    struct scratch *scratch = pthread_getspecific(scratch_key);
    if (!scratch) {
        scratch = memory_calloc(1, sizeof *scratch);
        if (pthread_setspecific(scratch_key, scratch) != 0)
            abort();
    }
    if (scratch->count < count) {
        free(scratch->data);
        scratch->data = memory_alloc(count * sizeof *scratch->data);
        scratch->count = count;
    }
    return scratch->data;
}

// In the place of BLIS' own, which raises SIGABRT: memory that can't be had is the one error that BLIS can meet here.
void bli_abort(void) {
    memory_failed(0);
}

void blas_sgemm_blis(enum transpose ta, enum transpose tb, int m, int n, int k, const float *a, size_t lda, const float *b, size_t ldb,
                     float beta, float *c, size_t ldc) {
    rntm_t rntm = BLIS_RNTM_INITIALIZER;
    bli_rntm_set_num_threads(1, &rntm); // else the environment decides
    bli_rntm_set_pack_b(1, &rntm);      // small products with a transposed B are twice as fast
    float one = 1;
    bli_sgemm_ex(ta == PLAIN ? BLIS_NO_TRANSPOSE : BLIS_TRANSPOSE, tb == PLAIN ? BLIS_NO_TRANSPOSE : BLIS_TRANSPOSE, m, n, k, &one,
                 (float *)a, (inc_t)lda, 1, (float *)b, (inc_t)ldb, 1, &beta, c, (inc_t)ldc, 1, NULL, &rntm);
}

// --- Products by the kernels. Where it pays, pieces of A and B are copied so that the kernel finds them contiguous and in cache (Goto and
// van de Geijn 2008). C is carried from one block of k to the next: each element stays one chain of multiply-adds, however it is blocked.
// ---

enum {
    K_BLOCK = 256,
    M_BLOCK = 224,           // M_BLOCK x K_BLOCK of A: a part of the second-level cache
    N_BLOCK = 1024,          // K_BLOCK x N_BLOCK of B: the rest of it
    PANEL = 32,              // columns of B side by side: K_BLOCK x PANEL is in the first-level cache
    A_STRIDE = K_BLOCK + 16, // not a power of two, else rows compete for the same cache lines
};

// Element (i, j) is data[i * row + j * col]; one of the strides is 1.
struct matrix {
    const float *data;
    size_t row, col;
};

static struct matrix matrix(enum transpose t, const float *data, size_t ld) {
    return t == PLAIN ? (struct matrix){data, ld, 1} : (struct matrix){data, 1, ld};
}

static struct matrix from(struct matrix x, int row, int col) {
    return (struct matrix){x.data + row * x.row + col * x.col, x.row, x.col};
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

// B[k,n] into panels of PANEL columns, one after another.
static void pack_b(float *out, struct matrix b, int k, int n) {
    for (int column = 0; column < n; column += PANEL, out += (size_t)k * PANEL) {
        const int width = smaller(n - column, PANEL);
        const float *in = from(b, 0, column).data;
        if (b.col != 1)
            kernels()->transpose(out, PANEL, in, b.col, width, k);
        else if (width == PANEL)
            for (int row = 0; row < k; row++)
                memcpy(out + row * PANEL, in + row * b.row, PANEL * sizeof *out); // of a constant size: no call
        else
            for (int row = 0; row < k; row++)
                memcpy(out + row * PANEL, in + row * b.row, width * sizeof *out);
    }
}

static struct matrix pack_a(float *out, struct matrix a, int m, int k) {
    if (a.col != 1)
        kernels()->transpose(out, A_STRIDE, a.data, a.col, k, m);
    else
        for (int row = 0; row < m; row++)
            memcpy(out + row * A_STRIDE, a.data + row * a.row, k * sizeof *out);
    return (struct matrix){out, A_STRIDE, 1};
}

// Where the sums of a product start: NULL for 0; rows that are 0 apart are all the same one.
struct start {
    const float *data;
    size_t row;
};

static struct start start_from(struct start s, int row, int col) {
    return s.data ? (struct start){s.data + row * s.row + col, s.row} : s;
}

// C[m,n] = start + A[m,k] B[k,n], B in panels.
static void multiply_panels(struct matrix a, const float *panels, int m, int n, int k, struct start start, float *c, size_t ldc) {
    for (int column = 0; column < n; column += PANEL, panels += (size_t)k * PANEL)
        kernels()->gemm(c + column, ldc, start_from(start, 0, column).data, start.row, a.data, a.row, a.col, panels, PANEL, m,
                        smaller(n - column, PANEL), k);
}

static void multiply_packed(struct matrix a, struct matrix b, int m, int n, int k, struct start start, float *c, size_t ldc) {
    const int copy_a = n >= 256 && k >= 128; // else it is used too few times
    const int m_block = copy_a ? smaller(m, M_BLOCK) : m, panels = (smaller(n, N_BLOCK) + PANEL - 1) / PANEL;
    const size_t a_count = copy_a ? (size_t)m_block * A_STRIDE : 0;
    float *packed_a = scratch_floats(a_count + (size_t)smaller(k, K_BLOCK) * panels * PANEL), *packed_b = packed_a + a_count;
    for (int column = 0, width; column < n; column += width) {
        width = smaller(n - column, N_BLOCK);
        for (int depth = 0, step; depth < k; depth += step) {
            step = smaller(k - depth, K_BLOCK);
            pack_b(packed_b, from(b, depth, column), step, width);
            for (int row = 0, height; row < m; row += height) {
                height = smaller(m - row, m_block);
                struct matrix block = from(a, row, depth);
                if (copy_a)
                    block = pack_a(packed_a, block, height, step);
                float *out = c + row * ldc + column;
                multiply_panels(block, packed_b, height, width, step, depth ? (struct start){out, ldc} : start_from(start, row, column),
                                out, ldc);
            }
        }
    }
}

static bool for_blis(int m, int n, int k) {
    const size_t from = kernels()->blis_from;
    return from && (size_t)m * n * k >= from;
}

// By BLIS, which can only add to C.
static void multiply_blis(enum transpose ta, enum transpose tb, int m, int n, int k, const float *a, size_t lda, const float *b, size_t ldb,
                          struct start start, float *c, size_t ldc) {
    if (start.data && start.data != c)
        for (int row = 0; row < m; row++)
            memcpy(c + row * ldc, start.data + row * start.row, n * sizeof *c);
    blas_sgemm_blis(ta, tb, m, n, k, a, lda, b, ldb, start.data ? 1 : 0, c, ldc);
}

// --- In bfloat16, by the CPU's tiles ---

static atomic_int precision = PRECISION_FLOAT32;

bool blas_has_bf16(void) {
    return bf16_available();
}

void blas_set_precision(enum precision p) {
    atomic_store_explicit(&precision, blas_has_bf16() ? p : PRECISION_FLOAT32, memory_order_relaxed);
}

// Tiles are filled with 16 columns and 32 elements of k at a time; below this many multiply-adds the filling costs more than it saves.
static bool for_bf16(int m, int n, int k) {
    return atomic_load_explicit(&precision, memory_order_relaxed) == PRECISION_BF16 && n >= 16 && k >= 16 && (size_t)m * n * k >= 1 << 17;
}

// Of a packed matrix it is not known yet how many rows it will meet.
static bool packs_bf16(int n, int k) {
    return for_bf16(32, n, k);
}

static struct bf16_matrix tiled(struct matrix x) {
    return (struct bf16_matrix){x.data, x.row, x.col};
}

static void multiply_packed_bf16(struct matrix a, const float *packed, int m, int n, int k, struct start start, float *c, size_t ldc) {
    bf16_multiply(tiled(a), packed, m, n, k, start.data, start.row, c, ldc, scratch_floats(bf16_scratch_size(k)));
}

static void multiply_bf16(struct matrix a, struct matrix b, int m, int n, int k, struct start start, float *c, size_t ldc) {
    float *packed = scratch_floats(bf16_packed_size(k, n) + bf16_scratch_size(k));
    bf16_pack(tiled(b), k, n, packed);
    bf16_multiply(tiled(a), packed, m, n, k, start.data, start.row, c, ldc, packed + bf16_packed_size(k, n));
}
static void multiply(enum transpose ta, enum transpose tb, int m, int n, int k, const float *a, size_t lda, const float *b, size_t ldb,
                     struct start start, float *c, size_t ldc) {
    if (m <= 0 || n <= 0)
        return;
    const struct matrix am = matrix(ta, a, lda), bm = matrix(tb, b, ldb);
    if (for_bf16(m, n, k)) {
        multiply_bf16(am, bm, m, n, k, start, c, ldc);
        return;
    }
    if (for_blis(m, n, k)) {
        multiply_blis(ta, tb, m, n, k, a, lda, b, ldb, start, c, ldc);
        return;
    }
    // Thresholds by tests/bench/kernels.c: from there on the copy of B is paid for by the number of rows that use it.
    if (k > 0 && (tb == TRANSPOSED || (m >= 192 && (size_t)k * n > 8192)))
        multiply_packed(am, bm, m, n, k, start, c, ldc);
    else
        kernels()->gemm(c, ldc, start.data, start.row, a, am.row, am.col, b, ldb, m, n, k);
}

void blas_sgemm(enum transpose ta, enum transpose tb, int m, int n, int k, const float *a, size_t lda, const float *b, size_t ldb,
                float beta, float *c, size_t ldc) {
    multiply(ta, tb, m, n, k, a, lda, b, ldb, (struct start){beta != 0 ? c : NULL, ldc}, c, ldc);
}

void blas_affine(int m, int n, int k, const float *x, const float *w, const float *bias, float *y, size_t ldy) {
    multiply(PLAIN, TRANSPOSED, m, n, k, x, k, w, k, (struct start){bias, 0}, y, ldy);
}

// --- Packed once, used often ---

size_t blas_packed_size(int k, int n) {
    const size_t size = (size_t)k * ((size_t)(n + PANEL - 1) / PANEL) * PANEL;
    if (packs_bf16(n, k))
        return bf16_packed_size(k, n);
    return size;
}

void blas_pack(enum transpose tb, int k, int n, const float *b, size_t ldb, float *packed) {
    if (packs_bf16(n, k)) {
        bf16_pack(tiled(matrix(tb, b, ldb)), k, n, packed);
        return;
    }
    pack_b(packed, matrix(tb, b, ldb), k, n);
}

void blas_sgemm_packed(int m, int n, int k, const float *a, size_t lda, const float *packed, const float *s, size_t lds, float *c,
                       size_t ldc) {
    const struct start start = {s, lds};
    if (m <= 0 || n <= 0)
        return;
    if (packs_bf16(n, k)) {
        multiply_packed_bf16(matrix(PLAIN, a, lda), packed, m, n, k, start, c, ldc);
        return;
    }
    if (!for_blis(m, n, k)) {
        multiply_panels(matrix(PLAIN, a, lda), packed, m, n, k, start, c, ldc);
        return;
    }
    for (int column = 0; column < n; column += PANEL, packed += (size_t)k * PANEL)
        multiply_blis(PLAIN, PLAIN, m, smaller(n - column, PANEL), k, a, lda, packed, PANEL, start_from(start, 0, column), c + column, ldc);
}
