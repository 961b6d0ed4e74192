// The whole state of an emulation training in one file, so that an interrupted one goes on to the same bytes.
#include "training/emulation_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The state's vectors, in the order in which they are written.
enum { VECTORS = 8 };
struct vector {
    const char *name;
    float *values;
    size_t size;
};

static void vectors(const struct emulation *e, struct vector v[VECTORS]) {
    size_t encoder = e->encoder->table.size, emulator = e->emulator->table.size;
    const struct vector all[VECTORS] = {
        {"encoder", e->encoder->values, encoder},
        {"encoder_m", e->learner->encoder_adamw.m, encoder},
        {"encoder_v", e->learner->encoder_adamw.v, encoder},
        {"emulator", e->emulator->values, emulator},
        {"emulator_m", e->learner->head_adamw.m, emulator},
        {"emulator_v", e->learner->head_adamw.v, emulator},
        {"best_encoder", e->internal->best_encoder, encoder},
        {"best_emulator", e->internal->best_emulator, emulator},
    };
    memcpy(v, all, sizeof all);
}

static void pack_curve(struct packer *p, const struct emulation *e) {
    pack_list(p);
    for (int i = 0; i < e->curve_count; i++) {
        pack_list(p);
        pack_u64(p, e->curve[i].step);
        pack_str(p, e->curve[i].split);
        pack_double(p, e->curve[i].loss);
        pack_double(p, e->curve[i].seconds);
        pack_end(p);
    }
    pack_end(p);
}

static void pack_state(struct packer *p, const struct emulation *e) {
    struct vector v[VECTORS];
    vectors(e, v);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "checkpoint");
    pack_key(p, "fingerprint");
    pack_u64(p, e->internal->fingerprint);
    pack_key(p, "step");
    pack_u64(p, e->learner->step);
    pack_key(p, "encoder_step");
    pack_u64(p, e->encoder->step);
    pack_key(p, "emulator_step");
    pack_u64(p, e->emulator->step);
    pack_key(p, "best_step");
    pack_u64(p, e->best_step);
    pack_key(p, "best_loss");
    pack_double(p, e->best_loss);
    pack_key(p, "since_best");
    pack_u64(p, (uint64_t)e->internal->since_best);
    pack_key(p, "train_sum");
    pack_double(p, e->internal->train_sum);
    pack_key(p, "train_steps");
    pack_u64(p, (uint64_t)e->internal->train_steps);
    pack_key(p, "curve");
    pack_curve(p, e);
    for (int i = 0; i < VECTORS; i++) {
        pack_key(p, v[i].name);
        pack_array(p, DTYPE_F4, 1, (uint64_t[]){v[i].size}, v[i].values);
    }
    pack_end(p);
}

