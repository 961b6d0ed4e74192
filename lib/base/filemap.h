// Files as memory, and whose memory it is: when a file is cut while it is mapped, the first touch of what is gone raises SIGBUS, and a
// program that catches it learns here which file that was. Mappings are opened and closed by one thread; any thread may touch them.
#ifndef BASE_FILEMAP_H
#define BASE_FILEMAP_H

#include <stddef.h>

// The first size bytes (> 0) of an open file, for reading; the descriptor may be closed then. name is copied. NULL, with errno set, on
// failure.
const void *filemap_open(int fd, size_t size, const char *name);
void filemap_close(const void *bytes); // NULL allowed

// The name of the file that is mapped around this address, or NULL. For signal handlers.
const char *filemap_name(const void *address);

#endif
