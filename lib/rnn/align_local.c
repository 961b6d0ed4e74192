#include "rnn/align_local.h"

#include "base/memory.h"
#include "math/blas.h"
#include "math/vectors.h"
#include "rnn/symmetry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 3, MOST_FITS = 3, FEW = 16, GRID = 8 /* factors from 2^-8 to 2^8 are tried */, NEWTON = 6 };

// What is raised,
//     (<a, b> - |b|^2 / 2) / (|a| |original|) = const - |a - b|^2 / (2 |a| |original|)
// is no better when it grows by less than this: products are sums of floats, those of one unit are sums of doubles.
static const double LEAST_GAIN = 1e-6, LEAST_FIT = 1e-8;

struct local {
    const struct rnn_arch *arch;
    struct params table;
    const float *a, *original;
    int *unit, *kept_unit; // [layers,H], and what they were at the last keep
    float *scale, *kept_scale;
    float *b;                               // the original as unit and scale read it
    double norms;                           // |a| |original|
    float *gates, *rows, *columns;          // [H,H] of one layer: products of the units of a and of b, over rows of the gates' and of the
                                            // candidate's blocks, and over columns; what W_HH has on both axes is in two of them
    double *rows_squared, *columns_squared; // [H] of the same: squares of b's, with what is on both axes in both
    double *shape, *own_shape;              // [H] fourth roots of squares of rows by those of columns, of a and of b
    float *left, *right;                    // [2,H]
};

static size_t offset_of(const struct local *l, int layer, enum rnn_part part) {
    return l->table.list[rnn_param(l->arch, layer, part)].offset;
}

// The matrix that reads the units of `layer`, and its number of rows.
static size_t reading(const struct local *l, int layer, int *rows) {
    bool last = layer + 1 == l->arch->layers;
    *rows = last ? l->arch->output : l->arch->cell->gates * l->arch->hidden;
    return last ? l->table.list[rnn_readout(l->arch)].offset : offset_of(l, layer + 1, W_IH);
}

static size_t units_of(const struct local *l) {
    return (size_t)l->arch->layers * (size_t)l->arch->hidden;
}

static void keep(struct local *l) {
    memcpy(l->kept_unit, l->unit, units_of(l) * sizeof *l->unit);
    memcpy(l->kept_scale, l->scale, units_of(l) * sizeof *l->scale);
}

static void restore(struct local *l) {
    memcpy(l->unit, l->kept_unit, units_of(l) * sizeof *l->unit);
    memcpy(l->scale, l->kept_scale, units_of(l) * sizeof *l->scale);
}

// The squared distance.
static double refresh(struct local *l) {
    symmetry_apply(l->b, l->original, l->arch, l->unit, l->scale);
    return vectors_squared_distance(l->a, l->b, l->table.size);
}

static void begin(struct local *l, const struct rnn_arch *arch, const float *a, const float *b, int *unit, float *scale) {
    size_t H = (size_t)arch->hidden;
    *l = (struct local){.arch = arch, .a = a, .original = b, .unit = unit, .scale = scale};
    rnn_params(&l->table, arch);
    l->b = memory_alloc(l->table.size * sizeof *l->b);
    l->norms = vectors_norm(a, l->table.size) * vectors_norm(b, l->table.size);
    l->kept_unit = memory_alloc(units_of(l) * sizeof *l->kept_unit);
    l->kept_scale = memory_alloc(units_of(l) * sizeof *l->kept_scale);
    l->gates = memory_alloc(H * H * sizeof(float));
    l->rows = memory_alloc(H * H * sizeof(float));
    l->columns = memory_alloc(H * H * sizeof(float));
    l->rows_squared = memory_calloc(H, sizeof(double));
    l->columns_squared = memory_calloc(H, sizeof(double));
    l->shape = memory_calloc(H, sizeof(double));
    l->own_shape = memory_calloc(H, sizeof(double));
    l->left = memory_alloc(2 * H * sizeof(float));
    l->right = memory_alloc(2 * H * sizeof(float));
}

static void end(struct local *l) {
    params_free(&l->table);
    free(l->kept_unit);
    free(l->kept_scale);
    free(l->b);
    free(l->gates);
    free(l->rows);
    free(l->columns);
    free(l->rows_squared);
    free(l->columns_squared);
    free(l->shape);
    free(l->own_shape);
    free(l->left);
    free(l->right);
}

// --- Scales ---

