#include "analysis/fixed_points.h"

#include "base/memory.h"
#include "math/cholesky.h"
#include "math/eigenvalues.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float DIFFERENCE = 3e-3f;     // of the Jacobian: rounding of floats and third derivatives both err by some 1e-5
static const double SAME = 1e-3;           // two points are one when all of their numbers are nearer
static const double FAR = 10;              // mean distances of the starts from their centre
static const double EXACT = 1e-14;         // q beyond which floats tell nothing
enum { MOST_STEPS = 100, MOST_TRIES = 8 }; // of a search; of dampings in a step

// --- One step of the RNN, of many states at once ---

struct field {
    struct walker *w;
    const struct held_input *input;
    size_t S;
};

// after [count,S] = F of before [count,S].
static void step(const struct field *f, const float *before, float *after, int count) {
    size_t I = (size_t)walker_arch(f->w)->input, n = (size_t)count;
    const float **from = memory_alloc(n * sizeof *from);
    float **to = memory_alloc(n * sizeof *to), *numbers = f->input->numbers ? memory_alloc(n * I * sizeof *numbers) : NULL;
    int *tokens = numbers ? NULL : memory_alloc(n * sizeof *tokens);
    for (size_t i = 0; i < n; i++) {
        from[i] = before + i * f->S;
        to[i] = after + i * f->S;
        if (numbers)
            memcpy(numbers + i * I, f->input->numbers, I * sizeof *numbers);
        else
            tokens[i] = f->input->token;
    }
    walker_step(f->w, &(struct walk_step){.count = count, .before = from, .after = to, .tokens = tokens, .inputs = numbers});
    free(from);
    free(to);
    free(numbers);
    free(tokens);
}

void fixed_points_jacobian(struct walker *w, const struct held_input *input, const float *x, double *jacobian, float *f) {
    const struct field field = {w, input, walker_state_size(w)};
    size_t S = field.S, rows = 2 * S + 1;
    float *before = memory_alloc(rows * S * sizeof *before), *after = memory_alloc(rows * S * sizeof *after);
    for (size_t r = 0; r < rows; r++) {
        memcpy(before + r * S, x, S * sizeof *before);
        if (r < 2 * S)
            before[r * S + r / 2] += r % 2 ? -DIFFERENCE : DIFFERENCE;
    }
    step(&field, before, after, (int)rows);
    for (size_t j = 0; j < S; j++) {
        double width = (double)before[2 * j * S + j] - (double)before[(2 * j + 1) * S + j];
        for (size_t i = 0; i < S; i++)
            jacobian[i * S + j] = ((double)after[2 * j * S + i] - (double)after[(2 * j + 1) * S + i]) / width;
    }
    if (f)
        memcpy(f, after + 2 * S * S, S * sizeof *f);
    free(before);
    free(after);
}

// --- Minima of q ---

static double speed(const float *x, const float *f, size_t S) {
    double sum = 0;
    for (size_t i = 0; i < S; i++)
        sum += ((double)x[i] - (double)f[i]) * ((double)x[i] - (double)f[i]);
    return sum / 2;
}

struct search {
    struct field field;
    double *slope, *normal, *damped; // [S,S]: I - J; its square; with damping
    double *down, *d;                // [S]
    float *f, *trial;                // [S]
};

static struct search search_new(const struct field *field) {
    size_t S = field->S;
    return (struct search){.field = *field,
                           .slope = memory_alloc(S * S * sizeof(double)),
                           .normal = memory_alloc(S * S * sizeof(double)),
                           .damped = memory_alloc(S * S * sizeof(double)),
                           .down = memory_alloc(S * sizeof(double)),
                           .d = memory_alloc(S * sizeof(double)),
                           .f = memory_alloc(S * sizeof(float)),
                           .trial = memory_alloc(S * sizeof(float))};
}

static void search_free(struct search *s) {
    free(s->slope);
    free(s->normal);
    free(s->damped);
    free(s->down);
    free(s->d);
    free(s->f);
    free(s->trial);
}

// With A = I - J and r = x - F: normal = A'A, down = -A'r. Returns q(x).
static double linearise(struct search *s, const float *x) {
    size_t S = s->field.S;
    fixed_points_jacobian(s->field.w, s->field.input, x, s->slope, s->f);
    memset(s->normal, 0, S * S * sizeof *s->normal);
    memset(s->down, 0, S * sizeof *s->down);
    for (size_t r = 0; r < S; r++) {
        double *row = s->slope + r * S, off = (double)x[r] - (double)s->f[r];
        for (size_t i = 0; i < S; i++)
            row[i] = (i == r) - row[i];
        for (size_t i = 0; i < S; i++) {
            s->down[i] -= row[i] * off;
            for (size_t j = 0; j <= i; j++)
                s->normal[i * S + j] += row[i] * row[j];
        }
    }
    return speed(x, s->f, S);
}

