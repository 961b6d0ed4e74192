// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), torch.optim.AdamW's form, and clipping by the global norm.
#ifndef NN_ADAMW_H
#define NN_ADAMW_H

#include "nn/weights.h"

#include <stdint.h>

struct adamw {
    const struct params *table; // unused and frozen parameters are left alone, neither updated nor decayed
    float *m, *v;               // [table->size] moments, owned
    uint64_t updates;           // done so far
    double beta1, beta2, epsilon, decay;
};

// beta 0.9 and 0.999, epsilon 1e-8; moments zero.
void adamw_init(struct adamw *a, const struct params *table, double decay);
void adamw_free(struct adamw *a);

// One update of value [table->size] by grad, multiplied by scale, at this rate.
void adamw_update(struct adamw *a, float *value, const float *grad, double rate, double scale);

// min(1, limit / (|grad| + 1e-6)): the scale that clips to a norm of `limit`; limit <= 0 means no clipping. norm (may be NULL) receives
// |grad|.
double adamw_clip(const float *grad, size_t n, double limit, double *norm);

// Piecewise linear through (x[i], y[i]), constant outside; x ascending.
double schedule_linear(const double *x, const double *y, int n, double at);

#endif
