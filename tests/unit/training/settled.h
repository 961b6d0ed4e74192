// A property that is ready for a predictor.
#ifndef UNIT_TRAINING_SETTLED_H
#define UNIT_TRAINING_SETTLED_H

#include "../check.h"
#include "records/property.h"

#include <string.h>

static inline struct property settled(const char *name, enum property_kind kind, int answers, int class_count, const double *classes) {
    struct property p;
    struct error error = {0};
    CHECK(property_named(&p, name, kind, &error) == STATUS_OK, "%s", error.text);
    p.answers = answers;
    p.list |= answers > 1;
    for (int c = 0; c < class_count; c++)
        CHECK(property_add_class(&p, &(struct label){.type = LABEL_INTEGER, .number = classes[c]}));
    return p;
}

// One of the paper's: the task of three letters, or three steps.
static inline struct property settled_short(const char *name) {
    bool step = strcmp(name, "step") == 0;
    return settled(name, PROPERTY_UNDECIDED, strcmp(name, "task") == 0 ? 2 : 1, step ? 3 : 0, (double[]){0, 100, 5000});
}

#endif
