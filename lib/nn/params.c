#include "nn/params.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The list's capacity is the next power of two, so it need not be stored.
static void grow(struct params *p) {
    if (p->count & (p->count - 1))
        return;
    size_t old = p->count * sizeof *p->list, wanted = p->count ? 2 * old : sizeof *p->list;
    p->list = memory_realloc(p->list, old, wanted);
}

int params_add(struct params *p, enum init init, float scale, int rank, const int *shape, const char *name_format, ...) {
    grow(p);
    struct param *added = &p->list[p->count];
    *added = (struct param){.rank = rank, .offset = p->size, .size = 1, .init = init, .scale = scale};
    for (int i = 0; i < rank; i++) {
        added->shape[i] = shape[i];
        added->size *= shape[i];
    }
    va_list arguments;
    va_start(arguments, name_format);
    vsnprintf(added->name, sizeof added->name, name_format, arguments);
    va_end(arguments);
    p->size += added->size;
    return p->count++;
}

void params_free(struct params *p) {
    free(p->list);
    *p = (struct params){0};
}

int params_find(const struct params *p, const char *name) {
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->list[i].name, name) == 0)
            return i;
    return -1;
}

bool params_trained(const struct param *p) {
    return !p->unused && !p->frozen;
}

void params_init(const struct params *p, float *values, struct rng *rng) {
    for (int i = 0; i < p->count; i++) {
        const struct param *param = &p->list[i];
        float *v = values + param->offset;
        for (size_t k = 0; k < param->size; k++) {
            switch (param->init) {
            case INIT_UNIFORM:
                v[k] = rng_uniform(rng, -param->scale, param->scale);
                break;
            case INIT_NORMAL:
                v[k] = param->scale * rng_normal(rng);
                break;
            case INIT_CONSTANT:
                v[k] = param->scale;
                break;
            case INIT_GUMBEL:
                v[k] = param->scale * rng_gumbel(rng);
                break;
            }
        }
    }
}

int params_rows(const struct param *p) {
    return p->rank > 1 ? p->shape[0] : 1;
}

int params_cols(const struct param *p) {
    int rows = params_rows(p);
    return rows ? (int)(p->size / rows) : 0;
}
