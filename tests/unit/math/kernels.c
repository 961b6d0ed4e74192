// Each kernel of each instruction set against a naive twin in double precision, and all instruction sets against each other bit by bit.
// Buffers are exactly as large as promised, so that the sanitisers see any read beyond an end.
#include "math/kernels.h"

#include "buffers.h"

// Distance from the exact value in units of the last place of a float.
static double ulps(float x, double exact) {
    if (x == exact)
        return 0;
    int exponent;
    frexp(exact, &exponent);
    return fabs(x - exact) / ldexp(1, exponent < -125 ? -149 : exponent - 24);
}

// --- Matrix products ---

// Where sums start.
enum origin { ZERO, C, ROW, ORIGINS };

static void gemm_case(int m, int n, int k, bool transposed, enum origin origin) {
    const size_t a_row = transposed ? 1 : (size_t)k + 1, a_col = transposed ? (size_t)m + 2 : 1, ldb = n + 3, ldc = n + 1;
    const size_t a_size = m && k ? (m - 1) * a_row + (k - 1) * a_col + 1 : 0, b_size = k && n ? (k - 1) * ldb + n : 0,
                 c_size = m && n ? (m - 1) * ldc + n : 0;
    float *a = random_floats(a_size, 1), *b = random_floats(b_size, 1),
          *start = origin == C ? random_floats(c_size, 1) : filled(c_size, NAN);
    float *row = random_floats(n, 1);
    float *first = NULL;
    for (int isa = 0; kernels_available(isa); isa++) {
        const struct kernels *kernel = kernels_available(isa);
        float *c = copy_of(start, c_size), *c_by_row = copy_of(start, c_size);
        const float *from = origin == C ? c : origin == ROW ? row : NULL;
        kernel->gemm(c, ldc, from, origin == C ? ldc : 0, a, a_row, a_col, b, ldb, m, n, k);
        for (int r = 0; r < m; r++) {
            float *out = c_by_row + r * ldc;
            kernel->gemm(out, ldc, origin == C ? out : from, origin == C ? ldc : 0, a + r * a_row, a_row, a_col, b, ldb, 1, n, k);
        }
        int wrong = 0;
        for (int r = 0; r < m; r++)
            for (int j = 0; j < n; j++) {
                float chain = origin == C ? start[r * ldc + j] : origin == ROW ? row[j] : 0;
                for (int i = 0; i < k; i++)
                    chain = fmaf(a[r * a_row + i * a_col], b[i * ldb + j], chain);
                wrong += memcmp(&chain, &c[r * ldc + j], sizeof chain) != 0 || memcmp(&chain, &c_by_row[r * ldc + j], sizeof chain) != 0;
            }
        for (size_t i = 0; i < c_size; i++) // between the rows nothing is written
            wrong += i % ldc >= (size_t)n && memcmp(&c[i], &start[i], sizeof *c) != 0;
        CHECK(wrong == 0, "%s gemm %dx%dx%d: %d elements", kernel->name, m, n, k, wrong);
        free(c_by_row);
        if (first)
            free(c);
        else
            first = c;
    }
    free(first);
    free(a);
    free(b);
    free(row);
    free(start);
}

static void check_gemm(void) {
    static const int m[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 29, 32, 43}, n[] = {0, 1, 3, 15, 16, 17, 31, 32, 33, 63, 80, 129, 257};
    static const int k[] = {0, 1, 2, 17, 64};
    for (size_t i = 0; i < sizeof m / sizeof *m; i++)
        for (size_t j = 0; j < sizeof n / sizeof *n; j++)
            for (size_t l = 0; l < sizeof k / sizeof *k; l++)
                gemm_case(m[i], n[j], k[l], (i + j + l) % 2, (j + l) % ORIGINS);
    gemm_case(15, 37, 700, false, ZERO);
    gemm_case(17, 35, 513, true, C);
    gemm_case(1, 129, 512, false, C);
    gemm_case(29, 70, 600, false, ROW);
}

