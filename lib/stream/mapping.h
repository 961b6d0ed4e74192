// A whole input in memory, to be read more than once or in another order: a regular file is mapped; standard input and pipes are first
// copied to a temporary file (in TMPDIR) that has no name, so that nothing is left behind.
#ifndef STREAM_MAPPING_H
#define STREAM_MAPPING_H

#include "base/error.h"

#include <stdint.h>
#include <time.h>

struct mapping {
    const uint8_t *bytes; // NULL when there are none
    uint64_t size;
    int fd;                   // of the file that is mapped, or -1
    struct timespec modified; // when it was opened
};

// path "-" is standard input. STATUS_NO_INPUT when it can't be opened, STATUS_IO when it can't be read or copied.
enum status mapping_open(struct mapping *out, const char *path, struct error *error) MUST_CHECK;
// The same of an open file, which belongs to the mapping when out->fd is fd (an empty one is not mapped).
enum status mapping_of_fd(struct mapping *out, int fd, const char *name, struct error *error) MUST_CHECK;
// STATUS_IO when the file was written to or cut since, by its times and size: what is in the map is then no longer what was opened (beyond
// a new end its last page reads as zeros; what lies further raises SIGBUS, see base/filemap.h). A file that was replaced by another one of
// its name (mv) stays as it was.
enum status mapping_check(const struct mapping *m, const char *name, struct error *error) MUST_CHECK;
void mapping_close(struct mapping *m);

#endif
