// Recurrent layers of every cell, for gradients.c. A case's variant is 100 times the cell's index in the registry and what the case says.
#ifndef UNIT_GRAD_RECURRENT_CASES_H
#define UNIT_GRAD_RECURRENT_CASES_H

#include "point.h"

#include "nn/activation.h"
#include "nn/recurrent.h"

#include <math.h>

enum { T = 4, BATCH = 3, IN = 4, H = 5 };

static const uint8_t tokens[] = {0, 3, 1, 1, 2, 0, 3, 3, 1, 0, 2, 2};

static const struct cell *cell_of(const struct point *p) {
    return cell_at(p->variant / 100);
}

static void declare(const struct point *p, struct params *table, int input) {
    recurrent_params(table, cell_of(p), 1 / sqrtf(H), "", "", input, H);
}

// A cell with kinks (ReLU) needs units that are clearly on or off, so that small steps cross none: constants that make all matrices small
// and the biases large are added to the leaves.
static struct weights away_from_kinks_of_cell(struct tape *tape, const struct point *p, struct weights w) {
    if (cell_of(p)->symmetry != CELL_SCALES)
        return w;
    static float start[MAX_FLOATS];
    if (start[0] == 0)
        fill(start, MAX_FLOATS, 0.7f, "point");
    const float *at = start + (w.value - p->x);
    float *value = arena_floats(&tape->arena, w.table->size);
    for (int i = 0; i < w.table->count; i++) {
        const struct param *param = &w.table->list[i];
        for (size_t k = 0, o = param->offset; k < param->size; k++, o++)
            value[o] = w.value[o] + (param->rank > 1 ? -0.8f * at[o] : k % 2 ? 7 : -7);
    }
    return (struct weights){w.table, value, w.grad};
}

static struct weights cell_leaves(struct tape *tape, struct point *p, const struct params *table) {
    return away_from_kinks_of_cell(tape, p, leaves_of(p, table));
}

static struct tensor *build_recurrent_sequence(struct tape *tape, struct point *p) {
    const struct cell *cell = cell_of(p);
    struct params table = {0};
    declare(p, &table, IN);
    declare(p, &table, H);
    struct tensor *x = leaf(tape, p, T * BATCH, IN);
    struct weights w = cell_leaves(tape, p, &table);
    struct tensor *y = recurrent_sequence(tape, cell, &w, RNN_PARTS, recurrent_sequence(tape, cell, &w, 0, x, T), T);
    params_free(&table);
    return score(tape, y);
}

static struct tensor *build_recurrent_sequence_tokens(struct tape *tape, struct point *p) {
    struct params table = {0};
    declare(p, &table, IN);
    struct weights w = cell_leaves(tape, p, &table);
    struct tensor *y = recurrent_sequence_tokens(tape, cell_of(p), &w, 0, tokens, T, BATCH);
    params_free(&table);
    return score(tape, y);
}

// The number of steps at which the opening is added.
static struct tensor *build_recurrent_sequence_table(struct tape *tape, struct point *p) {
    int opening_steps = p->variant % 100, width = (int)cell_inputs(cell_of(p), H);
    struct params table = {0};
    declare(p, &table, IN);
    struct tensor *rows = leaf(tape, p, 6, width), *opening = opening_steps ? leaf(tape, p, BATCH, width) : NULL;
    struct weights w = cell_leaves(tape, p, &table);
    if (cell_of(p)->symmetry == CELL_SCALES) { // the biases are in the table
        static float bias[] = {-14, 14, -14, 14, -14};
        rows = add(tape, rows, repeat_row(tape, tape_leaf(tape, 1, width, bias, NULL), 6));
    }
    struct tensor *y = recurrent_sequence_table(tape, cell_of(p), &w, 0, rows, opening, opening_steps, tokens, T, BATCH);
    params_free(&table);
    return score(tape, y);
}

// A stack of so many layers, each step's input made from the answer before; the first input is used again at every step, and one step more
// is allowed than made.
static struct tensor *build_recurrent_step(struct tape *tape, struct point *p) {
    struct params table = {0};
    int layers = p->variant % 100;
    for (int l = 0; l < layers; l++)
        declare(p, &table, H);
    struct tensor *x = leaf(tape, p, BATCH, H), *shared = x, *outputs[T];
    struct weights w = cell_leaves(tape, p, &table);
    struct recurrent *run[4];
    for (int l = 0; l < layers; l++)
        run[l] = recurrent_begin(tape, cell_of(p), &w, RNN_PARTS * l, T + 1, BATCH);
    for (int t = 0; t < T; t++) {
        for (int l = 0; l < layers; l++)
            x = add(tape, recurrent_step(run[l], x), shared);
        outputs[t] = x;
    }
    params_free(&table);
    return score(tape, concat_rows(tape, outputs, T));
}

#endif