static void check_transpose(const struct kernels *kernel) {
    for (int i = 0; i < SIZES; i++)
        for (int j = 0; j < SIZES; j++) {
            const int rows = sizes[i], cols = sizes[j];
            const size_t in_size = rows && cols ? (rows - 1) * (cols + 2) + cols : 0,
                         out_size = rows && cols ? (cols - 1) * (rows + 1) + rows : 0;
            float *in = random_floats(in_size, 1), *out = filled(out_size, 7);
            kernel->transpose(out, rows + 1, in, cols + 2, rows, cols);
            int wrong = 0;
            for (int r = 0; r < rows; r++)
                for (int c = 0; c < cols; c++)
                    wrong += out[c * (rows + 1) + r] != in[r * (cols + 2) + c];
            for (size_t o = 0; o < out_size; o++)
                wrong += o % (rows + 1) == (size_t)rows && out[o] != 7;
            CHECK(wrong == 0, "%s transpose %dx%d: %d elements", kernel->name, rows, cols, wrong);
            free(in);
            free(out);
        }
}

// --- Elementwise functions ---

typedef void elementwise(float *y, const float *x, size_t n);

static void check_special(elementwise *f, const char *name, double low, double high, float at_zero) {
    const float x[] = {-INFINITY, INFINITY, NAN, -NAN, -3e38f, 3e38f, 0, -0.0f};
    float y[8];
    f(y, x, 8);
    CHECK(y[0] == low && y[4] == low && y[1] == high && y[5] == high, "%s: %g %g %g %g", name, y[0], y[4], y[1], y[5]);
    CHECK(isnan(y[2]) && isnan(y[3]), "%s keeps NaN", name);
    CHECK(y[6] == at_zero && y[7] == at_zero, "%s at zero", name);
    CHECK(at_zero != 0 || (!signbit(y[6]) && signbit(y[7])), "%s keeps the sign of zero", name);
}

static void check_elementwise(elementwise *f, double exact(double), const char *isa, const char *name) {
    enum { COUNT = 200003 };
    float *x = malloc(COUNT * sizeof *x), *y = malloc(COUNT * sizeof *y);
    double worst = 0;
    for (int i = 0; i < COUNT; i++) // all magnitudes, and evenly between
        x[i] = i % 2 ? rng_uniform(&rng, -110, 110) : ldexpf(rng_uniform(&rng, -1, 1), (int)rng_below(&rng, 156) - 149);
    f(y, x, COUNT);
    for (int i = 0; i < COUNT; i++)
        if (!(isinf(y[i]) && exact(x[i]) > 3.4028235e38))
            worst = fmax(worst, isfinite(y[i]) ? ulps(y[i], exact(x[i])) : INFINITY);
    CHECK(worst <= 4, "%s %s: %g ulp", isa, name, worst);
    for (int i = 0; i < SIZES; i++) { // results do not depend on the position, nor on working in place
        float *part = copy_of(x + 5, sizes[i]);
        f(part, part, sizes[i]);
        CHECK(same(part, y + 5, sizes[i]), "%s %s of %d", isa, name, sizes[i]);
        free(part);
    }
    free(x);
    free(y);
}

// --- Vectors and rows ---

static void check_vectors(const struct kernels *kernel, int n) {
    float *x = random_floats(n, 1), *y = random_floats(n, 1), *sum = copy_of(y, n), *scaled = copy_of(y, n);
    kernel->axpy(sum, 0.3f, x, n);
    kernel->scale(scaled, 0.3f, n);
    double squares = 0, product = 0, worst = 0;
    for (int i = 0; i < n; i++) {
        squares += (double)x[i] * x[i];
        product += (double)x[i] * y[i];
        worst = fmax(worst, fabs(sum[i] - (y[i] + 0.3f * (double)x[i])));
        worst = fmax(worst, fabs(scaled[i] - 0.3f * (double)y[i]));
    }
    CHECK(worst <= 1.2e-7, "%s axpy, scale of %d: %g", kernel->name, n, worst);
    CHECK_CLOSE(kernel->sum_squares(x, n), squares, 1e-12 * (1 + n));
    CHECK_CLOSE(kernel->dot(x, y, n), product, 1e-6 * (1 + n));
    free(x);
    free(y);
    free(sum);
    free(scaled);
}

