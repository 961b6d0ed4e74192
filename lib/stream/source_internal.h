// Where a reader's bytes come from: the caller's memory, a mapped file, or a descriptor read into a growing buffer. All look like one
// window of bytes, which begins with the current object and ends with the last byte received.
#ifndef STREAM_SOURCE_INTERNAL_H
#define STREAM_SOURCE_INTERNAL_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
    const uint8_t *bytes; // the memory, the mapping, or the buffer
    size_t start, end;    // the window within it
    uint8_t *buffer;      // of a descriptor that is read
    size_t capacity;
    size_t mapped, released; // of a mapping: its size, and the bytes whose pages were given back
    int fd;                  // -1 when all bytes are there
    bool at_end;             // nothing more to read
};

void source_of_memory(struct source *s, const void *bytes, size_t size);
void source_of_descriptor(struct source *s, int fd);                                         // read, never mapped; takes fd over
enum status source_open(struct source *s, const char *path, struct error *error) MUST_CHECK; // "-" is standard input
void source_close(struct source *s);

// Lets the window hold at least total bytes; it may move. STATUS_END when the input has fewer.
enum status source_want(struct source *s, size_t total, struct error *error) MUST_CHECK;

void source_advance(struct source *s, size_t size); // the window then begins size bytes later

static inline const uint8_t *source_window(const struct source *s) {
    return s->bytes + s->start;
}

static inline size_t source_size(const struct source *s) {
    return s->end - s->start;
}

#endif