// With a unit's row times f and its columns divided by f (where both meet it stays), and with the products u, v of row and columns with
// a's and their squares p, q, <a, b> - |b|^2 / 2 grows by
//     (f - 1) u + (1 / f - 1) v - ((f^2 - 1) p + (1 / f^2 - 1) q) / 2
// which is stationary in log f where f u - v / f - f^2 p + q / f^2 = 0.
struct fit {
    double u, v, p, q;
};

// The products of unit u of x with that of y, and the squares of the latter; what W_HH has on both axes is in all of them.
static struct fit products_of(const struct local *l, const float *x, const float *y, int layer, int u) {
    size_t H = (size_t)l->arch->hidden, I = (size_t)(layer ? l->arch->hidden : l->arch->input);
    size_t row = (size_t)l->arch->cell->candidate * H + (size_t)u;
    size_t starts[] = {offset_of(l, layer, W_IH) + row * I, offset_of(l, layer, W_HH) + row * H, offset_of(l, layer, B_IH) + row,
                       offset_of(l, layer, B_HH) + row};
    size_t lengths[] = {I, H, 1, 1};
    int rows;
    size_t v = offset_of(l, layer, W_HH) + (size_t)u, w = reading(l, layer, &rows) + (size_t)u;
    struct fit sum = {0};
    for (int i = 0; i < 4; i++) {
        sum.u += vectors_dot(x + starts[i], y + starts[i], lengths[i]);
        sum.p += vectors_dot(y + starts[i], y + starts[i], lengths[i]);
    }
    for (size_t i = 0; i < (size_t)l->arch->cell->gates * H; i++) {
        sum.v += (double)x[v + i * H] * (double)y[v + i * H];
        sum.q += (double)y[v + i * H] * (double)y[v + i * H];
    }
    for (size_t i = 0; i < (size_t)rows; i++) {
        sum.v += (double)x[w + i * H] * (double)y[w + i * H];
        sum.q += (double)y[w + i * H] * (double)y[w + i * H];
    }
    return sum;
}

static double fitted(const struct fit *fit, double f) {
    double g = 1 / f;
    return (f - 1) * fit->u + (g - 1) * fit->v - ((f * f - 1) * fit->p + (g * g - 1) * fit->q) / 2;
}

// The best of a grid, from there by Newton's method.
static double best_factor(const struct fit *fit) {
    double best = 1, most = 0, f = ldexp(1, -GRID);
    for (int i = 0; i <= 4 * GRID; i++, f *= M_SQRT2) {
        double value = fitted(fit, f);
        best = value > most ? f : best;
        most = fmax(value, most);
    }
    for (int i = 0; i < NEWTON; i++) {
        f = best;
        double slope = f * fit->u - fit->v / f - f * f * fit->p + fit->q / (f * f);
        double curvature = f * fit->u + fit->v / f - 2 * f * f * fit->p - 2 * fit->q / (f * f);
        if (!(curvature < 0))
            break;
        f *= exp(fmin(fmax(-slope / curvature, -0.5), 0.5));
        double value = fitted(fit, f);
        if (!(value > most))
            break;
        best = f;
        most = value;
    }
    return best;
}

// Multiplies row u of the candidate's block of the present weights by f and divides column u by it.
static void scale_unit(struct local *l, int layer, int u, float f) {
    int H = l->arch->hidden, I = layer ? H : l->arch->input, rows;
    size_t row = (size_t)(l->arch->cell->candidate * H + u), v = offset_of(l, layer, W_HH), w = reading(l, layer, &rows);
    for (int c = 0; c < I; c++)
        l->b[offset_of(l, layer, W_IH) + row * (size_t)I + (size_t)c] *= f;
    for (int c = 0; c < H; c++)
        l->b[v + row * (size_t)H + (size_t)c] *= f;
    l->b[offset_of(l, layer, B_IH) + row] *= f;
    l->b[offset_of(l, layer, B_HH) + row] *= f;
    for (size_t r = 0; r < (size_t)(l->arch->cell->gates * H); r++)
        l->b[v + r * (size_t)H + (size_t)u] /= f;
    for (size_t r = 0; r < (size_t)rows; r++)
        l->b[w + r * (size_t)H + (size_t)u] /= f;
    l->scale[layer * H + u] *= f;
}