static void check_rows(const struct kernels *kernel, int rows, int cols) {
    const size_t ld = cols + 2, size = rows && cols ? (rows - 1) * ld + cols : 0;
    float *x = random_floats(size, 1), *bias = random_floats(cols, 1), *added = copy_of(x, size), *copied = copy_of(x, size),
          *sum = copy_of(bias, cols);
    kernel->add_rows(added, ld, bias, rows, cols);
    kernel->fill_rows(copied, ld, bias, rows, cols);
    kernel->sum_rows(sum, x, ld, rows, cols);
    int wrong = 0;
    for (int c = 0; c < cols; c++) {
        float chain = bias[c];
        for (int r = 0; r < rows; r++) {
            chain += x[r * ld + c];
            wrong += added[r * ld + c] != x[r * ld + c] + bias[c] || copied[r * ld + c] != bias[c];
        }
        wrong += sum[c] != chain;
    }
    for (size_t i = 0; i < size; i++)
        wrong += i % ld >= (size_t)cols && (added[i] != x[i] || copied[i] != x[i]);
    CHECK(wrong == 0, "%s rows %dx%d: %d elements", kernel->name, rows, cols, wrong);
    float *all[] = {x, bias, added, copied, sum};
    for (int i = 0; i < 5; i++)
        free(all[i]);
}

static void check_softmax(const struct kernels *kernel, int rows, int cols) {
    const size_t n = (size_t)rows * cols;
    float *x = random_floats(n, 100), *p = filled(n, 0), *log_p = filled(n, 0), *p_only = copy_of(x, n), *log_only = copy_of(x, n);
    kernel->softmax(p, log_p, x, rows, cols);
    kernel->softmax(p_only, NULL, p_only, rows, cols);
    kernel->softmax(NULL, log_only, log_only, rows, cols);
    CHECK(same(p, p_only, n) && same(log_p, log_only, n), "%s softmax in place %dx%d", kernel->name, rows, cols);
    double worst = 0;
    for (int r = 0; r < rows; r++) {
        double max = -INFINITY, sum = 0;
        for (int c = 0; c < cols; c++)
            max = fmax(max, x[r * cols + c]);
        for (int c = 0; c < cols; c++)
            sum += exp(x[r * cols + c] - max);
        for (int c = 0; c < cols; c++) {
            const double z = x[r * cols + c] - max - log(sum),
                         difference = fabs(log_p[r * cols + c] - z) / 100 + fabs(p[r * cols + c] - exp(z));
            worst = difference <= worst ? worst : difference;
        }
    }
    CHECK(worst <= 2e-6, "%s softmax %dx%d: %g", kernel->name, rows, cols, worst);
    float *all[] = {x, p, log_p, p_only, log_only};
    for (int i = 0; i < 5; i++)
        free(all[i]);
}

static void check_softmax_extremes(const struct kernels *kernel) {
    const float x[] = {1e30f, -1e30f, 0, 1, -INFINITY, 2, 1, NAN, 2};
    float p[9], log_p[9];
    kernel->softmax(p, log_p, x, 3, 3);
    CHECK(p[0] == 1 && p[1] == 0 && p[2] == 0 && log_p[0] == 0, "%s: %g %g %g", kernel->name, p[0], p[1], p[2]);
    CHECK(p[4] == 0 && log_p[4] == -INFINITY && fabs(p[3] + p[5] - 1) < 1e-6, "%s: minus infinity", kernel->name);
    CHECK(isnan(p[6]) && isnan(p[7]) && isnan(p[8]), "%s: NaN spoils its row", kernel->name);
}

