#include "base/filemap.h"

#include "base/memory.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct filemap {
    struct filemap *next;
    const char *bytes;
    size_t size;
    char *name;
    int fd;                   // a descriptor of its own; -1 when there was none left, and changes go unnoticed
    struct timespec modified; // when it was opened
};

// A handler may read the list while it is changed: it is whole after each store.
static struct filemap *volatile filemaps;

const void *filemap_open(int fd, size_t size, const char *name) {
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    struct stat info = {0};
    struct filemap *m = memory_alloc(sizeof *m);
    *m = (struct filemap){filemaps, bytes, size, memory_strdup(name), fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), {0}};
    if (m->fd >= 0 && fstat(m->fd, &info) == 0)
        m->modified = info.st_mtim;
    filemaps = m;
    return bytes;
}

void filemap_close(const void *bytes) {
    struct filemap *volatile *link = &filemaps;
    while (*link && (*link)->bytes != bytes)
        link = (struct filemap *volatile *)&(*link)->next;
    struct filemap *m = *link;
    if (!m)
        return;
    *link = m->next;
    munmap((void *)m->bytes, m->size);
    if (m->fd >= 0)
        close(m->fd);
    free(m->name);
    free(m);
}

const char *filemap_name(const void *address) {
    for (const struct filemap *m = filemaps; m; m = m->next)
        if ((const char *)address >= m->bytes && (const char *)address < m->bytes + m->size)
            return m->name;
    return NULL;
}

static enum filemap_state state_of(const struct filemap *m) {
    struct stat info;
    if (m->fd < 0 || fstat(m->fd, &info) != 0)
        return FILEMAP_AS_IT_WAS;
    if ((size_t)info.st_size < m->size)
        return FILEMAP_CUT;
    bool same_time = info.st_mtim.tv_sec == m->modified.tv_sec && info.st_mtim.tv_nsec == m->modified.tv_nsec;
    return (size_t)info.st_size == m->size && same_time ? FILEMAP_AS_IT_WAS : FILEMAP_CHANGED;
}

enum filemap_state filemap_state(const void *bytes) {
    for (const struct filemap *m = filemaps; m; m = m->next)
        if (m->bytes == bytes)
            return state_of(m);
    return FILEMAP_AS_IT_WAS;
}

const void *filemap_changed(void) {
    for (const struct filemap *m = filemaps; m; m = m->next)
        if (state_of(m) != FILEMAP_AS_IT_WAS)
            return m->bytes;
    return NULL;
}
