#include "formats/npyrows.h"

#include "base/memory.h"
#include "formats/tensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_MOST = 1 << 16, PATH_SIZE = 4096 };

static enum status read_at(const struct npy_rows *f, uint64_t offset, void *out, size_t size, size_t *got, struct error *error) {
    for (*got = 0; *got < size;) {
        ssize_t n = pread(f->fd, (char *)out + *got, size - *got, (off_t)(offset + *got));
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return error_set(error, STATUS_IO, "%s: %s", f->path, strerror(errno));
        *got += n > 0 ? (size_t)n : 0;
    }
    return STATUS_OK;
}

size_t npy_row_size(const struct npy_rows *f) {
    return f->items * tensor_type_size(f->npy.type);
}

static enum status check_sizes(struct npy_rows *f, uint64_t bytes, struct error *error) {
    const struct npy *npy = &f->npy;
    uint64_t all;
    if (npy->type == TENSOR_OTHER)
        return error_set(error, STATUS_DATA, "%s: its numbers are of the type '%s', which is not read", f->path, npy->type_name);
    if (npy->rank < 1 || npy->rank > ARRAY_MAX_RANK || (npy->fortran_order && npy->rank > 1))
        return error_set(error, STATUS_DATA, "%s: no array of rows in C's order", f->path);
    f->rows = npy->shape[0];
    f->items = 1;
    for (int i = 1; i < npy->rank; i++)
        if (__builtin_mul_overflow(f->items, npy->shape[i], &f->items))
            return error_set(error, STATUS_DATA, "%s: its dimensions are too large", f->path);
    if (__builtin_mul_overflow(f->rows, f->items, &all) || __builtin_mul_overflow(all, tensor_type_size(npy->type), &all) ||
        all > bytes - npy->data || f->items > bytes)
        return error_set(error, STATUS_DATA, "%s: is cut off: its header tells more than its %llu bytes hold", f->path,
                         (unsigned long long)bytes);
    return STATUS_OK;
}

static enum status read_header(struct npy_rows *f, struct error *error) {
    struct stat info;
    size_t got;
    if (fstat(f->fd, &info) != 0)
        return error_set(error, STATUS_IO, "%s: %s", f->path, strerror(errno));
    uint8_t *header = memory_alloc(HEADER_MOST);
    enum status status = read_at(f, 0, header, HEADER_MOST, &got, error);
    if (status == STATUS_OK && npy_header_read(header, got, &f->npy, error) != STATUS_OK)
        status = error_prefix(error, "%s", f->path);
    free(header);
    return status == STATUS_OK ? check_sizes(f, (uint64_t)info.st_size, error) : status;
}

enum status npy_rows_open(struct npy_rows *out, const char *directory, const char *name, struct error *error) {
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    *out = (struct npy_rows){.fd = open(path, O_RDONLY | O_CLOEXEC), .path = memory_strdup(path)};
    enum status status = out->fd < 0 ? error_set(error, STATUS_NO_INPUT, "%s: %s", path, strerror(errno)) : read_header(out, error);
    if (status != STATUS_OK)
        npy_rows_close(out);
    return status;
}

void npy_rows_close(struct npy_rows *f) {
    if (f->path && f->fd >= 0)
        close(f->fd);
    free(f->path);
    *f = (struct npy_rows){.fd = -1};
}

enum status npy_rows_read(const struct npy_rows *f, uint64_t row, void *out, struct error *error) {
    size_t size = npy_row_size(f), got;
    enum status status = read_at(f, f->npy.data + row * size, out, size, &got, error);
    if (status == STATUS_OK && got < size)
        return error_set(error, STATUS_IO, "%s: was cut while it was read", f->path);
    return status;
}

enum status npy_rows_reals(const struct npy_rows *f, uint64_t row, double *out, struct error *error) {
    uint8_t *bytes = memory_alloc(npy_row_size(f));
    struct array a = {.dtype = (enum dtype)f->npy.type, .count = f->items, .data = bytes};
    enum status status = npy_rows_read(f, row, bytes, error);
    for (uint64_t i = 0; i < f->items && status == STATUS_OK; i++)
        out[i] = array_real(&a, i);
    free(bytes);
    return status;
}