// The best scale of one unit while all others stay. One that nothing comes into or goes out of keeps its own.
static double fit_unit(struct local *l, int layer, int u) {
    size_t H = (size_t)l->arch->hidden;
    size_t both = offset_of(l, layer, W_HH) + ((size_t)l->arch->cell->candidate * H + (size_t)u) * H + (size_t)u;
    double x = (double)l->a[both], y = (double)l->b[both];
    struct fit all = products_of(l, l->a, l->b, layer, u), fit = {all.u - x * y, all.v - x * y, all.p - y * y, all.q - y * y};
    if (fit.p <= 0 || fit.q <= 0)
        return 0;
    double f = best_factor(&fit);
    if (!(fitted(&fit, f) > LEAST_FIT * l->norms))
        return 0;
    scale_unit(l, layer, u, (float)f);
    return fitted(&fit, f) / l->norms;
}

static void fit_scales(struct local *l) {
    if (l->arch->cell->symmetry != CELL_SCALES)
        return;
    double sum = INFINITY;
    for (int fits = 0; fits < MOST_FITS && sum > LEAST_GAIN; fits++) {
        sum = 0;
        for (int i = 0; i < l->arch->layers * l->arch->hidden; i++)
            sum += fit_unit(l, i / l->arch->hidden, i % l->arch->hidden);
    }
}

// --- Flips and exchanges ---

// The units at n places of a layer (1 or 2) are replaced by those from others of them, times factors.
struct change {
    int n, at[2], from[2];
    float factor[2];
};

static void add_products(const struct local *l, float *out, enum transpose ta, int k, size_t offset, size_t ld) {
    int H = l->arch->hidden;
    blas_sgemm(ta, ta == PLAIN ? TRANSPOSED : PLAIN, H, H, k, l->a + offset, ld, l->b + offset, ld, 1, out, (size_t)H);
}

static void find_shapes(struct local *l) {
    for (int u = 0; u < l->arch->hidden && l->arch->cell->symmetry == CELL_SCALES; u++)
        l->own_shape[u] = sqrt(sqrt(l->rows_squared[u] / l->columns_squared[u]));
}

// Only where units may be scaled: signs change none of them.
static void find_squares(struct local *l, int layer) {
    for (int u = 0; u < l->arch->hidden && l->arch->cell->symmetry == CELL_SCALES; u++) {
        struct fit a = products_of(l, l->a, l->a, layer, u), b = products_of(l, l->b, l->b, layer, u);
        l->shape[u] = sqrt(sqrt(a.p / a.q));
        l->rows_squared[u] = b.p;
        l->columns_squared[u] = b.q;
    }
    find_shapes(l);
}

static void find_products(struct local *l, int layer) {
    int H = l->arch->hidden, I = layer ? H : l->arch->input, rows;
    size_t bytes = (size_t)H * (size_t)H * sizeof(float), w = reading(l, layer, &rows);
    memset(l->gates, 0, bytes);
    memset(l->rows, 0, bytes);
    memset(l->columns, 0, bytes);
    for (int q = 0; q < l->arch->cell->gates; q++) {
        float *out = q == l->arch->cell->candidate ? l->rows : l->gates;
        size_t block = (size_t)(q * H);
        add_products(l, out, PLAIN, I, offset_of(l, layer, W_IH) + block * (size_t)I, (size_t)I);
        add_products(l, out, PLAIN, H, offset_of(l, layer, W_HH) + block * (size_t)H, (size_t)H);
        add_products(l, out, PLAIN, 1, offset_of(l, layer, B_IH) + block, 1);
        add_products(l, out, PLAIN, 1, offset_of(l, layer, B_HH) + block, 1);
    }
    add_products(l, l->columns, TRANSPOSED, l->arch->cell->gates * H, offset_of(l, layer, W_HH), (size_t)H);
    add_products(l, l->columns, TRANSPOSED, rows, w, (size_t)H);
    find_squares(l, layer);
}

