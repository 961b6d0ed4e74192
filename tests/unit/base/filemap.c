#include "base/filemap.h"

#include "../check.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int file_of(const char *text) {
    int fd = memfd_create("file", 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    return fd;
}

int main(void) {
    int fds[2] = {file_of("first"), file_of("the second")};
    char name[] = "one";
    const char *a = filemap_open(fds[0], 5, name), *b = filemap_open(fds[1], 10, "two");
    name[0] = '?';
    CHECK(a && b && memcmp(a, "first", 5) == 0 && memcmp(b, "the second", 10) == 0);
    CHECK(strcmp(filemap_name(a), "one") == 0 && strcmp(filemap_name(a + 4), "one") == 0 && strcmp(filemap_name(b + 9), "two") == 0);
    CHECK(!filemap_name(a + 5) && !filemap_name(a - 1) && !filemap_name(name) && !filemap_name(NULL));
    CHECK(filemap_state(a) == FILEMAP_AS_IT_WAS && filemap_state(NULL) == FILEMAP_AS_IT_WAS && !filemap_changed());
    close(fds[0]); // a map keeps a descriptor of its own
    fds[0] = memfd_create("other", 0);
    usleep(20000); // beyond the grain of a file system's clock
    CHECK(pwrite(fds[1], "THE", 3, 0) == 3 && filemap_state(b) == FILEMAP_CHANGED && filemap_changed() == b);
    CHECK(ftruncate(fds[1], 9) == 0 && filemap_state(b) == FILEMAP_CUT && filemap_changed() == b);
    CHECK(filemap_state(a) == FILEMAP_AS_IT_WAS);
    filemap_close(a); // not the last one opened
    CHECK(!filemap_name(a) && strcmp(filemap_name(b), "two") == 0);
    filemap_close(b);
    filemap_close(NULL);
    CHECK(!filemap_name(b) && !filemap_changed());
    CHECK(!filemap_open(-1, 1, "none") && errno == EBADF);
    close(fds[0]);
    close(fds[1]);
    return check_report("base/filemap");
}
