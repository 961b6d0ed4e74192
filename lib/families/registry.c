#include "families/family.h"

#include <string.h>

extern const struct family keylock_family, language_family, regular_family, series_family, smnist_family;

static const struct family *const families[] = {&language_family, &smnist_family, &regular_family, &series_family, &keylock_family};

int family_count(void) {
    return (int)(sizeof families / sizeof *families);
}

const struct family *family_at(int i) {
    return families[i];
}

const struct family *family_find(const char *name) {
    for (int i = 0; i < family_count(); i++)
        if (strcmp(families[i]->name, name) == 0)
            return families[i];
    return NULL;
}

int family_index(const struct family *family) {
    int i = 0;
    while (families[i] != family)
        i++;
    return i;
}
