// Compiled once for each instruction set (KERNELS_ISA = portable, avx2, avx512); see kernels.h for what each function promises.
#include "math/kernels.h"

#include <math.h>
#include <stdbool.h>

#include "math/cells_internal.h"
#include "math/functions_internal.h"
#include "math/rows_internal.h"

// --- Matrix product ---

// A block of C is held in registers: up to MAX_ROWS rows by 2 vectors. Fewer rows take more vectors, to keep enough sums in flight.
#if LANES == 16
enum { MAX_ROWS = 14, ROWS_OF_8 = 2, ROWS_OF_4 = 5 };
#else
enum { MAX_ROWS = 6, ROWS_OF_8 = 1, ROWS_OF_4 = 2 };
#endif
enum { K_BLOCK = 256 }; // so many rows of a panel of B stay in the first-level cache while all rows of A pass

struct product {
    float *c;
    size_t ldc;
    const float *start; // of the sums; NULL = 0
    size_t ld_start;
    const float *a;
    size_t a_row, a_col;
    const float *b;
    size_t ldb;
    int k;
    lane_mask mask; // of the columns, for blocks of one vector
};

// rows and vectors are constants wherever this is inlined, so that sum[] becomes registers.
INLINE void block(const struct product *p, int rows, int vectors) {
    const bool masked = vectors == 1;
    vec sum[MAX_ROWS * 8];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) {
        const size_t at = r * p->ld_start + v * LANES;
        sum[r * vectors + v] = !p->start ? vec_set(0) : masked ? vec_load_first(p->start + at, p->mask) : vec_load(p->start + at);
    }
    const float *a = p->a, *b = p->b;
    const size_t a_row = p->a_row, a_col = p->a_col, ldb = p->ldb;
    for (int k = p->k; k > 0; k--, a += a_col, b += ldb) {
        vec bv[8];
        UNROLL for (int v = 0; v < vectors; v++) bv[v] = masked ? vec_load_first(b, p->mask) : vec_load(b + v * LANES);
        UNROLL for (int r = 0; r < rows; r++) {
            const vec av = vec_set(a[r * a_row]);
            UNROLL for (int v = 0; v < vectors; v++) sum[r * vectors + v] = vec_fma(av, bv[v], sum[r * vectors + v]);
        }
    }
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) {
        float *c = p->c + r * p->ldc + v * LANES;
        if (masked)
            vec_store_first(c, sum[r * vectors + v], p->mask);
        else
            vec_store(c, sum[r * vectors + v]);
    }
}

#define BLOCK(rows, vectors)                                                                                                               \
    case (rows):                                                                                                                           \
        block(p, rows, vectors);                                                                                                           \
        return
#if LANES == 16
#define MANY_ROWS(vectors)                                                                                                                 \
    BLOCK(7, vectors);                                                                                                                     \
    BLOCK(8, vectors);                                                                                                                     \
    BLOCK(9, vectors);                                                                                                                     \
    BLOCK(10, vectors);                                                                                                                    \
    BLOCK(11, vectors);                                                                                                                    \
    BLOCK(12, vectors);                                                                                                                    \
    BLOCK(13, vectors);                                                                                                                    \
    BLOCK(14, vectors)
#else
#define MANY_ROWS(vectors)
#endif

static void block_of_1(const struct product *p, int rows) {
    switch (rows) {
        BLOCK(1, 1);
        BLOCK(2, 1);
        BLOCK(3, 1);
        BLOCK(4, 1);
        BLOCK(5, 1);
        BLOCK(6, 1);
        MANY_ROWS(1);
    }
}

static void block_of_2(const struct product *p, int rows) {
    switch (rows) {
        BLOCK(1, 2);
        BLOCK(2, 2);
        BLOCK(3, 2);
        BLOCK(4, 2);
        BLOCK(5, 2);
        BLOCK(6, 2);
        MANY_ROWS(2);
    }
}

static void block_of_4(const struct product *p, int rows) {
    switch (rows) {
        BLOCK(1, 4);
        BLOCK(2, 4);
#if LANES == 16
        BLOCK(3, 4);
        BLOCK(4, 4);
        BLOCK(5, 4);
#endif
    }
}