// By how much a change makes <a, b> - |b|^2 / 2 grow. With rows s and columns t from elsewhere, where W_HH's changed rows and columns meet,
// at [s,t], what the products of rows and those of columns say is corrected by
//     a[s,t] (b[from s, from t] f_s / f_t - b[from s, t] f_s - b[s, from t] / f_t + b[s,t])
// f_s being 1 in the gates' blocks; and likewise of the squares.
static double gain(const struct local *l, int layer, const struct change *c) {
    int H = l->arch->hidden, candidate = l->arch->cell->candidate;
    bool scales = l->arch->cell->symmetry == CELL_SCALES;
    double dot = 0, squares = 0;
    for (int s = 0; s < c->n; s++) {
        int i = c->at[s] * H + c->at[s], k = c->at[s] * H + c->from[s];
        double f = (double)c->factor[s];
        dot += (double)l->gates[k] + f * (double)l->rows[k] + (double)l->columns[k] / f;
        dot -= (double)l->gates[i] + (double)l->rows[i] + (double)l->columns[i];
        if (scales)
            squares += f * f * l->rows_squared[c->from[s]] + l->columns_squared[c->from[s]] / (f * f) - l->rows_squared[c->at[s]] -
                       l->columns_squared[c->at[s]];
    }
    for (int q = 0; q < l->arch->cell->gates; q++) {
        size_t block = offset_of(l, layer, W_HH) + (size_t)(q * H) * (size_t)H;
        const float *a = l->a + block, *b = l->b + block;
        for (int s = 0; s < c->n; s++)
            for (int t = 0; t < c->n; t++) {
                double f = q == candidate ? (double)c->factor[s] : 1, g = (double)c->factor[t];
                double moved = (double)b[c->from[s] * H + c->from[t]] * f / g, row = (double)b[c->from[s] * H + c->at[t]] * f;
                double column = (double)b[c->at[s] * H + c->from[t]] / g, old = (double)b[c->at[s] * H + c->at[t]];
                dot += (double)a[c->at[s] * H + c->at[t]] * (moved - row - column + old);
                if (scales)
                    squares += moved * moved - row * row - column * column + old * old;
            }
    }
    return dot - squares / 2;
}

// What becomes of a number at a place that is given another unit: rows of the candidate's block are multiplied by the factor, columns are
// divided by it.
enum by { KEPT, TIMES, DIVIDED };

static float scaled(float x, float factor, enum by by) {
    return by == TIMES ? x * factor : by == DIVIDED ? x / factor : x;
}

static enum by row_by(const struct local *l, int block) {
    return block == l->arch->cell->candidate ? TIMES : KEPT;
}

// n numbers of a vector, `step` apart, replaced by those from elsewhere.
static void move(float *x, size_t step, const struct change *c, enum by by) {
    float moved[2];
    for (int s = 0; s < c->n; s++)
        moved[s] = scaled(x[(size_t)c->from[s] * step], c->factor[s], by);
    for (int s = 0; s < c->n; s++)
        x[(size_t)c->at[s] * step] = moved[s];
}

// Rows of all blocks of a matrix, or of a bias, of so many columns.
static void move_rows(struct local *l, size_t offset, int cols, const struct change *c) {
    for (int q = 0; q < l->arch->cell->gates; q++)
        for (int k = 0; k < cols; k++)
            move(l->b + offset + (size_t)(q * l->arch->hidden) * (size_t)cols + (size_t)k, (size_t)cols, c, row_by(l, q));
}

static void move_columns(float *x, int rows, int H, const struct change *c) {
    for (int r = 0; r < rows; r++)
        move(x + (size_t)r * (size_t)H, 1, c, DIVIDED);
}

// W_HH's rows, or its columns, are about to change: what comes of that for the products and squares of all units on its other axis.
static void change_other_axis(struct local *l, int layer, const struct change *c, bool rows) {
    int H = l->arch->hidden, across = rows ? H : 1, along = rows ? 1 : H; // from unit to unit, and within what changes of one
    double *squared = rows ? l->columns_squared : l->rows_squared;
    for (int q = 0; q < l->arch->cell->gates; q++) {
        size_t block = offset_of(l, layer, W_HH) + (size_t)(q * H) * (size_t)H;
        const float *a = l->a + block, *b = l->b + block;
        enum by by = rows ? row_by(l, q) : DIVIDED;
        for (int s = 0; s < c->n; s++)
            for (int k = 0; k < H; k++) {
                float old = b[c->at[s] * across + k * along], new = scaled(b[c->from[s] * across + k * along], c->factor[s], by);
                l->left[s * H + k] = a[c->at[s] * across + k * along];
                l->right[s * H + k] = new - old;
                squared[k] += (double)new *(double)new - (double)old *(double)old;
            }
        float *products = rows ? l->columns : q == l->arch->cell->candidate ? l->rows : l->gates;
        blas_sgemm(TRANSPOSED, PLAIN, H, H, c->n, l->left, (size_t)H, l->right, (size_t)H, 1, products, (size_t)H);
    }
}

static void move_squares(double *x, const struct change *c, bool times) {
    double moved[2];
    for (int s = 0; s < c->n; s++) {
        double f = (double)c->factor[s];
        moved[s] = x[c->from[s]] * (times ? f * f : 1 / (f * f));
    }
    for (int s = 0; s < c->n; s++)
        x[c->at[s]] = moved[s];
}

