#include "analysis/compare.h"

#include "base/memory.h"
#include "math/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double compare_cosine(const float *a, const float *b, size_t n) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

// --- CKA ---

// |X'Y|^2 of x [n,p], y [n,q].
static double cross_square(const double *x, int p, const double *y, int q, int n) {
    double *row = memory_alloc((size_t)q * sizeof *row), sum = 0;
    for (int a = 0; a < p; a++) {
        memset(row, 0, (size_t)q * sizeof *row);
        for (int i = 0; i < n; i++)
            for (int b = 0; b < q; b++)
                row[b] += x[i * p + a] * y[i * q + b];
        for (int b = 0; b < q; b++)
            sum += row[b] * row[b];
    }
    free(row);
    return sum;
}

static double row_square(const double *x, int cols, int i) {
    double sum = 0;
    for (int c = 0; c < cols; c++)
        sum += x[i * cols + c] * x[i * cols + c];
    return sum;
}

static const double NEGLIGIBLE = 1e-9; // share of a cross square: what the bias leaves below it is rounding

// What is taken off a cross square to make it unbiased. Where all rows but one are equal, it is all of it.
static double bias(const double *x, int p, const double *y, int q, int n) {
    double both = 0, all_x = 0, all_y = 0, N = n;
    for (int i = 0; i < n; i++) {
        double xi = row_square(x, p, i), yi = row_square(y, q, i);
        both += xi * yi;
        all_x += xi;
        all_y += yi;
    }
    return N / (N - 2) * both - all_x * all_y / ((N - 1) * (N - 2));
}

void compare_cka(double *x, int p, double *y, int q, int n, double *cka, double *debiased) {
    stats_centre(x, n, p);
    stats_centre(y, n, q);
    double xy = cross_square(x, p, y, q, n), xx = cross_square(x, p, x, p, n), yy = cross_square(y, q, y, q, n);
    double least_x = NEGLIGIBLE * xx, least_y = NEGLIGIBLE * yy;
    *cka = xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
    *debiased = NAN;
    if (n < 4)
        return;
    xy -= bias(x, p, y, q, n);
    xx -= bias(x, p, x, p, n);
    yy -= bias(y, q, y, q, n);
    *debiased = xx > least_x && yy > least_y ? xy / sqrt(xx * yy) : NAN;
}

// --- Answers ---

static int arg_max(const double *x, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return best;
}

// One position; sums are made means at the end.
static double add_classes(struct likeness *l, const float *a, const float *b, int n, double *log_p, double *log_q) {
    double variation = 0, kl = 0, reverse = 0;
    walker_log_softmax(log_p, a, 1, n);
    walker_log_softmax(log_q, b, 1, n);
    for (int i = 0; i < n; i++) {
        double p = exp(log_p[i]), q = exp(log_q[i]);
        variation += fabs(p - q) / 2;
        kl += p * (log_p[i] - log_q[i]);
        reverse += q * (log_q[i] - log_p[i]);
    }
    l->total_variation += variation;
    l->total_variation_max = fmax(l->total_variation_max, variation);
    l->kl += kl;
    l->kl_max = fmax(l->kl_max, kl);
    l->kl_reverse += reverse;
    l->agreement += arg_max(log_p, n) == arg_max(log_q, n);
    return variation;
}

static double add_numbers(struct likeness *l, const float *a, const float *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        double d = (double)a[i] - (double)b[i];
        sum += d * d / n;
        l->absolute_max = fmax(l->absolute_max, fabs(d));
    }
    l->mean_squared += sum;
    return sum;
}

// The last layers' states, gathered over all positions.
struct gathered {
    double *rows;
    int cols, layer;
};

static void gather(struct gathered *g, const struct trace *t, const struct walker *w, int position) {
    for (int i = 0; i < t->steps; i++) {
        const float *h = trace_state(t, w, i, g->layer, 0);
        for (int c = 0; c < g->cols; c++)
            g->rows[(size_t)(position + i) * (size_t)g->cols + (size_t)c] = (double)h[c];
    }
}

static struct gathered gathered_new(const struct specimen *s, int positions) {
    struct gathered g = {.cols = s->arch.hidden, .layer = s->arch.layers - 1};
    g.rows = memory_calloc((size_t)positions * (size_t)g.cols, sizeof *g.rows);
    return g;
}

static void make_means(struct likeness *l) {
    double *const sums[] = {&l->total_variation, &l->kl, &l->kl_reverse, &l->agreement, &l->mean_squared};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        *sums[i] /= l->positions;
}

static void measure(struct likeness *out, const struct sequences *s) {
    for (int i = 0; i < s->count; i++) {
        out->positions += s->list[i].length;
        out->longest = s->list[i].length > out->longest ? s->list[i].length : out->longest;
    }
    out->by_position = memory_calloc((size_t)out->longest, sizeof *out->by_position);
}

void compare_networks(struct likeness *out, struct specimen *a, struct specimen *b, const struct sequences *s, bool numbers) {
    *out = (struct likeness){.cosine = NAN, .finite = true};
    measure(out, s);
    struct gathered x = gathered_new(a, out->positions), y = gathered_new(b, out->positions);
    int O = a->arch.output, position = 0, *reached = memory_calloc((size_t)out->longest, sizeof *reached);
    double *log_p = memory_alloc((size_t)O * sizeof *log_p), *log_q = memory_alloc((size_t)O * sizeof *log_q);
    for (int i = 0; i < s->count; i++) {
        struct trace ta, tb;
        trace_take(&ta, a->walker, &s->list[i]);
        trace_take(&tb, b->walker, &s->list[i]);
        for (int t = 0; t < ta.steps; t++) {
            const float *p = ta.answers + t * O, *q = tb.answers + t * O;
            for (int o = 0; o < O; o++)
                out->finite &= isfinite(p[o]) && isfinite(q[o]);
            out->by_position[t] += numbers ? add_numbers(out, p, q, O) : add_classes(out, p, q, O, log_p, log_q);
            reached[t]++;
        }
        gather(&x, &ta, a->walker, position);
        gather(&y, &tb, b->walker, position);
        position += ta.steps;
        trace_free(&ta);
        trace_free(&tb);
    }
    make_means(out);
    for (int t = 0; t < out->longest; t++)
        out->by_position[t] /= reached[t];
    compare_cka(x.rows, x.cols, y.rows, y.cols, out->positions, &out->cka, &out->cka_debiased);
    if (rnn_arch_equal(&a->arch, &b->arch))
        out->cosine = compare_cosine(a->weights, b->weights, a->table.size);
    free(x.rows);
    free(y.rows);
    free(reached);
    free(log_p);
    free(log_q);
}

void likeness_pack_metrics(struct packer *p, const struct likeness *l, bool numbers) {
    const struct {
        const char *key;
        double number;
        bool of_numbers, of_classes;
    } all[] = {{"total_variation", l->total_variation, false, true},
               {"total_variation_max", l->total_variation_max, false, true},
               {"kl", l->kl, false, true},
               {"kl_max", l->kl_max, false, true},
               {"kl_reverse", l->kl_reverse, false, true},
               {"agreement", l->agreement, false, true},
               {"mean_squared", l->mean_squared, true, false},
               {"absolute_max", l->absolute_max, true, false},
               {"cka", l->cka, true, true},
               {"cka_debiased", l->cka_debiased, true, true},
               {"cosine", l->cosine, true, true}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (numbers ? all[i].of_numbers : all[i].of_classes)
            pack_known(p, all[i].key, all[i].number);
}

void likeness_free(struct likeness *l) {
    free(l->by_position);
    *l = (struct likeness){0};
}
