// Writing all of something to a file: write(2) may write less, or be interrupted.
#ifndef BASE_WRITEALL_H
#define BASE_WRITEALL_H

#include <stdbool.h>
#include <stddef.h>

// false with errno set when that fails; some of it may then be written.
bool write_all(int fd, const void *bytes, size_t size);

#endif