// Makes a change, first of rows, then of columns.
static void make_change(struct local *l, int layer, const struct change *c) {
    int H = l->arch->hidden, rows, unit[2];
    size_t v = offset_of(l, layer, W_HH), w = reading(l, layer, &rows);
    change_other_axis(l, layer, c, true);
    move_rows(l, offset_of(l, layer, W_IH), layer ? H : l->arch->input, c);
    move_rows(l, v, H, c);
    move_rows(l, offset_of(l, layer, B_IH), 1, c);
    move_rows(l, offset_of(l, layer, B_HH), 1, c);
    for (int k = 0; k < H; k++) {
        move(l->gates + k * H, 1, c, KEPT);
        move(l->rows + k * H, 1, c, TIMES);
    }
    move_squares(l->rows_squared, c, true);
    change_other_axis(l, layer, c, false);
    move_columns(l->b + v, l->arch->cell->gates * H, H, c);
    move_columns(l->b + w, rows, H, c);
    move_columns(l->columns, H, H, c);
    move_squares(l->columns_squared, c, false);
    find_shapes(l);
    for (int s = 0; s < c->n; s++)
        unit[s] = l->unit[layer * H + c->from[s]];
    for (int s = 0; s < c->n; s++)
        l->unit[layer * H + c->at[s]] = unit[s];
    move(l->scale + layer * H, 1, c, TIMES);
}

// Does it make b more similar? Then it is made.
static bool try_change(struct local *l, int layer, const struct change *c) {
    if (!(gain(l, layer, c) > LEAST_GAIN * l->norms))
        return false;
    make_change(l, layer, c);
    return true;
}

// The factor by which unit `from` gets to place `at`: for a scale, such that what comes in is as large, beside what goes out, as it is
// there in a; for a sign, such that its products with a's unit are positive.
static float fitting(const struct local *l, int at, int from) {
    size_t i = (size_t)at * (size_t)l->arch->hidden + (size_t)from;
    if (l->arch->cell->symmetry == CELL_SIGNS)
        return l->rows[i] + l->columns[i] < 0 ? -1 : 1;
    double f = l->shape[at] / l->own_shape[from];
    return f > 0 && isfinite(f) ? (float)f : 1;
}

// Two units exchange their places. Of few units all signs of both are tried, in their places, too.
static bool exchange(struct local *l, int layer, int i, int k) {
    bool changed = try_change(l, layer, &(struct change){2, {i, k}, {k, i}, {fitting(l, i, k), fitting(l, k, i)}});
    if (changed || l->arch->hidden > FEW || l->arch->cell->symmetry != CELL_SIGNS)
        return changed;
    for (int signs = 0; signs < 4 && !changed; signs++)
        changed = try_change(l, layer, &(struct change){2, {i, k}, {k, i}, {signs & 1 ? -1 : 1, signs & 2 ? -1 : 1}});
    return changed || try_change(l, layer, &(struct change){2, {i, k}, {i, k}, {-1, -1}});
}

static bool improve_layer(struct local *l, int layer) {
    int H = l->arch->hidden;
    bool changed = false;
    find_products(l, layer);
    for (int i = 0; i < H; i++) {
        if (l->arch->cell->symmetry == CELL_SIGNS)
            changed |= try_change(l, layer, &(struct change){1, {i}, {i}, {-1}});
        for (int k = 0; k < i; k++)
            changed |= exchange(l, layer, i, k);
    }
    return changed;
}

// --- All of it ---

// Fits scales to what has changed since the last keep. Should rounding have made it worse, all is as it was then, and the answer is no.
static bool settle(struct local *l, double *distance) {
    fit_scales(l);
    double now = refresh(l);
    if (!(now <= *distance)) {
        restore(l);
        return false;
    }
    *distance = now;
    return true;
}

double align_fit_scales(const struct rnn_arch *arch, const float *a, const float *b, int *unit, float *scale) {
    struct local l;
    begin(&l, arch, a, b, unit, scale);
    double distance = refresh(&l);
    keep(&l);
    settle(&l, &distance);
    end(&l);
    return distance;
}

double align_local(const struct rnn_arch *arch, const float *a, const float *b, int *unit, float *scale) {
    struct local l;
    begin(&l, arch, a, b, unit, scale);
    double distance = refresh(&l);
    bool changed = true;
    for (int round = 0; changed && round < MOST_ROUNDS; round++) {
        keep(&l);
        changed = false;
        for (int layer = 0; layer < arch->layers; layer++)
            changed |= improve_layer(&l, layer);
        changed &= settle(&l, &distance);
    }
    end(&l);
    return distance;
}
