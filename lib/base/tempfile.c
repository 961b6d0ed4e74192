#include "base/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *tempfile_directory(void) {
    const char *directory = getenv("TMPDIR");
    return directory && *directory ? directory : "/tmp";
}

int tempfile_open(struct error *error) {
    const char *directory = tempfile_directory();
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) { // a file system that can't: the name is there for a moment only
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/rnnpipe-XXXXXX", directory);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    if (fd < 0)
        error_set(error, STATUS_IO, "temporary file in %s: %s", directory, strerror(errno));
    return fd;
}
