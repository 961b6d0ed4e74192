#include "base/mapping.h"

#include "base/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

struct mapping {
    struct mapping *next;
    const char *bytes;
    size_t size;
    char *name;
};

// A handler may read the list while it is changed: it is whole after each store.
static struct mapping *volatile mappings;

const void *mapping_open(int fd, size_t size, const char *name) {
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    struct mapping *m = memory_alloc(sizeof *m);
    *m = (struct mapping){mappings, bytes, size, memory_strdup(name)};
    mappings = m;
    return bytes;
}

void mapping_close(const void *bytes) {
    struct mapping *volatile *link = &mappings;
    while (*link && (*link)->bytes != bytes)
        link = (struct mapping *volatile *)&(*link)->next;
    struct mapping *m = *link;
    if (!m)
        return;
    *link = m->next;
    munmap((void *)m->bytes, m->size);
    free(m->name);
    free(m);
}

const char *mapping_name(const void *address) {
    for (const struct mapping *m = mappings; m; m = m->next)
        if ((const char *)address >= m->bytes && (const char *)address < m->bytes + m->size)
            return m->name;
    return NULL;
}