static void check_adamw(const struct kernels *kernel, int n) {
    float *w0 = random_floats(n, 1), *g = random_floats(n, 1), *w = copy_of(w0, n), *m = filled(n, 0), *v = filled(n, 0);
    const double b1 = 0.9f, b2 = 0.999f, rate = 0.01, decay = 0.1, epsilon = 1e-8;
    kernel->adamw(w, m, v, g, n, 0.5f, (float)(rate * decay), (float)b1, (float)b2, (float)(rate / (1 - b1)), (float)sqrt(1 - b2),
                  (float)epsilon);
    double worst = 0;
    for (int i = 0; i < n; i++) {
        const double gi = 0.5 * g[i], mi = (1 - b1) * gi, vi = (1 - b2) * gi * gi;
        const double wi = w0[i] - rate * decay * w0[i] - rate / (1 - b1) * mi / (sqrt(vi) / sqrt(1 - b2) + epsilon);
        const double difference = fabs(w[i] - wi) + fabs(m[i] - mi) + fabs(v[i] - vi);
        worst = difference <= worst ? worst : difference;
    }
    CHECK(worst <= 3e-7, "%s adamw of %d: %g", kernel->name, n, worst);
    float *all[] = {w0, g, w, m, v};
    for (int i = 0; i < 5; i++)
        free(all[i]);
}

// --- All instruction sets give the same bits ---

// Everything that one kernel set computes from the same inputs, as one row of numbers.
static size_t everything(const struct kernels *kernel, float *out, const float *x, int n) {
    const int hidden = n / 4;
    float *gates = copy_of(x, n), *c = filled(hidden, 0.3f), *m = copy_of(x, n), *v = filled(n, 0.1f), *at = out;
    kernel->sigmoid(at, x, n);
    kernel->tanh(at + n, x, n);
    kernel->exp(at + 2 * n, x, n);
    kernel->softmax(at + 3 * n, at + 4 * n, x, 1, n);
    at += 5 * n;
    kernel->lstm_forward(gates, 4 * hidden, at, at + hidden, at + 2 * hidden, c, 1, hidden);
    kernel->lstm_backward(at + 3 * hidden, c, x, gates, 4 * hidden, at + hidden, x, 1, hidden);
    memcpy(at + 7 * hidden, c, hidden * sizeof *c);
    at += 8 * hidden;
    memcpy(gates, x, n * sizeof *x);
    kernel->gru_forward(gates, 4 * hidden, at, c, 1, hidden);
    memcpy(at + hidden, c, hidden * sizeof *c);
    kernel->gru_backward(at + 2 * hidden, at + hidden, x, gates, 4 * hidden, c, 1, hidden);
    at += 6 * hidden;
    kernel->relu(at, x, n);
    kernel->relu_backward(at + n, c, at, hidden);
    kernel->tanh_backward(at + n + hidden, c, at, hidden);
    at += n + 2 * hidden;
    memcpy(at, x, n * sizeof *x);
    kernel->axpy(at, 0.7f, x, n);
    memcpy(at + n, x, n * sizeof *x);
    kernel->adamw(at + n, m, v, x, n, 0.5f, 1e-4f, 0.9f, 0.999f, 1e-3f, 0.1f, 1e-8f);
    memcpy(at + 2 * n, m, n * sizeof *m);
    memcpy(at + 3 * n, v, n * sizeof *v);
    at += 4 * n;
    *at = kernel->dot(x, m, n);
    const double squares = kernel->sum_squares(x, n);
    memcpy(at + 1, &squares, sizeof squares);
    free(gates);
    free(c);
    free(m);
    free(v);
    return at + 3 - out;
}

static void check_same_bits(int n) {
    float *x = random_floats(n, 30), *first = filled(17 * n + 20, 0), *other = filled(17 * n + 20, 0);
    const size_t count = everything(kernels_available(0), first, x, n);
    for (int isa = 1; kernels_available(isa); isa++) {
        everything(kernels_available(isa), other, x, n);
        size_t different = 0;
        while (different < count && same(first + different, other + different, 1))
            different++;
        CHECK(different == count, "%s and %s differ, n = %d, at %zu", kernels_available(0)->name, kernels_available(isa)->name, n,
              different);
    }
    free(x);
    free(first);
    free(other);
}

// --- Grids ---

