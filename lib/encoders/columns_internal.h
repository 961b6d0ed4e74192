// What several encoders do with matrices of features.
#ifndef ENCODERS_COLUMNS_INTERNAL_H
#define ENCODERS_COLUMNS_INTERNAL_H

#include "grad/tape.h"

// Rows of several matrices behind each other: [R,C1], [R,C2], ... -> [R,C1+C2+...]. parts must stay valid until backward.
struct tensor *columns_joined(struct tape *tape, struct tensor **parts, int count);

#endif