// Moves x to where q is lower; false when no damping does that.
static bool descend(struct search *s, float *x, double *q, double *damping) {
    size_t S = s->field.S;
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        memcpy(s->damped, s->normal, S * S * sizeof *s->damped);
        memcpy(s->d, s->down, S * sizeof *s->d);
        for (size_t i = 0; i < S; i++)
            s->damped[i * S + i] += *damping;
        if (cholesky(s->damped, S)) {
            cholesky_solve(s->damped, s->d, S);
            for (size_t i = 0; i < S; i++)
                s->trial[i] = (float)((double)x[i] + s->d[i]);
            step(&s->field, s->trial, s->f, 1);
            double next = speed(s->trial, s->f, S);
            if (next < *q) {
                *q = next;
                *damping /= 10;
                memcpy(x, s->trial, S * sizeof *x);
                return true;
            }
        }
        *damping *= 10;
    }
    return false;
}

// Moves x to a minimum of q, and returns that.
static double minimise(struct search *s, float *x) {
    double damping = 1e-2, q = linearise(s, x);
    for (int i = 0; i < MOST_STEPS && q > EXACT; i++) {
        double before = q;
        if (!descend(s, x, &q, &damping) || before - q < 1e-6 * q)
            break;
        q = linearise(s, x);
    }
    return q;
}

// --- The list ---

static bool same(const float *a, const float *b, size_t S) {
    for (size_t i = 0; i < S; i++)
        if (!(fabs((double)a[i] - (double)b[i]) < SAME))
            return false;
    return true;
}

static double distance(const float *x, const double *centre, size_t S) {
    double sum = 0;
    for (size_t i = 0; i < S; i++)
        sum += ((double)x[i] - centre[i]) * ((double)x[i] - centre[i]);
    return sqrt(sum);
}

// The centre of the starts [S], and how far from it a point may be.
static double reach(const float *starts, int count, double *centre, size_t S) {
    double mean = 0;
    memset(centre, 0, S * sizeof *centre);
    for (size_t i = 0; i < (size_t)count * S; i++)
        centre[i % S] += (double)starts[i] / count;
    for (int i = 0; i < count; i++)
        mean += distance(starts + (size_t)i * S, centre, S) / count;
    return mean > 0 ? FAR * mean : INFINITY; // all starts are one: nothing is known of distances
}

static void add(struct fixed_point **list, int *count, const float *x, double q, size_t S) {
    for (int i = 0; i < *count; i++)
        if (same((*list)[i].state, x, S)) {
            (*list)[i].starts++;
            if (q < (*list)[i].q) {
                (*list)[i].q = q;
                memcpy((*list)[i].state, x, S * sizeof *x);
            }
            return;
        }
    size_t size = (size_t)*count * sizeof **list;
    *list = memory_realloc(*list, size, size + sizeof **list);
    struct fixed_point *p = &(*list)[(*count)++];
    *p = (struct fixed_point){.state = memory_alloc(S * sizeof *p->state),
                              .q = q,
                              .re = memory_alloc(S * sizeof *p->re),
                              .im = memory_alloc(S * sizeof *p->im),
                              .starts = 1};
    memcpy(p->state, x, S * sizeof *x);
}

// False when the eigenvalues don't converge.
static bool judge(struct search *s, struct fixed_point *p) {
    size_t S = s->field.S;
    fixed_points_jacobian(s->field.w, s->field.input, p->state, s->slope, NULL);
    bool converged = eigenvalues(s->slope, (int)S, p->re, p->im);
    p->stable = converged && hypot(p->re[0], p->im[0]) < 1;
    return converged;
}

static void release(struct fixed_point *p) {
    free(p->state);
    free(p->re);
    free(p->im);
}

// Insertion, so that those of equally many starts stay in the order in which they were found.
static void sort(struct fixed_point *list, int count) {
    for (int i = 1; i < count; i++) {
        struct fixed_point p = list[i];
        int k = i;
        for (; k > 0 && list[k - 1].starts < p.starts; k--)
            list[k] = list[k - 1];
        list[k] = p;
    }
}

int fixed_points_find(struct fixed_point **list, struct walker *w, const struct held_input *input, const float *starts, int count,
                      int settle, double most_q) {
    const struct field field = {w, input, walker_state_size(w)};
    size_t S = field.S;
    struct search s = search_new(&field);
    double *centre = memory_alloc(S * sizeof *centre), most = reach(starts, count, centre, S);
    float *x = memory_alloc(S * sizeof *x), *settled = memory_alloc((size_t)count * S * sizeof *settled);
    int found = 0, kept = 0;
    *list = NULL;
    memcpy(settled, starts, (size_t)count * S * sizeof *settled);
    for (int i = 0; i < settle; i++)
        step(&field, settled, settled, count);
    for (int i = 0; i < count; i++) {
        memcpy(x, settled + (size_t)i * S, S * sizeof *x);
        double q = minimise(&s, x);
        if (q <= most_q && distance(x, centre, S) <= most) // false of what is not finite
            add(list, &found, x, q, S);
    }
    for (int i = 0; i < found; i++) {
        if (judge(&s, &(*list)[i]))
            (*list)[kept++] = (*list)[i];
        else
            release(&(*list)[i]);
    }
    sort(*list, kept);
    search_free(&s);
    free(centre);
    free(x);
    free(settled);
    return kept;
}

void fixed_points_free(struct fixed_point *list, int count) {
    for (int i = 0; i < count; i++)
        release(&list[i]);
    free(list);
}
