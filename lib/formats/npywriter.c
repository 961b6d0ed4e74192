#include "formats/npywriter.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, HEADER = 256 }; // of HEADER bytes, so that the number of rows fits whatever it is

static enum status write_at(const struct npy_writer *w, uint64_t offset, const void *bytes, size_t size, struct error *error) {
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(w->fd, (const char *)bytes + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno != EINTR)
            return error_set(error, STATUS_IO, "%s: %s", w->path, strerror(errno));
        done += n > 0 ? (size_t)n : 0;
    }
    return STATUS_OK;
}

// Padded to one length, so that it can be written again when the number of rows is known.
static enum status write_header(const struct npy_writer *w, struct error *error) {
    char header[NPY_HEADER_SIZE];
    size_t size = npy_header_write(w->type, w->rank, w->shape, header);
    if (size > HEADER)
        return error_set(error, STATUS_DATA, "%s: a header of %zu bytes", w->path, size);
    memset(header + size - 1, ' ', HEADER - size);
    header[HEADER - 1] = '\n';
    header[8] = (char)((HEADER - 10) & 0xff);
    header[9] = (char)((HEADER - 10) >> 8);
    return write_at(w, 0, header, HEADER, error);
}

enum status npy_writer_open(struct npy_writer *w, const char *directory, const char *name, enum dtype type, int rank, const uint64_t *shape,
                            struct error *error) {
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    *w = (struct npy_writer){.fd = -1, .path = memory_strdup(path), .type = type, .rank = rank + 1, .row_size = dtype_size(type)};
    if (rank >= ARRAY_MAX_RANK)
        return error_set(error, STATUS_DATA, "%s: rows of %d dimensions", path, rank);
    for (int i = 0; i < rank; i++) {
        w->shape[i + 1] = shape[i];
        w->row_size *= shape[i];
    }
    w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return w->fd < 0 ? error_set(error, STATUS_IO, "%s: %s", path, strerror(errno)) : write_header(w, error);
}

enum status npy_writer_add(struct npy_writer *w, const void *row, struct error *error) {
    enum status status = write_at(w, HEADER + w->shape[0] * w->row_size, row, w->row_size, error);
    w->shape[0] += status == STATUS_OK;
    return status;
}

enum status npy_writer_close(struct npy_writer *w, struct error *error) {
    enum status status = w->path && w->fd >= 0 ? write_header(w, error) : STATUS_OK;
    if (status == STATUS_OK && w->path && w->fd >= 0 && close(w->fd) != 0)
        status = error_set(error, STATUS_IO, "%s: %s", w->path, strerror(errno));
    else if (w->path && w->fd >= 0 && status != STATUS_OK)
        close(w->fd);
    free(w->path);
    *w = (struct npy_writer){.fd = -1};
    return status;
}

void npy_writer_abandon(struct npy_writer *w) {
    if (w->path && w->fd >= 0)
        close(w->fd);
    free(w->path);
    *w = (struct npy_writer){.fd = -1};
}
