#include "nn/adamw.h"

#include "base/memory.h"
#include "math/kernels.h"

#include <math.h>
#include <stdlib.h>

void adamw_init(struct adamw *a, const struct params *table, double decay) {
    *a = (struct adamw){.table = table, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .decay = decay};
    a->m = memory_calloc(table->size, sizeof(float));
    a->v = memory_calloc(table->size, sizeof(float));
}

void adamw_free(struct adamw *a) {
    free(a->m);
    free(a->v);
    *a = (struct adamw){0};
}

void adamw_update(struct adamw *a, float *value, const float *grad, double rate, double scale) {
    double t = (double)++a->updates;
    float beta1 = (float)a->beta1, beta2 = (float)a->beta2; // as the moments use them: 1 - 0.999f is off by 1.3e-5 of itself
    float step_size = (float)(rate / (1 - pow(beta1, t)));
    float root_correction2 = (float)sqrt(1 - pow(beta2, t));
    for (int i = 0; i < a->table->count;) {
        const struct param *p = &a->table->list[i++];
        if (!params_trained(p))
            continue;
        size_t at = p->offset, n = p->size; // neighbours in one go
        for (; i < a->table->count && params_trained(&a->table->list[i]); i++)
            n += a->table->list[i].size;
        kernels()->adamw(value + at, a->m + at, a->v + at, grad + at, n, (float)scale, (float)(rate * a->decay), beta1, beta2, step_size,
                         root_correction2, (float)a->epsilon);
    }
}

double adamw_clip(const float *grad, size_t n, double limit, double *norm) {
    double length = sqrt(kernels()->sum_squares(grad, n));
    if (norm)
        *norm = length;
    if (!(limit > 0))
        return 1;
    return fmin(1, limit / (length + 1e-6));
}

double schedule_linear(const double *x, const double *y, int n, double at) {
    if (!(at > x[0]))
        return y[0];
    for (int i = 1; i < n; i++)
        if (at <= x[i])
            return y[i - 1] + (y[i] - y[i - 1]) * (at - x[i - 1]) / (x[i] - x[i - 1]);
    return y[n - 1];
}
