#include "analysis/pair_path.h"

#include "analysis/compare.h"
#include "analysis/evaluation.h"
#include "base/memory.h"
#include "rnn/align.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status check_ends(const struct net *a, const struct net *b, struct error *error) {
    char text[RNN_ARCH_TEXT_SIZE], x[FAMILY_KEY_SIZE], y[FAMILY_KEY_SIZE];
    const struct task *s = &a->record.task, *t = &b->record.task;
    rnn_arch_difference(text, &a->record.arch, &b->record.arch, ARCH_ALL);
    if (*text)
        return error_set(error, STATUS_DATA, "no path leads from one RNN to the other: %s", text);
    if (!s->family || !t->family)
        return error_set(error, STATUS_DATA, "no way of training is known for the family of its task, so there is no loss");
    s->family->key(s->body.bytes, x);
    t->family->key(t->body.bytes, y);
    if (s->family != t->family || strcmp(x, y) != 0)
        return error_set(error, STATUS_DATA, "RNNs of two tasks, %s and %s: there is no one loss along a path between them", x, y);
    return STATUS_OK;
}

static enum status measure(struct path_measured *out, const float *from, const float *to, struct trainee *t, const struct path_options *o,
                           struct rng rng, struct error *error) {
    float *bend = o->bent ? memory_alloc(t->table.size * sizeof *bend) : NULL;
    int diverged = bend ? bend_train(bend, from, to, t, &o->recipe, &rng) : -1;
    if (diverged >= 0) {
        free(bend);
        return error_set(error, STATUS_DATA, "the training of the path's bend diverges at step %d: a lower --bend-rate may do", diverged);
    }
    *out = path_measure(&(struct curve){t->table.size, from, to, bend}, t, o->points, o->batches, o->samples);
    free(bend);
    for (int i = 0; i < out->points; i++)
        if (!isfinite(out->loss[i]))
            return error_set(error, STATUS_DATA, "the loss is not finite on the path, at t = %g", out->t[i]);
    return STATUS_OK;
}

enum status pair_path_measure(struct pair_path *out, const struct net *a, const struct net *b, const struct path_options *o,
                              struct error *error) {
    *out = (struct pair_path){0};
    struct trainee *t[2] = {NULL, NULL}; // both paths see the same batches
    enum status status = check_ends(a, b, error);
    for (int i = 0; i < 2 && status == STATUS_OK; i++)
        status = evaluation_open(&t[i], &a->record, o->batch, o->seed, o->images, error);
    if (status == STATUS_OK) {
        const float *from = a->specimen.weights, *to = b->specimen.weights;
        float *aligned = memory_alloc(t[0]->table.size * sizeof *aligned);
        struct alignment alignment = align(aligned, &a->record.arch, from, to);
        struct rng rng = rng_make(o->seed, 0, "bend");
        out->cosine_aligned = compare_cosine(from, aligned, t[0]->table.size);
        status = measure(&out->raw, from, to, t[0], o, rng, error);
        if (status == STATUS_OK)
            status = measure(&out->aligned, from, aligned, t[1], o, rng, error);
        alignment_free(&alignment);
        free(aligned);
    }
    trainee_free(t[0]);
    trainee_free(t[1]);
    if (status != STATUS_OK)
        pair_path_free(out);
    return status;
}

void pair_path_free(struct pair_path *p) {
    path_measured_free(&p->raw);
    path_measured_free(&p->aligned);
}

// --- Records ---

static void pack_number(struct packer *p, const char *key, const char *suffix, double number) {
    char name[32];
    snprintf(name, sizeof name, "%s%s", key, suffix);
    pack_key(p, name);
    pack_double(p, number);
}

static void pack_metrics_of(struct packer *p, const struct path_measured *m, const char *suffix) {
    pack_number(p, "barrier", suffix, path_barrier(m->t, m->loss, m->points));
    if (m->error)
        pack_number(p, "connectivity", suffix, path_connectivity(m->error, m->points));
    pack_number(p, "length", suffix, m->length);
}

void pair_path_pack_metrics(struct packer *p, const struct pair_path *x) {
    pack_metrics_of(p, &x->raw, "");
    pack_metrics_of(p, &x->aligned, "_aligned");
    pack_known(p, "cosine_aligned", x->cosine_aligned);
}

static void pack_path(struct packer *p, const char *key, const struct path_measured *m) {
    const uint64_t shape[] = {(uint64_t)m->points};
    pack_key(p, key);
    pack_map(p);
    pack_key(p, "t");
    pack_array(p, DTYPE_F8, 1, shape, m->t);
    pack_key(p, "loss");
    pack_array(p, DTYPE_F8, 1, shape, m->loss);
    if (m->error) {
        pack_key(p, "error");
        pack_array(p, DTYPE_F8, 1, shape, m->error);
    }
    pack_end(p);
}

void pair_path_pack(struct packer *p, const struct pair_path *x) {
    pack_path(p, "path", &x->raw);
    pack_path(p, "path_aligned", &x->aligned);
}
