#include "stream/mapping.h"

#include "base/filemap.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BLOCK = 1 << 18 };

static bool write_all(int fd, const char *bytes, size_t size) {
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static enum status copy(int out, int in, const char *name, struct error *error) {
    char *block = memory_alloc(COPY_BLOCK);
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        if (interrupt_asked) {
            status = error_set(error, STATUS_INTERRUPTED, "%s: stopped by a signal while it waited for input", name);
            break;
        }
        ssize_t got = read(in, block, COPY_BLOCK);
        if (got == 0)
            break;
        if (got < 0 && errno == EAGAIN) // a neighbour on the same pipe made it non-blocking
            poll(&(struct pollfd){.fd = in, .events = POLLIN}, 1, -1);
        else if (got < 0 && errno != EINTR) // EBADF: it was closed when we began
            status = error_set(error, errno == EBADF ? STATUS_NO_INPUT : STATUS_IO, "%s: %s", name, strerror(errno));
        else if (got > 0 && !write_all(out, block, (size_t)got))
            status = error_set(error, STATUS_IO, "%s: copying to a temporary file: %s", name, strerror(errno));
    }
    free(block);
    return status;
}

// *out is then a temporary file with all that `in` gave.
static enum status spool(int *out, int in, const char *name, struct error *error) {
    *out = tempfile_open(error);
    if (*out < 0)
        return STATUS_IO;
    enum status status = copy(*out, in, name, error);
    if (status != STATUS_OK)
        close(*out);
    return status;
}

enum status mapping_of_fd(struct mapping *m, int fd, const char *name, struct error *error) {
    struct stat info;
    *m = (struct mapping){.fd = -1};
    if (fstat(fd, &info) != 0)
        return error_set(error, STATUS_IO, "%s: %s", name, strerror(errno));
    if (info.st_size == 0)
        return STATUS_OK;
    const void *bytes = filemap_open(fd, (size_t)info.st_size, name);
    if (!bytes)
        return error_set(error, STATUS_IO, "%s: mapping: %s", name, strerror(errno));
    *m = (struct mapping){bytes, (uint64_t)info.st_size, fd, info.st_mtim};
    return STATUS_OK;
}

enum status mapping_open(struct mapping *out, const char *path, struct error *error) {
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    *out = (struct mapping){.fd = -1};
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    enum status status = STATUS_OK;
    if (fd < 0 || fstat(fd, &info) != 0) {
        status = error_set(error, STATUS_NO_INPUT, "%s: %s", name, strerror(errno));
    } else if (S_ISDIR(info.st_mode)) {
        status = error_set(error, STATUS_NO_INPUT, "%s: is a directory", name);
    } else if (S_ISREG(info.st_mode) && (!standard || lseek(fd, 0, SEEK_CUR) == 0)) {
        status = mapping_of_fd(out, fd, name, error);
    } else {
        int temporary;
        status = spool(&temporary, fd, name, error);
        if (status == STATUS_OK) {
            status = mapping_of_fd(out, temporary, name, error);
            if (out->fd != temporary)
                close(temporary);
        }
    }
    if (fd >= 0 && !standard && out->fd != fd)
        close(fd);
    return status;
}

static bool same_time(struct timespec a, struct timespec b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

enum status mapping_check(const struct mapping *m, const char *name, struct error *error) {
    struct stat info;
    if (!m->bytes || fstat(m->fd, &info) != 0)
        return STATUS_OK;
    if ((uint64_t)info.st_size < m->size)
        return error_set(error, STATUS_IO, "%s: was cut while it was read", name);
    // Not by ctime, which also changes when the file is renamed, linked or removed.
    if ((uint64_t)info.st_size != m->size || !same_time(info.st_mtim, m->modified))
        return error_set(error, STATUS_IO, "%s: has changed while it was read", name);
    return STATUS_OK;
}

void mapping_close(struct mapping *m) {
    filemap_close(m->bytes);
    if (m->fd > STDIN_FILENO)
        close(m->fd);
    *m = (struct mapping){.fd = -1};
}