static void block_of_8(const struct product *p, int rows) {
    switch (rows) {
        BLOCK(1, 8);
#if LANES == 16
        BLOCK(2, 8);
#endif
    }
}

// All rows against one panel of B that is `vectors` wide.
static void panel(struct product p, int vectors, int m) {
    for (int groups = (m + MAX_ROWS - 1) / MAX_ROWS; groups > 0; groups--) {
        const int rows = (m + groups - 1) / groups; // groups of about one size
        if (vectors == 8)
            block_of_8(&p, rows);
        else if (vectors == 4)
            block_of_4(&p, rows);
        else if (vectors == 2)
            block_of_2(&p, rows);
        else
            block_of_1(&p, rows);
        p.a += rows * p.a_row;
        p.c += rows * p.ldc;
        if (p.start)
            p.start += rows * p.ld_start;
        m -= rows;
    }
}

static void gemm(float *c, size_t ldc, const float *s, size_t lds, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb,
                 int m, int n, int k) {
    int vectors = m <= ROWS_OF_8 ? 8 : m <= ROWS_OF_4 ? 4 : 2;
    for (int column = 0, width; column < n; column += width) {
        while (vectors > 1 && n - column < vectors * LANES)
            vectors /= 2;
        width = vectors > 1 ? vectors * LANES : lanes_left(n, column);
        struct product p = {.c = c + column,
                            .ldc = ldc,
                            .start = s ? s + column : NULL,
                            .ld_start = lds,
                            .a = a,
                            .a_row = a_row,
                            .a_col = a_col,
                            .b = b + column,
                            .ldb = ldb,
                            .mask = first_lanes(width < LANES ? width : LANES)};
        int done = 0;
        do {
            p.k = k - done < K_BLOCK ? k - done : K_BLOCK;
            panel(p, vectors, m);
            p.a += p.k * a_col;
            p.b += p.k * ldb;
            p.start = p.c; // the sums so far
            p.ld_start = ldc;
            done += p.k;
        } while (done < k);
    }
}

typedef float vec4 __attribute__((vector_size(16)));

