#include "training/checkpoint.h"

#include "records/task.h"
#include "stream/array.h"
#include "stream/field.h"
#include "stream/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void pack_part(struct packer *p, const struct checkpoint_part *part) {
    pack_key(p, part->name);
    switch (part->type) {
    case CHECKPOINT_COUNT:
        pack_u64(p, *(const uint64_t *)part->target);
        break;
    case CHECKPOINT_INT:
        pack_i64(p, *(const int *)part->target);
        break;
    case CHECKPOINT_REAL:
        pack_double(p, *(const double *)part->target);
        break;
    case CHECKPOINT_FLOATS:
        pack_array(p, DTYPE_F4, 1, (uint64_t[]){part->size}, part->target);
        break;
    }
}

static void pack_point(struct packer *p, struct checkpoint_point point) {
    pack_list(p);
    pack_u64(p, *point.step);
    if (point.split)
        pack_str(p, *point.split);
    for (double **real = point.reals; *real; real++)
        pack_double(p, **real);
    pack_end(p);
}

static void pack_state(struct packer *p, const struct checkpoint *c) {
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "checkpoint");
    pack_key(p, "fingerprint");
    pack_u64(p, c->fingerprint);
    pack_key(p, "curve");
    pack_list(p);
    for (int i = 0; i < *c->points; i++)
        pack_point(p, c->point(c->context, i));
    pack_end(p);
    for (const struct checkpoint_part *part = c->parts; part->name; part++)
        pack_part(p, part);
    pack_end(p);
}

// The stream, in a file of which nobody knows yet.
static enum status write_state(const struct checkpoint *c, int fd, const char *name, const struct writer_identity *identity,
                               struct error *error) {
    struct writer *w = writer_open(fd, name, identity);
    enum status status = writer_begin_segment(w, NULL, 0, error);
    if (status == STATUS_OK) {
        pack_state(writer_packer(w), c);
        status = writer_commit(w, error);
    }
    if (status == STATUS_OK)
        status = writer_end_segment(w, error);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = error_set(error, STATUS_IO, "%s: %s", name, strerror(errno));
    if (status == STATUS_OK)
        return writer_close(w, error);
    writer_abandon(w);
    return status;
}

// The new name is on the disk only when its directory is. What can't be opened or synced (some network file systems) is left at that.
static void sync_directory(const char *path) {
    char directory[4096];
    const char *slash = strrchr(path, '/');
    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

enum status checkpoint_save(const struct checkpoint *c, const char *path, const struct writer_identity *identity, struct error *error) {
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return error_set(error, STATUS_IO, "%s: name too long", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_set(error, STATUS_IO, "%s: %s", temporary, strerror(errno));
    enum status status = write_state(c, fd, temporary, identity, error);
    if (status == STATUS_OK && rename(temporary, path) != 0)
        status = error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    if (status != STATUS_OK)
        unlink(temporary);
    else
        sync_directory(path);
    return status;
}

static enum status read_floats(const struct checkpoint_part *part, const struct value *value, struct error *error) {
    struct array a;
    if (!value)
        return error_set(error, STATUS_DATA, "checkpoint record: key '%s' is missing", part->name);
    if (array_read(value, &a, error) != STATUS_OK)
        return error->status;
    if (!array_has_shape(&a, 1, (int64_t[]){(int64_t)part->size}))
        return error_set(error, STATUS_DATA, "checkpoint record: '%s' has another size", part->name);
    array_to_floats(&a, 0, a.count, part->target);
    return STATUS_OK;
}

static enum status read_part(const struct checkpoint_part *part, const struct value *root, struct error *error) {
    switch (part->type) {
    case CHECKPOINT_COUNT:
        return field_u64(root, part->name, "checkpoint record", part->target, error);
    case CHECKPOINT_INT:
        return field_int(root, part->name, "checkpoint record", 0, INT_MAX - 1, part->target, error);
    case CHECKPOINT_REAL:
        return value_to_double(value_get(root, part->name), part->target)
                   ? STATUS_OK
                   : error_set(error, STATUS_DATA, "checkpoint record: number '%s' is missing", part->name);
    case CHECKPOINT_FLOATS:
        break;
    }
    return read_floats(part, value_get(root, part->name), error);
}

static bool read_split(const char **split, const struct value *name) {
    int s = 0;
    while (s < SPLIT_COUNT && !value_is(name, split_names[s]))
        s++;
    *split = s < SPLIT_COUNT ? split_names[s] : NULL;
    return *split;
}

static bool read_point(struct checkpoint_point point, const struct value *list) {
    uint32_t at = 0;
    if (!value_to_u64(value_at(list, at++), point.step) || (point.split && !read_split(point.split, value_at(list, at++))))
        return false;
    for (double **real = point.reals; *real; real++)
        if (!value_to_double(value_at(list, at++), *real))
            return false;
    return true;
}

static enum status read_curve(const struct checkpoint *c, const struct value *curve, struct error *error) {
    *c->points = 0;
    bool right = curve && curve->type == VALUE_ARRAY;
    const struct value *point = right && curve->count ? value_first(curve) : NULL;
    for (uint32_t i = 0; right && i < curve->count; i++, point = value_next(point)) {
        c->add_point(c->context);
        right = read_point(c->point(c->context, (int)i), point);
    }
    return right ? STATUS_OK : error_set(error, STATUS_DATA, "checkpoint record: 'curve' is no list of points");
}

static enum status restore(const struct checkpoint *c, const struct value *root, struct error *error) {
    uint64_t fingerprint;
    if (!value_to_u64(value_get(root, "fingerprint"), &fingerprint) || fingerprint != c->fingerprint)
        return error_set(error, STATUS_DATA, "this checkpoint belongs to other data, networks or options");
    enum status status = read_curve(c, value_get(root, "curve"), error);
    for (const struct checkpoint_part *part = c->parts; part->name && status == STATUS_OK; part++)
        status = read_part(part, root, error);
    return status;
}

enum status checkpoint_load(const struct checkpoint *c, const char *path, struct error *error) {
    struct reader *r;
    enum status status = reader_open(&r, path, (struct reader_limits){.record_bytes = UINT64_MAX}, error); // as large as it was saved
    if (status != STATUS_OK)
        return status;
    bool found = false;
    while ((status = reader_next(r, error)) == STATUS_OK)
        if (r->event == READER_DATA && value_is(value_get(r->record, "kind"), "checkpoint")) {
            found = true;
            status = restore(c, r->record, error);
            if (status != STATUS_OK) {
                reader_blame(r, error);
                break;
            }
        }
    reader_close(r);
    if (status != STATUS_END)
        return status;
    return found ? STATUS_OK : error_set(error, STATUS_DATA, "%s: is no checkpoint of %s", path, c->of);
}
