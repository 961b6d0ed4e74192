// Sorts records that may be more than memory holds: parts of them are sorted in memory and put into temporary files (in TMPDIR, without
// names, streams themselves and checked when read again), which are then merged. Stable: records with equal keys stay in order.
//
//     for each record: sorter_add(s, record, &error);
//     while ((status = sorter_next(s, &record, &error)) == STATUS_OK) ... record ...
#ifndef STREAM_SORTER_H
#define STREAM_SORTER_H

#include "stream/writer.h"

// Compared from the first number to the last.
struct sort_key {
    uint64_t part[3];
};

typedef enum status sort_key_of(const struct value *record, struct sort_key *key, struct error *error);

struct sorter;

// memory: bytes of records held, about; a single larger one is held by itself. Merging takes besides a buffer of 256 KiB (or as large as
// the largest record) for each file of the merge, usually at most 31 of them. The identity goes into the temporary files.
struct sorter *sorter_new(uint64_t memory, sort_key_of *key_of, const struct writer_identity *identity);

// Copies the record. Errors are those of key_of, or STATUS_IO.
enum status sorter_add(struct sorter *s, const struct value *record, struct error *error) MUST_CHECK;

// The next record in order, byte for byte as it was added; it lives until the next call. STATUS_END after the last. The first call ends the
// adding.
enum status sorter_next(struct sorter *s, const struct value **record, struct error *error) MUST_CHECK;

void sorter_free(struct sorter *s); // may be NULL

#endif
