#include "stream/source_internal.h"

#include "base/filemap.h"
#include "base/interrupt.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 1 << 18,  // at first; stays within a core's second-level cache
    READ_SIZE = 1 << 16,    // room that a read should have: a pipe never gives more
    RELEASE_SIZE = 1 << 24, // a mapping's pages are given back in steps of this size
};

void source_of_memory(struct source *s, const void *bytes, size_t size) {
    *s = (struct source){.bytes = size ? bytes : (const void *)"", .end = size, .fd = -1, .at_end = true};
}

// A regular file's rest, from where the descriptor stands, becomes the window without a copy; the descriptor then stands at its end, as if
// it had been read.
static bool map_file(struct source *s, int fd, const struct stat *info, const char *name) {
    off_t position = lseek(fd, 0, SEEK_CUR);
    if (!S_ISREG(info->st_mode) || position < 0 || position >= info->st_size)
        return false;
    size_t size = (size_t)info->st_size;
    const void *mapping = filemap_open(fd, size, name);
    if (!mapping)
        return false;
    madvise((void *)mapping, size, MADV_SEQUENTIAL);
    lseek(fd, 0, SEEK_END);
    *s = (struct source){.bytes = mapping, .start = (size_t)position, .end = size, .mapped = size, .fd = -1, .at_end = true};
    return true;
}

void source_of_descriptor(struct source *s, int fd) {
    *s = (struct source){.buffer = memory_alloc(BUFFER_SIZE), .capacity = BUFFER_SIZE, .fd = fd};
    s->bytes = s->buffer;
}

enum status source_open(struct source *s, const char *path, struct error *error) {
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    int failure = fd < 0 || fstat(fd, &info) != 0 ? errno : S_ISDIR(info.st_mode) ? EISDIR : 0;
    if (failure) {
        if (fd > STDIN_FILENO)
            close(fd);
        return error_set(error, STATUS_NO_INPUT, "%s: %s", name, strerror(failure));
    }
    if (map_file(s, fd, &info, name)) {
        if (!standard)
            close(fd);
        return STATUS_OK;
    }
    source_of_descriptor(s, fd);
    return STATUS_OK;
}

void source_close(struct source *s) {
    if (s->mapped)
        filemap_close(s->bytes);
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    free(s->buffer);
}

// Moves the window to the buffer's front, and doubles a buffer that is full of it.
static void make_room(struct source *s) {
    size_t size = source_size(s);
    if (s->capacity - s->end >= READ_SIZE)
        return;
    if (s->start) {
        memmove(s->buffer, source_window(s), size);
        s->start = 0;
        s->end = size;
    }
    if (s->capacity - s->end < READ_SIZE) {
        s->buffer = memory_realloc(s->buffer, s->end, s->capacity * 2);
        s->bytes = s->buffer;
        s->capacity *= 2;
    }
}

enum status source_want(struct source *s, size_t total, struct error *error) {
    while (source_size(s) < total) {
        if (s->at_end)
            return STATUS_END;
        if (interrupt_asked)
            return error_set(error, STATUS_INTERRUPTED, "stopped by a signal while it waited for input");
        make_room(s);
        ssize_t n = read(s->fd, s->buffer + s->end, s->capacity - s->end);
        if (n > 0)
            s->end += (size_t)n;
        else if (n == 0)
            s->at_end = true;
        else if (errno == EAGAIN)                                           // a neighbour on the same pipe made it non-blocking
            poll(&(struct pollfd){.fd = s->fd, .events = POLLIN}, 1, 1000); // and looks whether it was asked to stop
        else if (errno != EINTR)
            return error_set(error, STATUS_IO, "reading failed: %s", strerror(errno));
    }
    return STATUS_OK;
}

void source_advance(struct source *s, size_t size) {
    s->start += size;
    if (s->fd >= 0 && s->start == s->end)
        s->start = s->end = 0;
    if (s->mapped && s->start - s->released >= 2 * (size_t)RELEASE_SIZE) { // what has been read stays in the page cache, not in the process
        size_t release = (s->start - s->released) / RELEASE_SIZE * RELEASE_SIZE;
        madvise((void *)(s->bytes + s->released), release, MADV_DONTNEED);
        s->released += release;
    }
}
