// The image sets that tasks name, each opened when a task first needs it and kept.
#ifndef FAMILIES_IMAGE_SETS_H
#define FAMILIES_IMAGE_SETS_H

#include "families/image_file.h"

#include <stdbool.h>

enum { IMAGE_SETS_NAME_SIZE = 64 };

// Letters, digits, '.', '_' and '-', the first no '.', fewer than IMAGE_SETS_NAME_SIZE: a name may become part of a path.
bool image_sets_is_name(const char *name);

struct image_sets {
    const char *directory;        // of all of them; NULL: data/NAME
    struct named_image_set *open; // the first of a list
};

// The set of this name, as it lies or transposed; it stays until image_sets_close. Errors are those of image_set_open, with `elsewhere`;
// STATUS_DATA too when there is no directory and the name can't be part of a path.
enum status image_sets_find(struct image_sets *s, const char *name, bool transposed, const struct image_set **out,
                            struct error *error) MUST_CHECK;
void image_sets_close(struct image_sets *s);

#endif