static void grid_case(int rows, int cols, int channels, bool relu) {
    const size_t across = (size_t)cols * channels, along = (size_t)rows * channels, n = rows * across;
    float *x = random_floats(n, 1), *on_cols = random_floats(across, 1), *on_rows = random_floats(along, 1),
          *before = random_floats(across, 1);
    float *first[6] = {0};
    for (int isa = 0; kernels_available(isa); isa++) {
        const struct kernels *kernel = kernels_available(isa);
        float *y = copy_of(x, n), *row_sums = copy_of(before, across), *col_sums = filled(along, NAN);
        kernel->grid_forward(y, row_sums, col_sums, on_cols, on_rows, rows, cols, channels, relu);
        float *dx = filled(n, NAN), *d_row_sums = copy_of(before, across), *d_col_sums = filled(along, NAN);
        kernel->grid_backward(dx, d_row_sums, d_col_sums, rows % 2 ? x : NULL, relu ? y : NULL, on_cols, on_rows, rows, cols, channels);
        int wrong = 0;
        float *sums[] = {copy_of(before, across), filled(along, 0), copy_of(before, across), filled(along, 0)};
        for (size_t i = 0; i < n; i++) {
            const size_t r = i / across, k = i % across, c = r * channels + k % channels;
            const float z = x[i] + (on_cols[k] + on_rows[c]), expected = relu && !(z > 0) ? 0 : z;
            const float dz = on_cols[k] + on_rows[c] + (rows % 2 ? x[i] : 0), d = relu && !(z > 0) ? 0 : dz;
            wrong += y[i] != expected || dx[i] != d;
            sums[0][k] += expected;
            sums[1][c] += expected;
            sums[2][k] += d;
            sums[3][c] += d;
        }
        float *results[] = {y, row_sums, col_sums, dx, d_row_sums, d_col_sums};
        CHECK(wrong == 0 && same(row_sums, sums[0], across) && same(col_sums, sums[1], along) && same(d_row_sums, sums[2], across) &&
                  same(d_col_sums, sums[3], along),
              "%s grid %dx%dx%d: %d positions", kernel->name, rows, cols, channels, wrong);
        for (int i = 0; i < 4; i++)
            free(sums[i]);
        for (int i = 0; i < 6; i++) {
            CHECK(!first[i] || same(first[i], results[i], i % 3 == 0 ? n : i % 3 == 1 ? across : along), "%s grid: bits", kernel->name);
            if (first[i])
                free(results[i]);
            else
                first[i] = results[i];
        }
    }
    float *all[] = {x, on_cols, on_rows, before};
    for (int i = 0; i < 4; i++)
        free(all[i]);
    for (int i = 0; i < 6; i++)
        free(first[i]);
}

static void check_grids(void) {
    static const int some[] = {1, 3, 17, 48};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            for (int c = 0; c < 4; c++)
                grid_case(some[i], some[j], some[c], (i + j + c) % 2);
    grid_case(2, 5, 48, true);
}

int main(void) {
    rng = rng_make(1, 1, "kernels");
    check_gemm();
    check_grids();
    for (int isa = 0; kernels_available(isa); isa++) {
        const struct kernels *kernel = kernels_available(isa);
        check_transpose(kernel);
        check_elementwise(kernel->sigmoid, exact_sigmoid, kernel->name, "sigmoid");
        check_elementwise(kernel->tanh, tanh, kernel->name, "tanh");
        check_elementwise(kernel->exp, exp, kernel->name, "exp");
        check_special(kernel->sigmoid, "sigmoid", 0, 1, 0.5f);
        check_special(kernel->tanh, "tanh", -1, 1, 0);
        check_special(kernel->exp, "exp", 0, INFINITY, 1);
        check_softmax_extremes(kernel);
        for (int i = 0; i < SIZES; i++) {
            check_vectors(kernel, sizes[i]);
            check_adamw(kernel, sizes[i]);
            for (int j = 0; j < SIZES; j++) {
                check_rows(kernel, sizes[i], sizes[j]);
                check_softmax(kernel, sizes[i], sizes[j]);
            }
        }
    }
    for (int n = 0; n < 300; n++)
        check_same_bits(n);
    CHECK(kernels() != NULL);
    return check_report("math/kernels");
}
