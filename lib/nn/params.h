// The table of a network's parameters: names and shapes as data. Values, gradients and moments are flat vectors of `size` floats in this
// order; initialisation, serialisation, the optimiser and PyTorch's names all follow from the table.
#ifndef NN_PARAMS_H
#define NN_PARAMS_H

#include "base/rng.h"

#include <stdbool.h>
#include <stddef.h>

enum { PARAM_MAX_RANK = 4, PARAM_NAME_SIZE = 64 };

enum init {
    INIT_UNIFORM /* (-scale, scale) */,
    INIT_NORMAL /* deviation scale */,
    INIT_CONSTANT /* scale itself */,
    INIT_GUMBEL /* standard, times scale */
};

struct param {
    char name[PARAM_NAME_SIZE];
    int rank, shape[PARAM_MAX_RANK];
    size_t offset, size; // in floats
    enum init init;
    float scale;
    bool unused; // kept for the sake of a reference state dict: no gradient, never updated or decayed, may be absent in a record
    bool frozen; // a constant: no gradient, never updated or decayed
};

struct params {
    struct param *list;
    int count;
    size_t size; // floats in all
};

// A zeroed struct params is a valid empty table. Returns the parameter's index. Example: params_add(p, INIT_UNIFORM, bound, 2, (int[]){4 *
// H, I}, "linear%d.weight", l).
int params_add(struct params *p, enum init init, float scale, int rank, const int *shape, const char *name_format, ...)
    __attribute__((format(printf, 6, 7)));
void params_free(struct params *p);
int params_find(const struct params *p, const char *name); // -1 when absent
bool params_trained(const struct param *p);                // neither unused nor frozen
void params_init(const struct params *p, float *values, struct rng *rng);

// 2-D view: rows = shape[0], cols = the product of the rest (a vector is one row).
int params_rows(const struct param *p);
int params_cols(const struct param *p);

#endif
