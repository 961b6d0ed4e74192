#include "rnn/assignment.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

// Rows are assigned one by one. Columns and rows have potentials, under which no reduced cost is negative and that of every assigned pair
// is zero. Index n stands for "no row yet" and for the column from which a path begins.
struct solver {
    int n;
    const double *score;
    double *row_potential, *column_potential; // [n+1]
    int *row_of;                              // [n+1] of each column
    double *distance;                         // [n+1] of the shortest path to each column
    int *before;                              // [n+1] the column before it on that path
    char *done;                               // [n+1]
};

static double reduced_cost(const struct solver *s, int row, int column) {
    return -s->score[(size_t)row * (size_t)s->n + (size_t)column] - s->row_potential[row] - s->column_potential[column];
}

// Looks at all columns from the row of column `from`, and returns the nearest one that is not done, with its distance beyond the last
// one's.
static int nearest_column(struct solver *s, int from, double *step) {
    int row = s->row_of[from], nearest = s->n;
    *step = INFINITY;
    for (int j = 0; j < s->n; j++) {
        if (s->done[j])
            continue;
        double cost = reduced_cost(s, row, j);
        if (cost < s->distance[j]) {
            s->distance[j] = cost;
            s->before[j] = from;
        }
        if (s->distance[j] < *step) {
            *step = s->distance[j];
            nearest = j;
        }
    }
    return nearest;
}

static void move_potentials(struct solver *s, double step) {
    for (int j = 0; j <= s->n; j++)
        if (s->done[j]) {
            s->row_potential[s->row_of[j]] += step;
            s->column_potential[j] -= step;
        } else {
            s->distance[j] -= step;
        }
}

static void assign_row(struct solver *s, int row) {
    int column = s->n;
    s->row_of[column] = row;
    for (int j = 0; j <= s->n; j++) {
        s->distance[j] = INFINITY;
        s->done[j] = 0;
    }
    do {
        double step;
        s->done[column] = 1;
        int next = nearest_column(s, column, &step);
        move_potentials(s, step);
        column = next;
    } while (s->row_of[column] >= 0);
    for (; column != s->n; column = s->before[column]) // the path's columns take the rows before them
        s->row_of[column] = s->row_of[s->before[column]];
}

double assignment_best(int *chosen, const double *score, int n) {
    size_t size = (size_t)n + 1;
    struct solver s = {.n = n,
                       .score = score,
                       .row_potential = memory_calloc(size, sizeof(double)),
                       .column_potential = memory_calloc(size, sizeof(double)),
                       .row_of = memory_alloc(size * sizeof(int)),
                       .distance = memory_alloc(size * sizeof(double)),
                       .before = memory_calloc(size, sizeof(int)),
                       .done = memory_alloc(size)};
    for (int j = 0; j <= n; j++)
        s.row_of[j] = -1;
    for (int row = 0; row < n; row++)
        assign_row(&s, row);
    double sum = 0;
    for (int j = 0; j < n; j++) {
        chosen[s.row_of[j]] = j;
        sum += score[(size_t)s.row_of[j] * (size_t)n + (size_t)j];
    }
    free(s.row_potential);
    free(s.column_potential);
    free(s.row_of);
    free(s.distance);
    free(s.before);
    free(s.done);
    return sum;
}
