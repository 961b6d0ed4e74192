#include "formats/pickle.h"

#include <string.h>

bool pickled_is(const struct pickled *p, enum pickle_type type) {
    return p && p->type == type;
}

bool pickled_is_global(const struct pickled *p, const char *name) {
    return pickled_is(p, PICKLE_GLOBAL) && strcmp(p->text, name) == 0;
}

const struct pickled *pickled_at(const struct pickled *p, uint32_t index) {
    bool has_items = pickled_is(p, PICKLE_LIST) || pickled_is(p, PICKLE_CALL) || pickled_is(p, PICKLE_PERSISTENT);
    return has_items && index < p->count ? p->item[index] : NULL;
}

const struct pickled *pickled_get(const struct pickled *p, const char *key) {
    for (uint32_t i = 0; pickled_is(p, PICKLE_DICT) && i + 1 < p->count; i += 2)
        if (pickled_is(p->item[i], PICKLE_TEXT) && strcmp(p->item[i]->text, key) == 0)
            return p->item[i + 1];
    return NULL;
}