INLINE void transpose_4x4(float *out, size_t ldo, const float *in, size_t ldi) {
    vec4 r[4];
    for (int i = 0; i < 4; i++)
        memcpy(&r[i], in + i * ldi, sizeof r[i]);
    const vec4 a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
    const vec4 c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
    r[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    r[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    r[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    r[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
    for (int i = 0; i < 4; i++)
        memcpy(out + i * ldo, &r[i], sizeof r[i]);
}

static void transpose(float *out, size_t ldo, const float *in, size_t ldi, int rows, int cols) {
    const int whole_rows = rows & ~3, whole_cols = cols & ~3;
    for (int group = 0; group < whole_cols; group += 16) // a cache line of the input at a time
        for (int r = 0; r < whole_rows; r += 4)
            for (int c = group; c < group + 16 && c < whole_cols; c += 4)
                transpose_4x4(out + c * ldo + r, ldo, in + r * ldi + c, ldi);
    for (int r = 0; r < rows; r++)
        for (int c = r < whole_rows ? whole_cols : 0; c < cols; c++)
            out[c * ldo + r] = in[r * ldi + c];
}

// --- Elementwise functions ---

#define ELEMENTWISE(name)                                                                                                                  \
    static void name##_all(float *y, const float *x, size_t n) {                                                                           \
        size_t i = 0;                                                                                                                      \
        for (; i + LANES <= n; i += LANES)                                                                                                 \
            vec_store(y + i, name##_of(vec_load(x + i)));                                                                                  \
        if (i < n) {                                                                                                                       \
            const lane_mask rest = first_lanes((int)(n - i));                                                                              \
            vec_store_first(y + i, name##_of(vec_load_first(x + i, rest)), rest);                                                          \
        }                                                                                                                                  \
    }
ELEMENTWISE(sigmoid)
ELEMENTWISE(tanh)
ELEMENTWISE(exp)
ELEMENTWISE(relu)

static void axpy(float *y, float a, const float *x, size_t n) {
    const vec av = vec_set(a);
    for (size_t i = 0; i < n; i += LANES) {
        const lane_mask lanes = first_lanes(lanes_left(n, i));
        vec_store_first(y + i, vec_fma(av, vec_load_first(x + i, lanes), vec_load_first(y + i, lanes)), lanes);
    }
}

static void scale(float *y, float a, size_t n) {
    for (size_t i = 0; i < n; i++)
        y[i] *= a;
}

static void adamw(float *w, float *m, float *v, const float *g, size_t n, float g_scale, float lr_decay, float b1, float b2,
                  float step_size, float root_correction2, float epsilon) {
    for (size_t i = 0; i < n; i += LANES) {
        const lane_mask lanes = first_lanes(lanes_left(n, i));
        const vec gv = vec_load_first(g + i, lanes) * g_scale;
        const vec mv = vec_fma(vec_set(b1), vec_load_first(m + i, lanes), gv * (1.0f - b1));
        const vec vv = vec_fma(vec_set(b2), vec_load_first(v + i, lanes), gv * gv * (1.0f - b2));
        vec wv = vec_load_first(w + i, lanes);
        wv = vec_fma(vec_set(-lr_decay), wv, wv);
        wv = vec_fma(vec_set(-step_size), mv / (vec_sqrt(vv) / root_correction2 + epsilon), wv);
        vec_store_first(w + i, wv, lanes);
        vec_store_first(m + i, mv, lanes);
        vec_store_first(v + i, vv, lanes);
    }
}

// --- Reductions: always over the same number of partial sums, which are then added in one order ---

enum { PARTS = 64, DOUBLE_PARTS = 32 };

typedef float half_vec __attribute__((vector_size(2 * LANES)));
typedef double double_vec __attribute__((vector_size(4 * LANES)));

INLINE void add_squares(double_vec *sum, const float *x) {
    for (int v = 0; v < 2 * DOUBLE_PARTS / LANES; v++) {
        half_vec f;
        memcpy(&f, x + v * LANES / 2, sizeof f);
        const double_vec d = __builtin_convertvector(f, double_vec);
        sum[v] += d * d;
    }
}

static double sum_squares(const float *x, size_t n) {
    double_vec sum[2 * DOUBLE_PARTS / LANES] = {0};
    size_t i = 0;
    for (; i + DOUBLE_PARTS <= n; i += DOUBLE_PARTS)
        add_squares(sum, x + i);
    if (i < n) {
        float rest[DOUBLE_PARTS] = {0};
        memcpy(rest, x + i, (n - i) * sizeof *x);
        add_squares(sum, rest);
    }
    double parts[DOUBLE_PARTS];
    memcpy(parts, sum, sizeof parts);
    for (int half = DOUBLE_PARTS / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            parts[j] += parts[j + half];
    return parts[0];
}

INLINE float add_parts(const vec *sum) {
    float parts[PARTS];
    memcpy(parts, sum, sizeof parts);
    for (int half = PARTS / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            parts[j] += parts[j + half];
    return parts[0];
}

INLINE void add_products(vec *sum, const float *x, const float *y) {
    for (int v = 0; v < PARTS / LANES; v++)
        sum[v] = vec_fma(vec_load(x + v * LANES), vec_load(y + v * LANES), sum[v]);
}

static float dot(const float *x, const float *y, size_t n) {
    vec sum[PARTS / LANES] = {0};
    size_t i = 0;
    for (; i + PARTS <= n; i += PARTS)
        add_products(sum, x + i, y + i);
    if (i < n) {
        float rest_x[PARTS] = {0}, rest_y[PARTS] = {0};
        memcpy(rest_x, x + i, (n - i) * sizeof *x);
        memcpy(rest_y, y + i, (n - i) * sizeof *y);
        add_products(sum, rest_x, rest_y);
    }
    return add_parts(sum);
}

// --- Softmax ---

INLINE float max_of(const float *x, int n) {
    vec max = vec_set(-INFINITY);
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        max = vec_max(vec_load(x + i), max);
    float lanes[LANES], result = -INFINITY;
    vec_store(lanes, max);
    for (int j = 0; j < LANES; j++)
        result = lanes[j] > result ? lanes[j] : result;
    for (; i < n; i++)
        result = x[i] > result ? x[i] : result;
    return result;
}

// The exponentials of one row, their sum returned; z = x - max goes to log_p, e^z to p.
INLINE float softmax_row(float *p, float *log_p, const float *x, int cols) {
    const float max = max_of(x, cols);
    vec sum[PARTS / LANES] = {0};
    for (int c = 0, part = 0; c < cols; c += LANES, part = (part + 1) % (PARTS / LANES)) {
        const lane_mask lanes = first_lanes(lanes_left(cols, c));
        const vec z = vec_load_first(x + c, lanes) - max, e = exp_of(z);
        if (p)
            vec_store_first(p + c, e, lanes);
        if (log_p)
            vec_store_first(log_p + c, z, lanes);
        float rest[LANES] = {0};
        vec_store_first(rest, e, lanes);
        sum[part] += cols - c < LANES ? vec_load(rest) : e;
    }
    return add_parts(sum);
}

// Rows of few columns side by side, each in a lane of its own; the sums have the same order as those of add_parts.
enum { FEW_COLS = 8 };

static void softmax_few_cols(float *p, float *log_p, const float *x, int rows, int cols) {
    for (int first = 0; first < rows; first += LANES) {
        const int n = lanes_left(rows, first);
        const size_t block = (size_t)first * cols;
        float turned[FEW_COLS][LANES] = {{0}};
        for (int r = 0; r < n; r++)
            for (int c = 0; c < cols; c++)
                turned[c][r] = x[block + r * cols + c];
        vec max = vec_set(-INFINITY), e[FEW_COLS] = {0}, z[FEW_COLS];
        for (int c = 0; c < cols; c++)
            max = vec_max(vec_load(turned[c]), max);
        for (int c = 0; c < cols; c++) {
            z[c] = vec_load(turned[c]) - max;
            e[c] = exp_of(z[c]);
        }
        const vec sum = ((e[0] + e[4]) + (e[2] + e[6])) + ((e[1] + e[5]) + (e[3] + e[7])), log_sum = log_of(sum);
        for (int c = 0; c < cols; c++) {
            float p_lanes[LANES], log_p_lanes[LANES];
            vec_store(p_lanes, e[c] / sum);
            vec_store(log_p_lanes, z[c] - log_sum);
            for (int r = 0; p && r < n; r++)
                p[block + r * cols + c] = p_lanes[r];
            for (int r = 0; log_p && r < n; r++)
                log_p[block + r * cols + c] = log_p_lanes[r];
        }
    }
}

static void softmax(float *p, float *log_p, const float *x, int rows, int cols) {
    if (cols <= FEW_COLS) {
        softmax_few_cols(p, log_p, x, rows, cols);
        return;
    }
    for (int r = 0; r < rows; r++) {
        const size_t row = (size_t)r * cols;
        const float sum = softmax_row(p ? p + row : NULL, log_p ? log_p + row : NULL, x + row, cols);
        const float log_sum = log_of(vec_set(sum))[0];
        for (int c = 0; p && c < cols; c++)
            p[row + c] /= sum;
        for (int c = 0; log_p && c < cols; c++)
            log_p[row + c] -= log_sum;
    }
}

#if LANES == 4 // no vector multiply-add to be relied on
#define BLIS_FROM 4096
#else
#define BLIS_FROM 0 // never: tests/bench/kernels.c shows these loops ahead of BLIS 0.9 at every shape
#endif

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)
#define JOIN(a, b) a##b
#define JOIN_OF(a, b) JOIN(a, b)

const struct kernels JOIN_OF(kernels_, KERNELS_ISA) = {
    .name = TEXT_OF(KERNELS_ISA),
    .blis_from = BLIS_FROM,
    .gemm = gemm,
    .transpose = transpose,
    .sigmoid = sigmoid_all,
    .tanh = tanh_all,
    .exp = exp_all,
    .relu = relu_all,
    .lstm_forward = lstm_forward,
    .lstm_backward = lstm_backward,
    .gru_forward = gru_forward,
    .gru_backward = gru_backward,
    .tanh_backward = tanh_backward,
    .relu_backward = relu_backward,
    .axpy = axpy,
    .scale = scale,
    .sum_squares = sum_squares,
    .dot = dot,
    .add_rows = add_rows,
    .fill_rows = fill_rows,
    .sum_rows = sum_rows,
    .grid_forward = grid_forward,
    .grid_backward = grid_backward,
    .softmax = softmax,
    .adamw = adamw,
};
