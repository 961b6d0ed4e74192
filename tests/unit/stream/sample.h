// A small stream of all that a stream may hold, for the tests of this folder.
#ifndef UNIT_STREAM_SAMPLE_H
#define UNIT_STREAM_SAMPLE_H

#include "stream/reader.h"
#include "stream/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct writer_identity sample_identity = {
    .program = "sample", .version = "1.0", .argc = 2, .argv = (char *[]){"/bin/sample", "--seed"}};

static inline void sample_record(struct packer *p, uint64_t run, size_t payload) {
    uint64_t shape[2] = {payload / 4, 1};
    float *floats = calloc(1, payload + 4);
    for (size_t i = 0; i < payload / 4; i++)
        floats[i] = (float)i;
    pack_map(p);
    pack_key(p, "kind"), pack_str(p, "rnn");
    pack_key(p, "run"), pack_u64(p, run);
    pack_key(p, "loss"), pack_double(p, 0.5);
    pack_key(p, "weights"), pack_map(p), pack_key(p, "w"), pack_array(p, DTYPE_F4, 2, shape, floats), pack_end(p);
    pack_key(p, "notes"), pack_list(p), pack_nil(p), pack_bool(p, true), pack_i64(p, -70000), pack_str(p, "h\xc3\xa9"), pack_end(p);
    pack_end(p);
    free(floats);
}

// Segments of records with payloads of growing size, written to fd, which is closed.
static inline enum status sample_write(int fd, int segments, int records, size_t payload, struct error *error) {
    struct writer *w = writer_open(fd, "sample", &sample_identity);
    enum status status = STATUS_OK;
    for (int s = 0; s < segments && !status; s++) {
        status = writer_begin_segment(w, NULL, 0, error);
        for (int i = 0; i < records && !status; i++) {
            sample_record(writer_packer(w), (uint64_t)i, payload * (size_t)(i + 1));
            status = writer_commit(w, error);
        }
        if (!status)
            status = writer_end_segment(w, error);
    }
    if (status) {
        writer_abandon(w);
        return status;
    }
    return writer_close(w, error);
}

// The same as bytes, to be freed.
static inline uint8_t *sample_bytes(int segments, int records, size_t payload, size_t *size) {
    int fd = memfd_create("sample", 0), copy = dup(fd);
    if (sample_write(copy, segments, records, payload, NULL) != STATUS_OK)
        abort();
    *size = (size_t)lseek(fd, 0, SEEK_END);
    uint8_t *bytes = malloc(*size);
    if (pread(fd, bytes, *size, 0) != (ssize_t)*size)
        abort();
    close(fd);
    return bytes;
}

// Do all nodes lie where they belong in the record's bytes, also after the reader has moved them?
static inline bool sample_sound(const struct value *record) {
    for (uint32_t i = 0; i < record->nodes; i++) {
        const struct value *v = &record[i];
        bool data = v->type == VALUE_STR || v->type == VALUE_BIN || v->type == VALUE_EXT;
        if (v->bytes < record->bytes || v->bytes + v->length > record->bytes + record->length ||
            (data && v->data + v->size != v->bytes + v->length))
            return false;
    }
    return true;
}

// Reads to the end, STATUS_IO when a record is not sound; what was read is appended to *out (if given) as it was.
static inline enum status sample_read(struct reader *r, struct packer *out, struct error *error) {
    enum status status;
    while ((status = reader_next(r, error)) == STATUS_OK) {
        if (!sample_sound(r->record))
            return error_set(error, STATUS_IO, "a record with nodes outside its bytes");
        if (out)
            pack_value(out, r->record);
    }
    return status;
}

static inline enum status sample_read_memory(const uint8_t *bytes, size_t size, struct packer *out, struct error *error) {
    struct reader *r = reader_open_memory(bytes, size, "memory", (struct reader_limits){0});
    enum status status = sample_read(r, out, error);
    reader_close(r);
    return status;
}

#endif
