// Temporary files without a name: nothing is left behind, however the program ends.
#ifndef BASE_TEMPFILE_H
#define BASE_TEMPFILE_H

#include "base/error.h"

// Where they are: TMPDIR, or /tmp when it is not set or empty.
const char *tempfile_directory(void);

// An empty file, open for reading and writing, or -1 with STATUS_IO in *error.
int tempfile_open(struct error *error) MUST_CHECK;

#endif
