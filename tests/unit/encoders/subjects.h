// Random RNNs for tests of encoders, and their permuted twins.
#ifndef UNIT_ENCODERS_SUBJECTS_H
#define UNIT_ENCODERS_SUBJECTS_H

#include "../alike.h"
#include "../check.h"
#include "encoders/encoder.h"
#include "rnn/symmetry.h"

#include <stdlib.h>
#include <string.h>

struct subjects {
    struct rnn_arch arch;
    int count;
    size_t size;
    float **weights;
};

static inline struct subjects subjects_new(const struct rnn_arch *arch, int count, uint64_t seed) {
    struct subjects s = {*arch, count, rnn_size(arch), malloc((size_t)count * sizeof(float *))};
    struct rng rng = rng_make(seed, 0, "subjects");
    for (int b = 0; b < count; b++) {
        s.weights[b] = malloc(s.size * sizeof(float));
        for (size_t i = 0; i < s.size; i++)
            s.weights[b][i] = 0.7f * rng_normal(&rng);
    }
    return s;
}

static inline void subjects_free(struct subjects *s) {
    for (int b = 0; b < s->count; b++)
        free(s->weights[b]);
    free(s->weights);
}

// All of them with one random permutation of hidden units in each layer.
static inline struct subjects subjects_permuted(const struct subjects *s, struct rng *rng) {
    struct subjects p = subjects_new(&s->arch, s->count, 0);
    int *index = malloc(s->size * sizeof *index);
    symmetry_random_index(index, &s->arch, rng);
    for (int b = 0; b < s->count; b++)
        for (size_t i = 0; i < s->size; i++)
            p.weights[b][i] = s->weights[b][index[i]];
    free(index);
    return p;
}

// Embeddings [count,Z]. rng NULL: inference. Release with free.
static inline float *subjects_embed(const struct subjects *s, const struct encoder *e, struct rng *rng) {
    struct rnn *room = malloc((size_t)s->count * sizeof *room);
    struct rnn_batch batch = alike(room, &s->arch, &e->rnn_table, s->count, (const float *const *)s->weights, NULL);
    struct weights w = {&e->table, e->values, NULL};
    struct tape tape = {0};
    struct tensor *z = encoder_embed(&tape, e, &w, &batch, rng, NULL, NULL);
    float *copy = malloc(tensor_size(z) * sizeof *copy);
    memcpy(copy, z->value, tensor_size(z) * sizeof *copy);
    tape_free(&tape);
    free(room);
    return copy;
}

// The largest deviation, or NaN when there is one. Frees both.
static inline double subjects_difference(float *a, float *b, int n) {
    double worst = 0;
    for (int i = 0; i < n; i++) {
        double d = fabs((double)a[i] - b[i]);
        worst = d > worst || isnan(d) ? d : worst;
    }
    free(a);
    free(b);
    return worst;
}

#endif
