// Temporary files have no name, and a directory that is not there is reported.
#include "base/tempfile.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    struct error error;
    struct stat info;
    char directory[] = "/tmp/tempfile-XXXXXX", byte;
    CHECK(mkdtemp(directory), "a directory for the test");
    setenv("TMPDIR", directory, 1);
    CHECK(strcmp(tempfile_directory(), directory) == 0);
    int fd = tempfile_open(&error);
    CHECK(fd >= 0 && fstat(fd, &info) == 0 && info.st_nlink == 0 && info.st_size == 0 && (info.st_mode & 077) == 0);
    CHECK(write(fd, "x", 1) == 1 && pread(fd, &byte, 1, 0) == 1 && byte == 'x');
    CHECK(rmdir(directory) == 0, "it is empty");
    close(fd);

    CHECK(tempfile_open(&error) == -1 && error.status == STATUS_IO && strstr(error.text, directory) && strstr(error.text, "No such file"));
    setenv("TMPDIR", "", 1);
    CHECK(strcmp(tempfile_directory(), "/tmp") == 0);
    return check_report("base/tempfile");
}
