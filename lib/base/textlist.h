// Lists with commas between their items, as on command lines: "a,b,c".
#ifndef BASE_TEXTLIST_H
#define BASE_TEXTLIST_H

#include <stdbool.h>
#include <stddef.h>

// The next item, not terminated: *size bytes at *item. *list is what is left, at first the whole text, NULL behind the last item (false
// then). An empty text is one empty item.
bool textlist_next(const char **list, const char **item, size_t *size);

// The same, as a copy in out [capacity]; an item that is too long for it comes as an empty text, which is nothing that could be meant.
bool textlist_copy(const char **list, char *out, size_t capacity);

#endif
