#include "analysis/dynamics.h"

#include "base/memory.h"
#include "math/cholesky.h"
#include "math/procrustes.h"
#include "math/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NEGLIGIBLE = 1e-9; // share of the variance: what is below is rounding
static const double RIDGE = 1e-8;

// The first principal coordinates of x [n,d], each of variance 1: [n,*k]; *k is `most` or as many as vary. To be freed.
static double *coordinates(const double *x, int n, int d, int most, int *k) {
    int all = most < d ? most : d;
    double *projected = memory_calloc((size_t)n * (size_t)all, sizeof *projected), *share = memory_calloc((size_t)all, sizeof *share);
    stats_pca(projected, share, x, n, d, all);
    for (*k = 0; *k < all && share[*k] > NEGLIGIBLE;)
        ++*k;
    double *out = memory_calloc((size_t)n * (size_t)*k + 1, sizeof *out);
    for (int j = 0; j < *k; j++) {
        double square = 0;
        for (int i = 0; i < n; i++)
            square += projected[(size_t)i * all + j] * projected[(size_t)i * all + j] / n;
        for (int i = 0; i < n; i++)
            out[(size_t)i * *k + j] = projected[(size_t)i * all + j] / sqrt(square);
    }
    free(projected);
    free(share);
    return out;
}

// out [p,q] = x' y of x [n,p], y [n,q].
static void products(double *out, const double *x, int p, const double *y, int q, int n) {
    memset(out, 0, (size_t)p * (size_t)q * sizeof *out);
    for (int i = 0; i < n; i++)
        for (int a = 0; a < p; a++)
            for (int b = 0; b < q; b++)
                out[a * q + b] += x[(size_t)i * p + a] * y[(size_t)i * q + b];
}

