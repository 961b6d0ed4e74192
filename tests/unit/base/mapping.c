#include "base/mapping.h"

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
    const char *a = mapping_open(fds[0], 5, name), *b = mapping_open(fds[1], 10, "two");
    name[0] = '?';
    CHECK(a && b && memcmp(a, "first", 5) == 0 && memcmp(b, "the second", 10) == 0);
    CHECK(strcmp(mapping_name(a), "one") == 0 && strcmp(mapping_name(a + 4), "one") == 0 && strcmp(mapping_name(b + 9), "two") == 0);
    CHECK(!mapping_name(a + 5) && !mapping_name(a - 1) && !mapping_name(name) && !mapping_name(NULL));
    mapping_close(a); // not the last one opened
    CHECK(!mapping_name(a) && strcmp(mapping_name(b), "two") == 0);
    mapping_close(b);
    mapping_close(NULL);
    CHECK(!mapping_name(b));
    CHECK(!mapping_open(-1, 1, "none") && errno == EBADF);
    close(fds[0]);
    close(fds[1]);
    return check_report("mapping");
}
