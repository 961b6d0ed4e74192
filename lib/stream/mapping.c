#include "stream/mapping.h"

#include "base/filemap.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/tempfile.h"
#include "base/writeall.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BLOCK = 1 << 18 };

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
        if (got < 0 && errno == EAGAIN)                                  // a neighbour on the same pipe made it non-blocking
            poll(&(struct pollfd){.fd = in, .events = POLLIN}, 1, 1000); // and looks whether it was asked to stop
        else if (got < 0 && errno != EINTR)                              // EBADF: it was closed when we began
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
    *m = (struct mapping){0};
    if (fstat(fd, &info) != 0)
        return error_set(error, STATUS_IO, "%s: %s", name, strerror(errno));
    if (info.st_size == 0)
        return STATUS_OK;
    const void *bytes = filemap_open(fd, (size_t)info.st_size, name);
    if (!bytes)
        return error_set(error, STATUS_IO, "%s: mapping: %s", name, strerror(errno));
    *m = (struct mapping){bytes, (uint64_t)info.st_size};
    return STATUS_OK;
}

enum status mapping_open(struct mapping *out, const char *path, struct error *error) {
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    *out = (struct mapping){0};
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
            close(temporary);
        }
    }
    if (fd >= 0 && !standard)
        close(fd);
    return status;
}

static enum status check(const void *bytes, const char *name, struct error *error) {
    enum filemap_state state = filemap_state(bytes);
    if (state == FILEMAP_AS_IT_WAS)
        return STATUS_OK;
    return error_set(error, STATUS_IO, "%s: %s while it was read", name, state == FILEMAP_CUT ? "was cut" : "has changed");
}

enum status mapping_check(const struct mapping *m, const char *name, struct error *error) {
    return check(m->bytes, name, error);
}

enum status mapping_check_all(struct error *error) {
    const void *bytes = filemap_changed();
    return bytes ? check(bytes, filemap_name(bytes), error) : STATUS_OK;
}

enum status mapping_blame(enum status status, struct error *error) {
    if (status != STATUS_DATA && status != STATUS_DIVERGED)
        return status;
    struct error found = *error;
    if (mapping_check_all(error) == STATUS_OK)
        return status;
    size_t length = strlen(error->text);
    snprintf(error->text + length, sizeof error->text - length, " (%s)", found.text);
    return STATUS_IO;
}

void mapping_close(struct mapping *m) {
    filemap_close(m->bytes);
    *m = (struct mapping){0};
}
