// Reads a stream of records and checks all of it: MessagePack, limits, the order meta - data - end, count and CRC-32 of every segment.
//
//     while ((status = reader_next(r, &error)) == STATUS_OK) { switch (r->event) ... r->record ... }
//     if (status != STATUS_END) -> error, the text names file, record and byte
//
// READER_META begins a segment, READER_END closes it (its record is the end record, already checked). One record is held at a time;
// it and all pointers into it live until the next call. Memory grows only with bytes really received, up to the limit; a record has at most
// 2^24 values. Refused besides damage: duplicate keys of a map (a str and a bin of the same bytes are the same key), str that are no UTF-8.
#ifndef STREAM_READER_H
#define STREAM_READER_H

#include "base/error.h"
#include "stream/value.h"

enum reader_event { READER_META, READER_DATA, READER_END };

struct reader_limits {
    uint64_t record_bytes; // 0 = the default, 1 GiB
    uint32_t depth;        // of containers in each other; 0 = the default, 32; at most 512
};

struct reader {
    enum reader_event event;
    const struct value *record; // a map whose first key is kind
    uint64_t index;             // number of the record in the file, from 1
    uint64_t offset;            // byte at which it begins, from 0
    const char *name;           // for messages; "-" is shown as "standard input"
};

// path "-" is standard input. STATUS_NO_INPUT when it can't be opened. A regular file is mapped, anything else read.
enum status reader_open(struct reader **out, const char *path, struct reader_limits limits, struct error *error) MUST_CHECK;

// Over memory that stays valid and unchanged until reader_close (a mapped file, a test, a fuzzer).
struct reader *reader_open_memory(const void *bytes, size_t size, const char *name, struct reader_limits limits);

// Reads a descriptor from where it stands, through a buffer also when it is a regular file: the memory of many readers stays small. Takes
// fd over.
struct reader *reader_open_fd(int fd, const char *name, struct reader_limits limits);

// STATUS_OK with an event, STATUS_END after the last segment, or an error (which is final). An empty input is STATUS_DATA: a stream has
// at least one segment.
enum status reader_next(struct reader *r, struct error *error) MUST_CHECK;

// For errors found in a well-formed record: puts "name: record 17 (byte 951234): " in front of the text, unless that names
// a file elsewhere.
enum status reader_blame(const struct reader *r, struct error *error);

void reader_close(struct reader *r); // may be NULL

// Decodes one object from memory that is known to be complete (a record at an offset found before): nodes are allocated in *nodes (growing
// it, free() it at the end). nodes->node[0] is the object, its length says where the next one begins. STATUS_DATA with the byte offset
// otherwise.
struct value_nodes {
    struct value *node;
    size_t capacity;
};
enum status value_decode(const uint8_t *bytes, size_t size, uint32_t max_depth, struct value_nodes *nodes, struct error *error) MUST_CHECK;

#endif
