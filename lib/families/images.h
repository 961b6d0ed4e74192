// The image sets that tasks name, each opened when a task first needs it and kept.
#ifndef FAMILIES_IMAGES_H
#define FAMILIES_IMAGES_H

#include "families/idx.h"

struct image_sets {
    const char *directory;        // of all of them; NULL: data/NAME
    struct named_image_set *open; // the first of a list
};

// The set of this name; it stays until image_sets_close. Errors are those of image_set_open; STATUS_DATA too when there is no directory and
// the name can't be part of a path.
enum status image_sets_find(struct image_sets *s, const char *name, const struct image_set **out, struct error *error) MUST_CHECK;
void image_sets_close(struct image_sets *s);

#endif
