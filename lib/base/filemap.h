// Files as memory, and what becomes of them meanwhile. When a file is cut while it is mapped, the first touch of what is gone raises
// SIGBUS, and a program that catches it learns here which file that was; when it is written to, what is in the map is no longer what was
// opened, and whatever was found wrong with it may be due to that. Mappings are opened and closed by one thread; any thread may touch them.
#ifndef BASE_FILEMAP_H
#define BASE_FILEMAP_H

#include <stddef.h>

// All size bytes (> 0) of an open file, for reading; the descriptor may be closed then. name is copied. NULL, with errno set, on failure.
const void *filemap_open(int fd, size_t size, const char *name);
void filemap_close(const void *bytes); // NULL allowed

// The name of the file that is mapped around this address, or NULL. For signal handlers.
const char *filemap_name(const void *address);

// By the file's size and time of modification, not by ctime, which also changes when it is renamed, linked or removed: a file that was
// replaced by another one of its name (mv) is as it was.
enum filemap_state { FILEMAP_AS_IT_WAS, FILEMAP_CHANGED, FILEMAP_CUT };
enum filemap_state filemap_state(const void *bytes); // what filemap_open returned; NULL allowed
// The first byte of an open mapping whose file is not as it was, or NULL.
const void *filemap_changed(void);

#endif
