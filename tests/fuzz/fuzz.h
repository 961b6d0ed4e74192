// What the harnesses share. A harness is a program that defines LLVMFuzzerTestOneInput; libFuzzer calls it with inputs that it makes up,
// replay.c with those of the corpus and of past crashes.
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "stream/json.h"
#include "stream/reader.h"
#include "stream/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What must hold whatever the input.
#define FUZZ_CHECK(condition)                                                                                                              \
    do {                                                                                                                                   \
        if (!(condition)) {                                                                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                                                 \
            abort();                                                                                                                       \
        }                                                                                                                                  \
    } while (0)

// --- Files without a name ---

struct fuzz_file {
    int fd;
    char path[32];
};

static inline struct fuzz_file fuzz_file(const uint8_t *data, size_t size) {
    struct fuzz_file f = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};
    FUZZ_CHECK(f.fd >= 0 && (size == 0 || pwrite(f.fd, data, size, 0) == (ssize_t)size));
    snprintf(f.path, sizeof f.path, "/proc/self/fd/%d", f.fd);
    return f;
}

// --- Records ---

// Calls visit for each record of the input that can be decoded. Records are MessagePack one after the other, or JSON Lines as rec-json
// writes them: there a mutation rarely breaks what surrounds it, so that it gets further.
typedef void fuzz_visit(void *context, const struct value *record);

static inline void fuzz_records_of_json(const char *text, size_t size, fuzz_visit *visit, void *context) {
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct error error;
    while (size) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size, packed;
        packer_clear(p);
        if (json_read(p, text, length, &error) == STATUS_OK) {
            const uint8_t *bytes = packer_bytes(p, &packed);
            if (value_decode(bytes, packed, 0, &nodes, &error) == STATUS_OK)
                visit(context, nodes.node);
        }
        text += length + (end != NULL);
        size -= length + (end != NULL);
    }
    free(nodes.node);
    packer_free(p);
}

static inline void fuzz_records(const uint8_t *data, size_t size, fuzz_visit *visit, void *context) {
    struct value_nodes nodes = {0};
    struct error error;
    if (size && data[0] == '{') {
        fuzz_records_of_json((const char *)data, size, visit, context);
        return;
    }
    while (size && value_decode(data, size, 0, &nodes, &error) == STATUS_OK) {
        visit(context, nodes.node);
        data += nodes.node->length;
        size -= nodes.node->length;
    }
    free(nodes.node);
}

static inline void fuzz_copy(void *context, const struct value *record) {
    struct error error;
    const struct value *key = record->type == VALUE_MAP && record->count ? value_first(record) : NULL;
    const struct value *kind = key && key->type == VALUE_STR && value_is(key, "kind") ? value_next(key) : NULL;
    if (kind && kind->type == VALUE_STR && !value_is(kind, "meta") && !value_is(kind, "end"))
        FUZZ_CHECK(writer_copy(context, record, &error) == STATUS_OK);
}

// The input's data records as a stream that is whole: what count and checksum of the end record would stop gets through.
static inline struct fuzz_file fuzz_stream(const uint8_t *data, size_t size) {
    struct writer_identity identity = {.program = "fuzz", .version = "1", .argc = 1, .argv = (char *[]){"fuzz", NULL}};
    struct fuzz_file f = fuzz_file(NULL, 0);
    struct error error;
    struct writer *w = writer_open(dup(f.fd), "fuzz", &identity);
    FUZZ_CHECK(writer_begin_segment(w, NULL, 0, &error) == STATUS_OK);
    fuzz_records(data, size, fuzz_copy, w);
    FUZZ_CHECK(writer_end_segment(w, &error) == STATUS_OK && writer_close(w, &error) == STATUS_OK);
    return f;
}

#endif
