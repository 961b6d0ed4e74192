// Writes a stream: segments of meta, data records, end with count and CRC-32. Each record is packed in memory, then written whole.
//
//     writer_begin_segment(w, inputs' meta records...); for each: pack into writer_packer(w) exactly one map; writer_commit(w); ...
//     writer_end_segment(w); writer_close(w)
#ifndef STREAM_WRITER_H
#define STREAM_WRITER_H

#include "stream/packer.h"

struct writer;

// How the program that writes presents itself in meta, and in its own entry of the history.
struct writer_identity {
    const char *program, *version;
    int argc;
    char **argv;            // argv[0] is written as `program`; what is no UTF-8 in the others as U+FFFD
    const uint64_t *models; // [model_count] CRC-32 of each stream that was used beside the data; written unless there are none
    int model_count;
};

// name for messages. The identity has to outlive the writer, and must not change once a segment has begun.
struct writer *writer_open(int fd, const char *name, const struct writer_identity *identity);

// The packer to build the next record in.
struct packer *writer_packer(struct writer *w);

// Writes meta: format, program, version, history = the entries of all given meta records in order, equal ones once, + this program. sources
// may be NULL for none. The records may be gone afterwards. A map of further keys that a source's meta has is not carried.
enum status writer_begin_segment(struct writer *w, const struct value *const *sources, int count, struct error *error) MUST_CHECK;

enum status writer_commit(struct writer *w, struct error *error) MUST_CHECK; // the record that was packed, buffered up to 64 KiB
enum status writer_copy(struct writer *w, const struct value *record, struct error *error) MUST_CHECK; // a record just as it was read
enum status writer_end_segment(struct writer *w, struct error *error) MUST_CHECK;                      // and flushes
enum status writer_flush(struct writer *w, struct error *error) MUST_CHECK;

// Two closes: the first reports (flush, fsync not implied, descriptor closed, STATUS_CLOSED_PIPE or STATUS_IO), the second only cleans up
// after an error. The writer is gone after either, also when writer_close fails.
enum status writer_close(struct writer *w, struct error *error) MUST_CHECK;
void writer_abandon(struct writer *w);

#endif