enum status emulation_save(const struct emulation *e, const char *path, const struct writer_identity *identity, struct error *error) {
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return error_set(error, STATUS_IO, "%s: name too long", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_set(error, STATUS_IO, "%s: %s", temporary, strerror(errno));
    struct writer *w = writer_open(fd, temporary, identity);
    enum status status = writer_begin_segment(w, NULL, 0, error);
    if (status == STATUS_OK) {
        pack_state(writer_packer(w), e);
        status = writer_commit(w, error);
    }
    if (status == STATUS_OK)
        status = writer_end_segment(w, error);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = error_set(error, STATUS_IO, "%s: %s", temporary, strerror(errno));
    if (status == STATUS_OK)
        status = writer_close(w, error);
    else
        writer_abandon(w);
    if (status == STATUS_OK && rename(temporary, path) != 0)
        status = error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    if (status != STATUS_OK)
        unlink(temporary);
    return status;
}

static enum status read_curve(struct emulation *e, const struct value *curve, struct error *error) {
    e->curve_count = 0;
    bool right = curve && curve->type == VALUE_ARRAY;
    for (uint32_t i = 0; right && i < curve->count; i++) {
        const struct value *point = value_at(curve, i);
        uint64_t step;
        double loss, seconds;
        int split = 0;
        while (split < SPLIT_COUNT && !value_is(value_at(point, 1), split_names[split]))
            split++;
        right = split < SPLIT_COUNT && value_to_u64(value_at(point, 0), &step) && value_to_double(value_at(point, 2), &loss) &&
                value_to_double(value_at(point, 3), &seconds);
        if (!right)
            break;
        emulation_add_point(e, step, split_names[split], loss);
        e->internal->seconds_before = e->curve[e->curve_count - 1].seconds = seconds;
    }
    return right ? STATUS_OK : error_set(error, STATUS_DATA, "checkpoint record: 'curve' is no list of points");
}

static enum status read_vectors(const struct emulation *e, const struct value *root, struct error *error) {
    struct vector v[VECTORS];
    vectors(e, v);
    for (int i = 0; i < VECTORS; i++) {
        struct array a;
        const struct value *value = value_get(root, v[i].name);
        if (!value)
            return error_set(error, STATUS_DATA, "checkpoint record: key '%s' is missing", v[i].name);
        if (array_read(value, &a, error) != STATUS_OK)
            return error->status;
        if (!array_has_shape(&a, 1, (int64_t[]){(int64_t)v[i].size}))
            return error_set(error, STATUS_DATA, "checkpoint record: '%s' has another size", v[i].name);
        array_to_floats(&a, 0, a.count, v[i].values);
    }
    return STATUS_OK;
}

// The counters and sums.
static enum status read_numbers(struct emulation *e, const struct value *root, struct error *error) {
    struct emulation_internal *in = e->internal;
    bool whole =
        value_to_u64(value_get(root, "step"), &e->learner->step) && value_to_u64(value_get(root, "encoder_step"), &e->encoder->step) &&
        value_to_u64(value_get(root, "emulator_step"), &e->emulator->step) && value_to_u64(value_get(root, "best_step"), &e->best_step) &&
        value_to_double(value_get(root, "best_loss"), &e->best_loss) && value_to_double(value_get(root, "train_sum"), &in->train_sum);
    if (!whole)
        return error_set(error, STATUS_DATA, "checkpoint record: a number is missing");
    if (field_int(root, "since_best", "checkpoint record", 0, INT_MAX - 1, &in->since_best, error) != STATUS_OK)
        return error->status;
    return field_int(root, "train_steps", "checkpoint record", 0, INT_MAX - 1, &in->train_steps, error);
}

static enum status restore(struct emulation *e, const struct value *root, struct error *error) {
    uint64_t fingerprint;
    if (!value_to_u64(value_get(root, "fingerprint"), &fingerprint) || fingerprint != e->internal->fingerprint)
        return error_set(error, STATUS_DATA, "this checkpoint belongs to other data, networks or options");
    if (read_numbers(e, root, error) != STATUS_OK || read_curve(e, value_get(root, "curve"), error) != STATUS_OK ||
        read_vectors(e, root, error) != STATUS_OK)
        return error->status;
    if (e->learner->step > e->recipe.steps)
        return error_set(error, STATUS_DATA, "this checkpoint is of step %llu already, beyond the last one, %llu",
                         (unsigned long long)e->learner->step, (unsigned long long)e->recipe.steps);
    e->learner->encoder_adamw.updates = e->learner->head_adamw.updates = e->learner->step;
    e->stopped = e->recipe.patience > 0 && e->internal->since_best >= e->recipe.patience;
    return STATUS_OK;
}

enum status emulation_resume(struct emulation *e, const char *path, struct error *error) {
    struct reader *r;
    enum status status = reader_open(&r, path, (struct reader_limits){0}, error);
    if (status != STATUS_OK)
        return status;
    bool found = false;
    while ((status = reader_next(r, error)) == STATUS_OK)
        if (r->event == READER_DATA && value_is(value_get(r->record, "kind"), "checkpoint")) {
            found = true;
            status = restore(e, r->record, error);
            if (status != STATUS_OK) {
                reader_blame(r, error);
                break;
            }
        }
    reader_close(r);
    if (status != STATUS_END)
        return status;
    return found ? STATUS_OK : error_set(error, STATUS_DATA, "%s: is no checkpoint of emulate --fit", path);
}
