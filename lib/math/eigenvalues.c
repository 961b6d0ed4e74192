#include "math/eigenvalues.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

// A Hessenberg matrix: zero below the first subdiagonal.
struct matrix {
    double *a; // [n,n]
    int n;
};

static double *at(const struct matrix *m, int i, int j) {
    return &m->a[(long)i * m->n + j];
}

static void swap(double *x, double *y) {
    double held = *x;
    *x = *y;
    *y = held;
}

// Similarity transformations by elimination: column by column, with the largest entry below the diagonal as pivot.
static void to_hessenberg(const struct matrix *m) {
    int n = m->n;
    for (int k = 1; k < n - 1; k++) {
        int pivot = k;
        for (int i = k; i < n; i++)
            if (fabs(*at(m, i, k - 1)) > fabs(*at(m, pivot, k - 1)))
                pivot = i;
        if (*at(m, pivot, k - 1) == 0)
            continue;
        for (int j = 0; j < n && pivot != k; j++)
            swap(at(m, pivot, j), at(m, k, j));
        for (int i = 0; i < n && pivot != k; i++)
            swap(at(m, i, pivot), at(m, i, k));
        for (int i = k + 1; i < n; i++) {
            double factor = *at(m, i, k - 1) / *at(m, k, k - 1);
            if (factor == 0)
                continue;
            for (int j = 0; j < n; j++)
                *at(m, i, j) -= factor * *at(m, k, j);
            for (int r = 0; r < n; r++)
                *at(m, r, k) += factor * *at(m, r, i);
        }
    }
    for (int i = 2; i < n; i++)
        for (int j = 0; j < i - 1; j++)
            *at(m, i, j) = 0;
}

// The first row of the block that ends at row `last` and is not yet apart from what is above it.
static int block_start(const struct matrix *m, int last) {
    int k = last;
    for (; k > 0; k--) {
        double beside = fabs(*at(m, k - 1, k - 1)) + fabs(*at(m, k, k));
        if (fabs(*at(m, k, k - 1)) <= DBL_EPSILON * (beside > 0 ? beside : 1))
            break;
    }
    return k;
}

// The two eigenvalues of rows and columns k, k + 1.
static void solve_pair(const struct matrix *m, int k, double *re, double *im) {
    double a = *at(m, k, k), b = *at(m, k, k + 1), c = *at(m, k + 1, k), d = *at(m, k + 1, k + 1);
    double half = (a - d) / 2, inside = half * half + b * c, middle = (a + d) / 2;
    if (inside >= 0) {
        double root = half + (half < 0 ? -sqrt(inside) : sqrt(inside)); // the larger one first, without cancellation
        re[k] = d + root;
        re[k + 1] = root != 0 ? d - b * c / root : d;
        im[k] = im[k + 1] = 0;
    } else {
        re[k] = re[k + 1] = middle;
        im[k] = sqrt(-inside);
        im[k + 1] = -im[k];
    }
}

// Reflects rows k .. k + size - 1 and the columns of that number, so that v becomes a multiple of the first unit vector.
static void reflect(const struct matrix *m, int k, int size, const double *v, int first, int last) {
    double norm = 0, u[3] = {0}, square = 0;
    for (int i = 0; i < size; i++)
        norm += v[i] * v[i];
    norm = sqrt(norm);
    for (int i = 0; i < size; i++)
        u[i] = v[i] + (i == 0 ? (v[0] < 0 ? -norm : norm) : 0);
    for (int i = 0; i < size; i++)
        square += u[i] * u[i];
    if (square == 0)
        return;
    for (int j = first; j <= last; j++) {
        double inner = 0;
        for (int i = 0; i < size; i++)
            inner += u[i] * *at(m, k + i, j);
        for (int i = 0; i < size; i++)
            *at(m, k + i, j) -= 2 * inner / square * u[i];
    }
    for (int r = first; r <= last; r++) {
        double inner = 0;
        for (int i = 0; i < size; i++)
            inner += *at(m, r, k + i) * u[i];
        for (int i = 0; i < size; i++)
            *at(m, r, k + i) -= 2 * inner / square * u[i];
    }
}

// One implicit double shift on rows first .. last, by the eigenvalues of its last two rows; `odd` shifts break cycles.
static void francis_step(const struct matrix *m, int first, int last, bool odd) {
    double sum = *at(m, last - 1, last - 1) + *at(m, last, last);
    double product = *at(m, last - 1, last - 1) * *at(m, last, last) - *at(m, last - 1, last) * *at(m, last, last - 1);
    if (odd) {
        double w = fabs(*at(m, last, last - 1)) + fabs(*at(m, last - 1, last - 2));
        sum = 1.5 * w;
        product = w * w;
    }
    double h00 = *at(m, first, first), h10 = *at(m, first + 1, first), h01 = *at(m, first, first + 1), h11 = *at(m, first + 1, first + 1);
    double v[3] = {h00 * h00 + h01 * h10 - sum * h00 + product, h10 * (h00 + h11 - sum), h10 * *at(m, first + 2, first + 1)};
    for (int k = first; k < last; k++) {
        int size = last - k + 1 < 3 ? 2 : 3;
        reflect(m, k, size, v, first, last);
        for (int i = k + 1; k > first && i < k + size; i++)
            *at(m, i, k - 1) = 0;
        for (int i = 0; i < 3 && k + 1 + i <= last; i++)
            v[i] = *at(m, k + 1 + i, k);
    }
}

struct pair {
    double re, im;
};

static int larger_first(const void *a, const void *b) {
    const struct pair *x = a, *y = b;
    double p = hypot(x->re, x->im), q = hypot(y->re, y->im);
    if (p != q)
        return p > q ? -1 : 1;
    if (x->re != y->re)
        return x->re > y->re ? -1 : 1;
    return x->im > y->im ? -1 : x->im < y->im;
}

static void sort(double *re, double *im, int n) {
    struct pair *all = memory_alloc((size_t)n * sizeof *all);
    for (int i = 0; i < n; i++)
        all[i] = (struct pair){re[i], im[i]};
    qsort(all, (size_t)n, sizeof *all, larger_first);
    for (int i = 0; i < n; i++) {
        re[i] = all[i].re;
        im[i] = all[i].im;
    }
    free(all);
}

bool eigenvalues(double *a, int n, double *re, double *im) {
    enum { MOST_STEPS = 60 }; // for each eigenvalue
    const struct matrix m = {a, n};
    for (int i = 0; i < n * n; i++)
        if (!isfinite(a[i]))
            return false;
    to_hessenberg(&m);
    for (int last = n - 1, steps = 0; last >= 0;) {
        int first = block_start(&m, last);
        if (first == last) {
            re[last] = *at(&m, last, last);
            im[last] = 0;
            last--, steps = 0;
        } else if (first == last - 1) {
            solve_pair(&m, first, re, im);
            last -= 2, steps = 0;
        } else if (++steps > MOST_STEPS) {
            return false;
        } else {
            francis_step(&m, first, last, steps % 10 == 0);
        }
    }
    sort(re, im, n);
    return true;
}
