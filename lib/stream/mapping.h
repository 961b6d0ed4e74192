// A whole input in memory, to be read more than once or in another order: a regular file is mapped; standard input and pipes are first
// copied to a temporary file (in TMPDIR) that has no name, so that nothing is left behind.
#ifndef STREAM_MAPPING_H
#define STREAM_MAPPING_H

#include "base/error.h"

#include <stdint.h>

struct mapping {
    const uint8_t *bytes; // NULL when there are none
    uint64_t size;
};

// path "-" is standard input. STATUS_NO_INPUT when it can't be opened, STATUS_IO when it can't be read or copied.
enum status mapping_open(struct mapping *out, const char *path, struct error *error) MUST_CHECK;
// The same of an open file; the descriptor may be closed then.
enum status mapping_of_fd(struct mapping *out, int fd, const char *name, struct error *error) MUST_CHECK;
// STATUS_IO when the file was written to or cut since (see filemap_state): what is in the map is then no longer what was opened (beyond a
// new end its last page reads as zeros; what lies further raises SIGBUS). It may be written to at any time: what was read is as it was when
// this is called afterwards.
enum status mapping_check(const struct mapping *m, const char *name, struct error *error) MUST_CHECK;
// The same of all files that are mapped now, by whomever.
enum status mapping_check_all(struct error *error) MUST_CHECK;
// What a failure comes to: of data that are no good, but lie in a file that is mapped, by whomever, and is no longer as it was, it is
// STATUS_IO, "FILE: has changed while it was read", and then what was found. Otherwise it is what it was.
enum status mapping_blame(enum status status, struct error *error) MUST_CHECK;
void mapping_close(struct mapping *m);

#endif
