#include "base/textlist.h"

#include <string.h>

bool textlist_next(const char **list, const char **item, size_t *size) {
    if (!*list)
        return false;
    *item = *list;
    *size = strcspn(*list, ",");
    *list = (*list)[*size] ? *list + *size + 1 : NULL;
    return true;
}

bool textlist_copy(const char **list, char *out, size_t capacity) {
    const char *item;
    size_t size;
    if (!textlist_next(list, &item, &size))
        return false;
    size = size < capacity ? size : 0;
    memcpy(out, item, size);
    out[size] = '\0';
    return true;
}
