#include "math/procrustes.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Rows stand for columns: w [n,n] has a column of m V in each row, v [n,n] one of V. One rotation makes rows p and q of w orthogonal
// (Hestenes 1958); true when they were not.
static bool rotate(double *w, double *v, int n, int p, int q) {
    double pp = 0, qq = 0, pq = 0;
    double *const rows[] = {w, v};
    for (int i = 0; i < n; i++) {
        pp += w[p * n + i] * w[p * n + i];
        qq += w[q * n + i] * w[q * n + i];
        pq += w[p * n + i] * w[q * n + i];
    }
    if (!(fabs(pq) > 1e-15 * sqrt(pp * qq)))
        return false;
    const double theta = (qq - pp) / (2 * pq);
    const double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < n; i++) {
            const double x = rows[k][p * n + i], y = rows[k][q * n + i];
            rows[k][p * n + i] = c * x - s * y;
            rows[k][q * n + i] = s * x + c * y;
        }
    return true;
}

static double length(const double *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

// x, without what it has of the rows of u that are there, and of length 1; false when nothing is left.
static bool orthogonalise(double *x, const double *u, const bool *there, int n) {
    for (int again = 0; again < 2; again++)
        for (int j = 0; j < n; j++) {
            double dot = 0;
            for (int i = 0; there[j] && i < n; i++)
                dot += x[i] * u[j * n + i];
            for (int i = 0; there[j] && i < n; i++)
                x[i] -= dot * u[j * n + i];
        }
    const double size = length(x, n);
    for (int i = 0; i < n; i++)
        x[i] /= size > 0 ? size : 1;
    return size > 1e-6;
}

// Rows of u for those that m has nothing of: v's own where they are free, else the next unit vector that is.
static void complete(double *u, const double *v, bool *there, int n) {
    for (int j = 0; j < n; j++) {
        if (there[j])
            continue;
        double *row = u + (size_t)j * n;
        memcpy(row, v + (size_t)j * n, (size_t)n * sizeof *row);
        for (int unit = 0; !orthogonalise(row, u, there, n); unit++) {
            memset(row, 0, (size_t)n * sizeof *row);
            row[unit] = 1;
        }
        there[j] = true;
    }
}

void procrustes(double *c, const double *m, int n) {
    const size_t cells = (size_t)n * n;
    double *w = memory_calloc(cells, sizeof *w), *v = memory_calloc(cells, sizeof *v), largest = 0;
    bool *there = memory_calloc((size_t)n, sizeof *there);
    for (int i = 0; i < n; i++) {
        v[i * n + i] = 1;
        for (int j = 0; j < n; j++)
            w[j * n + i] = m[i * n + j];
    }
    bool moved = true;
    for (int sweep = 0; moved && sweep < 60; sweep++) {
        moved = false;
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
                moved |= rotate(w, v, n, p, q);
    }
    for (int j = 0; j < n; j++)
        largest = fmax(largest, length(w + (size_t)j * n, n));
    for (int j = 0; j < n; j++) {
        const double size = length(w + (size_t)j * n, n);
        there[j] = size > 1e-12 * largest;
        for (int i = 0; there[j] && i < n; i++)
            w[j * n + i] /= size;
    }
    complete(w, v, there, n);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            c[i * n + k] = 0;
            for (int j = 0; j < n; j++)
                c[i * n + k] += w[j * n + i] * v[j * n + k];
        }
    free(w);
    free(v);
    free(there);
}
