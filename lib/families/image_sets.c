#include "families/image_sets.h"

#include "base/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool image_sets_is_name(const char *name) {
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return size > 0 && size < IMAGE_SETS_NAME_SIZE && name[size] == '\0' && name[0] != '.';
}

struct named_image_set {
    char *name;
    bool transposed;
    struct image_set *set;
    struct named_image_set *next;
};

enum status image_sets_find(struct image_sets *s, const char *name, bool transposed, const struct image_set **out, struct error *error) {
    for (const struct named_image_set *n = s->open; n; n = n->next)
        if (n->transposed == transposed && (s->directory || strcmp(n->name, name) == 0)) {
            *out = n->set;
            return STATUS_OK;
        }
    if (!s->directory && !image_sets_is_name(name))
        return error_set(error, STATUS_DATA, "'%s' is no name of a data set", name);
    char directory[PATH_MAX];
    snprintf(directory, sizeof directory, "data/%s", name);
    struct image_set *set;
    enum status status = image_set_open(&set, s->directory ? s->directory : directory, error);
    if (status != STATUS_OK && error)
        error->elsewhere = true;
    if (status != STATUS_OK)
        return status;
    if (transposed)
        image_set_transpose(set);
    struct named_image_set *n = memory_alloc(sizeof *n);
    *n = (struct named_image_set){memory_strdup(name), transposed, set, s->open};
    s->open = n;
    *out = set;
    return STATUS_OK;
}

void image_sets_close(struct image_sets *s) {
    for (struct named_image_set *n = s->open, *next; n; n = next) {
        next = n->next;
        image_set_close(n->set);
        free(n->name);
        free(n);
    }
    s->open = NULL;
}