static double square_sum(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

// --- Fitting ---

// Of all transitions: z [n, r + m] the states before them and the inputs, y [n, r] the states after them, centred.
static void transitions(double *z, double *y, const double *x, int r, const struct course *c, const double *inputs, int m) {
    int row = 0, state = 0;
    for (int s = 0; s < c->count; s++, state++)
        for (int t = 0; t < c->lengths[s]; t++, row++, state++) {
            memcpy(z + (size_t)row * (r + m), x + (size_t)state * r, (size_t)r * sizeof *z);
            memcpy(z + (size_t)row * (r + m) + r, inputs + (size_t)row * m, (size_t)m * sizeof *z);
            memcpy(y + (size_t)row * r, x + (size_t)(state + 1) * r, (size_t)r * sizeof *y);
        }
    stats_centre(z, row, r + m);
    stats_centre(y, row, r);
}

// What explains next to nothing of r coordinates of variance 1 is rounding, and has no direction.
static void drop_rounding(double *x, int size, int r) {
    if (square_sum(x, (size_t)size) <= NEGLIGIBLE * r)
        memset(x, 0, (size_t)size * sizeof *x);
}

void linear_system_fit(struct linear_system *out, const struct course *c, const double *inputs, int m, int rank) {
    int n = 0, r;
    for (int s = 0; s < c->count; s++)
        n += c->lengths[s];
    double *x = coordinates(c->states, n + c->count, c->d, rank, &r);
    int w = r + m;
    double *z = memory_calloc((size_t)n * w + 1, sizeof *z), *y = memory_calloc((size_t)n * r + 1, sizeof *y);
    double *square = memory_calloc((size_t)w * w + 1, sizeof *square), *cross = memory_calloc((size_t)r * w + 1, sizeof *cross);
    *out = (struct linear_system){.rank = r,
                                  .inputs = m,
                                  .a = memory_calloc((size_t)r * r + 1, sizeof *out->a),
                                  .b = memory_calloc((size_t)r * m + 1, sizeof *out->b),
                                  .told = NAN};
    transitions(z, y, x, r, c, inputs, m);
    products(square, z, w, z, w, n);
    products(cross, y, r, z, w, n);
    for (int i = 0; i < w; i++)
        square[i * w + i] += RIDGE * n;
    // The R2 of least squares: sum |A x + B u|^2 = sum_i (row i of (A B)) . (row i of Y'Z), but for the ridge.
    double explained = 0, all = square_sum(y, (size_t)n * r);
    if (r && cholesky(square, (size_t)w)) {
        for (int i = 0; i < r; i++) {
            double *row = memory_alloc((size_t)w * sizeof *row);
            memcpy(row, cross + (size_t)i * w, (size_t)w * sizeof *row);
            cholesky_solve(square, row, (size_t)w);
            for (int j = 0; j < w; j++)
                explained += row[j] * cross[i * w + j];
            memcpy(out->a + (size_t)i * r, row, (size_t)r * sizeof *row);
            memcpy(out->b + (size_t)i * m, row + r, (size_t)m * sizeof *row);
            free(row);
        }
        if (all > NEGLIGIBLE * n * r) // else the next states are all one
            out->told = explained / all;
        drop_rounding(out->a, r * r, r);
        drop_rounding(out->b, r * m, r);
    }
    free(x);
    free(z);
    free(y);
    free(square);
    free(cross);
}

void linear_system_free(struct linear_system *s) {
    free(s->a);
    free(s->b);
    *s = (struct linear_system){0};
}

// --- Comparing ---

// out [r,m] = a x, or a' x, of a [r,r] and x [r,m].
static void apply(double *out, const double *a, bool transposed, const double *x, int r, int m) {
    memset(out, 0, (size_t)r * (size_t)m * sizeof *out);
    for (int i = 0; i < r; i++)
        for (int k = 0; k < r; k++)
            for (int j = 0; j < m; j++)
                out[i * m + j] += (transposed ? a[k * r + i] : a[i * r + k]) * x[k * m + j];
}

// (B, AB, A'B, A^2 B, A'^2 B, ...), as blocks [r,m] one after another: 2 r - 1 of them. To be freed.
static double *controllability(const struct linear_system *s) {
    int r = s->rank, m = s->inputs, size = r * m;
    double *blocks = memory_calloc((size_t)(2 * r - 1) * (size_t)size, sizeof *blocks);
    memcpy(blocks, s->b, (size_t)size * sizeof *blocks);
    for (int i = 1; i < r; i++)
        for (int transposed = 0; transposed < 2; transposed++) {
            int at = 2 * i - 1 + transposed, before = i == 1 ? 0 : at - 2;
            apply(blocks + (size_t)at * size, s->a, transposed, blocks + (size_t)before * size, r, m);
        }
    return blocks;
}

// tr(x' c y) of x, y [r,m].
static double turned_product(const double *x, const double *c, const double *y, int r, int m) {
    double *turned = memory_alloc((size_t)r * (size_t)m * sizeof *turned), sum = 0;
    apply(turned, c, false, y, r, m);
    for (int i = 0; i < r * m; i++)
        sum += x[i] * turned[i];
    free(turned);
    return sum;
}

static double angle(double product, double x_square, double y_square) {
    double cosine = product / sqrt(x_square * y_square);
    return acos(cosine > 1 ? 1 : cosine < -1 ? -1 : cosine); // NaN stays
}

// The angle of x's A and C A_y C': tr(A' C A_y C') = tr((A C)' (C A_y)).
static double state_angle(const struct linear_system *x, const double *c, const struct linear_system *y) {
    int r = x->rank;
    double *turned = memory_alloc((size_t)r * (size_t)r * sizeof *turned);
    apply(turned, x->a, false, c, r, r);
    double product = turned_product(turned, c, y->a, r, r);
    free(turned);
    return angle(product, square_sum(x->a, (size_t)r * r), square_sum(y->a, (size_t)r * r));
}

struct dynamics dynamics_distance(const struct linear_system *x, const struct linear_system *y) {
    int r = x->rank, m = x->inputs, blocks = 2 * r - 1;
    double *kx = controllability(x), *ky = controllability(y), product = 0;
    double *both = memory_calloc((size_t)r * r, sizeof *both), *c = memory_calloc((size_t)r * r, sizeof *c);
    for (int k = 0; k < blocks; k++)
        for (int i = 0; i < r; i++)
            for (int j = 0; j < r; j++)
                for (int l = 0; l < m; l++)
                    both[i * r + j] += kx[((size_t)k * r + i) * m + l] * ky[((size_t)k * r + j) * m + l];
    procrustes(c, both, r);
    for (int i = 0; i < r * r; i++)
        product += c[i] * both[i]; // tr(K_x' C K_y) = tr(C' K_x K_y')
    size_t size = (size_t)blocks * r * m, inputs = (size_t)r * m;
    struct dynamics d = {.rank = r,
                         .all = angle(product, square_sum(kx, size), square_sum(ky, size)),
                         .state = state_angle(x, c, y),
                         .input = angle(turned_product(x->b, c, y->b, r, m), square_sum(x->b, inputs), square_sum(y->b, inputs)),
                         .told = isnan(x->told) || isnan(y->told) ? NAN : fmin(x->told, y->told)};
    free(kx);
    free(ky);
    free(both);
    free(c);
    return d;
}

// --- Of RNNs ---

static double *states_of(struct specimen *s, const struct sequences *sequences, int rows, int *d) {
    const size_t size = walker_state_size(s->walker);
    double *states = memory_calloc((size_t)rows * size, sizeof *states), *at = states;
    for (int i = 0; i < sequences->count; i++) {
        struct trace t;
        trace_take(&t, s->walker, &sequences->list[i]);
        at += size; // it starts at zero
        for (size_t k = 0; k < (size_t)t.steps * size; k++)
            *at++ = (double)t.states[k];
        trace_free(&t);
    }
    *d = (int)size;
    return states;
}

static double *inputs_of(const struct sequences *s, int n, int width) {
    double *inputs = memory_calloc((size_t)n * (size_t)width, sizeof *inputs), *row = inputs;
    for (int i = 0; i < s->count; i++)
        for (int t = 0; t < s->list[i].length; t++, row += width)
            if (s->list[i].tokens)
                row[s->list[i].tokens[t]] = 1;
            else
                for (int j = 0; j < width; j++)
                    row[j] = (double)s->list[i].inputs[t * width + j];
    return inputs;
}

struct dynamics dynamics_compare(struct specimen *a, struct specimen *b, const struct sequences *s, int rank) {
    int n = 0, m, *lengths = memory_calloc((size_t)s->count + 1, sizeof *lengths), width = a->arch.input;
    for (int i = 0; i < s->count; i++)
        n += lengths[i] = s->list[i].length;
    struct course of_a = {.lengths = lengths, .count = s->count}, of_b = of_a;
    double *states_a = states_of(a, s, n + s->count, &of_a.d), *states_b = states_of(b, s, n + s->count, &of_b.d);
    double *raw = inputs_of(s, n, width), *inputs = coordinates(raw, n, width, width, &m);
    of_a.states = states_a;
    of_b.states = states_b;

    struct linear_system x, y;
    linear_system_fit(&x, &of_a, inputs, m, rank);
    linear_system_fit(&y, &of_b, inputs, m, x.rank);
    if (y.rank < x.rank) {
        linear_system_free(&x);
        linear_system_fit(&x, &of_a, inputs, m, y.rank);
    }
    struct dynamics d = {.rank = 0};
    if (x.rank && m)
        d = dynamics_distance(&x, &y);

    linear_system_free(&x);
    linear_system_free(&y);
    free(lengths);
    free(states_a);
    free(states_b);
    free(raw);
    free(inputs);
    return d;
}

void dynamics_pack_metrics(struct packer *p, const struct dynamics *d) {
    pack_key(p, "dynamics_rank");
    pack_i64(p, d->rank);
    if (!d->rank)
        return;
    pack_known(p, "dynamics", d->all);
    pack_known(p, "dynamics_state", d->state);
    pack_known(p, "dynamics_input", d->input);
    pack_known(p, "dynamics_r2", d->told);
}
