#include "base/filemap.h"

#include "base/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

struct filemap {
    struct filemap *next;
    const char *bytes;
    size_t size;
    char *name;
};

// A handler may read the list while it is changed: it is whole after each store.
static struct filemap *volatile filemaps;

const void *filemap_open(int fd, size_t size, const char *name) {
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    struct filemap *m = memory_alloc(sizeof *m);
    *m = (struct filemap){filemaps, bytes, size, memory_strdup(name)};
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
    free(m->name);
    free(m);
}

const char *filemap_name(const void *address) {
    for (const struct filemap *m = filemaps; m; m = m->next)
        if ((const char *)address >= m->bytes && (const char *)address < m->bytes + m->size)
            return m->name;
    return NULL;
}
