#include "rnn/perturb.h"

#include "base/memory.h"
#include "math/vectors.h"

#include <math.h>
#include <stdlib.h>

static double deviation(const float *x, size_t n) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)n;
    return sqrt(square);
}

void perturb_noise(float *weights, const struct params *table, double relative, struct rng *rng) {
    for (int i = 0; i < table->count; i++) {
        const struct param *p = &table->list[i];
        float *x = weights + p->offset, scale = (float)(relative * deviation(x, p->size));
        for (size_t k = 0; k < p->size; k++)
            x[k] += scale * rng_normal(rng);
    }
}

void perturb_quantise(float *weights, const struct params *table, int bits) {
    float levels = (float)((1 << (bits - 1)) - 1);
    for (int i = 0; i < table->count; i++) {
        const struct param *p = &table->list[i];
        float *x = weights + p->offset, largest = 0;
        for (size_t k = 0; k < p->size; k++)
            largest = fmaxf(largest, fabsf(x[k]));
        for (size_t k = 0; k < p->size && largest > 0; k++)
            x[k] = rintf(x[k] / largest * levels) * (largest / levels);
    }
}

void perturb_prune(float *weights, const struct params *table, double share) {
    float *sizes = memory_alloc(table->size * sizeof *sizes);
    size_t n = 0;
    for (int i = 0; i < table->count; i++)
        for (size_t k = 0; table->list[i].rank == 2 && k < table->list[i].size; k++)
            sizes[n++] = fabsf(weights[table->list[i].offset + k]);
    vectors_sort(sizes, n);
    size_t pruned = (size_t)(share * (double)n), smaller = 0;
    float limit = pruned < n ? sizes[pruned] : INFINITY;
    while (smaller < pruned && sizes[smaller] < limit)
        smaller++;
    size_t ties = pruned - smaller; // of those that are as large as the limit
    for (int i = 0; i < table->count; i++)
        for (size_t k = 0; table->list[i].rank == 2 && k < table->list[i].size; k++) {
            float *w = &weights[table->list[i].offset + k];
            bool tied = fabsf(*w) == limit && ties > 0;
            ties -= tied;
            *w = fabsf(*w) < limit || tied ? 0 : *w;
        }
    free(sizes);
}

void perturb_merge(float *weights, const float *other, size_t size, double share) {
    for (size_t i = 0; i < size; i++)
        weights[i] = (float)(share * (double)weights[i] + (1 - share) * (double)other[i]);
}
