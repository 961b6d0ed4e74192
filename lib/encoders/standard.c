#include "encoders/standard.h"

#include "base/memory.h"
#include "math/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- Parameters ---

static int features_of(const struct encoder *e) {
    if (e->type->by_tensor)
        return e->rnn_table.count;
    return e->type->feature_count ? e->type->feature_count(e) : (int)e->rnn_table.size;
}

static int declare(struct params *t, const char *name, int size) {
    int shift = params_add(t, INIT_CONSTANT, 0, 1, (int[]){size}, "%s.shift", name);
    int scale = params_add(t, INIT_CONSTANT, 1, 1, (int[]){size}, "%s.scale", name);
    t->list[shift].frozen = t->list[scale].frozen = true;
    return shift;
}

void standard_declare(struct encoder *e) {
    if (e->config.standardised)
        e->standard = declare(&e->table, "standard", features_of(e));
    if (e->config.standardise_z)
        e->z_standard = declare(&e->table, "z", e->config.z);
}

static float *shift_of(const struct encoder *e, int shift) {
    return e->values + e->table.list[shift].offset;
}

static float *scale_of(const struct encoder *e, int shift) {
    return shift_of(e, shift + 1);
}

// --- Forward and backward ---

struct standard_saved {
    struct tensor *x, *y;
    const float *scale; // [cols]
};

static void standard_backward(void *saved) {
    const struct standard_saved *s = saved;
    for (int r = 0, cols = s->y->cols; r < s->y->rows; r++)
        for (int c = 0; c < cols; c++)
            s->x->grad[(size_t)r * (size_t)cols + (size_t)c] += s->y->grad[(size_t)r * (size_t)cols + (size_t)c] * s->scale[c];
}

// shift and scale [cols] have to stay until backward.
static struct tensor *apply(struct tape *tape, struct tensor *x, const float *shift, const float *scale) {
    struct tensor *y = tape_tensor(tape, x->rows, x->cols, x->grad != NULL);
    for (int r = 0, cols = x->cols; r < x->rows; r++)
        for (int c = 0; c < cols; c++)
            y->value[(size_t)r * (size_t)cols + (size_t)c] = (x->value[(size_t)r * (size_t)cols + (size_t)c] - shift[c]) * scale[c];
    if (y->grad) {
        struct standard_saved *s = arena_alloc(&tape->arena, sizeof *s);
        *s = (struct standard_saved){x, y, scale};
        tape_record(tape, standard_backward, s);
    }
    return y;
}

struct tensor *standardised(struct tape *tape, const struct encoder *e, int shift, struct tensor *x) {
    return shift ? apply(tape, x, shift_of(e, shift), scale_of(e, shift)) : x;
}

struct tensor *standardised_by_tensor(struct tape *tape, const struct encoder *e, int shift, const struct params *table, struct tensor *x) {
    if (!shift)
        return x;
    float *wide[2];
    for (int which = 0; which < 2; which++) {
        wide[which] = arena_alloc(&tape->arena, table->size * sizeof(float));
        for (int i = 0; i < table->count; i++)
            for (size_t j = 0; j < table->list[i].size; j++)
                wide[which][table->list[i].offset + j] = shift_of(e, shift + which)[i];
    }
    return apply(tape, x, wide[0], wide[1]);
}

// --- Measuring ---

struct standard_fit {
    struct encoder *e;
    int size;
    double *count, *mean, *square; // [size]; square: sum of squared distances from the mean
    struct tape tape;
};

struct standard_fit *standard_fit_new(struct encoder *e) {
    struct standard_fit *f = memory_calloc(1, sizeof *f);
    *f = (struct standard_fit){.e = e, .size = features_of(e)};
    f->count = memory_calloc((size_t)f->size, sizeof(double));
    f->mean = memory_calloc((size_t)f->size, sizeof(double));
    f->square = memory_calloc((size_t)f->size, sizeof(double));
    return f;
}

static void add(struct standard_fit *f, int at, double x) {
    double off = x - f->mean[at];
    f->mean[at] += off / ++f->count[at];
    f->square[at] += off * (x - f->mean[at]);
}

void standard_fit_add(struct standard_fit *f, const struct rnn_batch *batch) {
    const struct params *table = batch->rnn->table;
    tape_reset(&f->tape, false);
    const struct tensor *x = f->e->type->features(&f->tape, f->e, batch);
    for (int r = 0; r < x->rows; r++) {
        const float *row = x->value + (size_t)r * (size_t)x->cols;
        if (!f->e->type->by_tensor)
            for (int c = 0; c < x->cols; c++)
                add(f, c, row[c]);
        else
            for (int i = 0; i < table->count; i++)
                for (size_t j = 0; j < table->list[i].size; j++)
                    add(f, i, row[table->list[i].offset + j]);
    }
}

void standard_fit_settle(struct standard_fit *f) {
    for (int i = 0; i < f->size; i++) {
        double deviation = f->count[i] > 0 ? sqrt(f->square[i] / f->count[i]) : 0;
        shift_of(f->e, f->e->standard)[i] = (float)f->mean[i];
        scale_of(f->e, f->e->standard)[i] = deviation > 1e-6 * (1 + fabs(f->mean[i])) ? (float)(1 / deviation) : 1;
    }
    free(f->count);
    free(f->mean);
    free(f->square);
    tape_free(&f->tape);
    free(f);
}

void standard_follow_z(struct encoder *e, const float *z, int rows, uint64_t step) {
    float *shift = shift_of(e, e->z_standard), *scale = scale_of(e, e->z_standard);
    double share = fmax(1 / (double)step, 0.01);
    int Z = e->config.z;
    for (int c = 0; c < Z; c++) {
        double mean = 0, square = 0;
        for (int r = 0; r < rows; r++)
            mean += z[r * Z + c];
        mean /= rows;
        for (int r = 0; r < rows; r++)
            square += (z[r * Z + c] - mean) * (z[r * Z + c] - mean);
        double old = step == 1 ? 0 : 1 / ((double)scale[c] * scale[c]), off = mean - shift[c];
        double variance = (1 - share) * old + share * square / rows + (step == 1 ? 0 : share * (1 - share) * off * off);
        shift[c] += (float)(share * off);
        scale[c] = (float)(1 / sqrt(fmax(variance, 1e-12)));
    }
}
