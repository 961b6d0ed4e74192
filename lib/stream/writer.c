#include "stream/writer.h"

#include "base/hash.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FORMAT = 1, BUFFER_SIZE = 1 << 16 };

struct writer {
    int fd;
    char *name;
    const struct writer_identity *identity;
    struct packer *packer;
    uint8_t *buffer;
    size_t used;

    bool in_segment;
    uint64_t records; // of the segment so far
    uint32_t crc;     // of their bytes
};

struct writer *writer_open(int fd, const char *name, const struct writer_identity *identity) {
    struct writer *w = memory_calloc(1, sizeof *w);
    w->fd = fd;
    w->name = memory_strdup(name);
    w->identity = identity;
    w->packer = packer_new();
    w->buffer = memory_alloc(BUFFER_SIZE);
    return w;
}

static void writer_free(struct writer *w) {
    packer_free(w->packer);
    free(w->buffer);
    free(w->name);
    free(w);
}

struct packer *writer_packer(struct writer *w) {
    return w->packer;
}

static enum status io_failure(const struct writer *w, int failure, struct error *error) {
    return error_set(error, failure == EPIPE ? STATUS_CLOSED_PIPE : STATUS_IO, "%s: writing failed: %s", w->name, strerror(failure));
}

// Who was asked to stop before there was something to write still writes it, but waits no longer than this for somebody to read.
enum { LAST_WAIT = 1000 /* ms */ };

static bool waits_in_vain(const struct writer *w) {
    return interrupt_asked && poll(&(struct pollfd){.fd = w->fd, .events = POLLOUT}, 1, LAST_WAIT) == 0;
}

// As much as a call takes; then no more than a pipe with any room takes without waiting.
static ssize_t write_some(const struct writer *w, const struct iovec part[2]) {
    const struct iovec *first = part[0].iov_len ? &part[0] : &part[1];
    if (interrupt_asked)
        return write(w->fd, first->iov_base, first->iov_len < PIPE_BUF ? first->iov_len : PIPE_BUF);
    return writev(w->fd, part, 2);
}

// Writes the buffer and these bytes, all of them, whatever a single call takes.
static enum status write_out(struct writer *w, const uint8_t *bytes, size_t size, struct error *error) {
    struct iovec part[2] = {{w->buffer, w->used}, {(void *)bytes, size}};
    w->used = 0;
    bool again = false; // a call that took some only was interrupted
    const bool asked_before = interrupt_asked;
    while (part[0].iov_len + part[1].iov_len) {
        bool stops = (again && interrupt_asked && !asked_before) || waits_in_vain(w);
        ssize_t n = stops ? -1 : write_some(w, part);
        if (stops || (n < 0 && interrupt_asked && errno == EINTR))
            return error_set(error, STATUS_INTERRUPTED, "%s: stopped by a signal while nobody read it", w->name);
        if (n < 0 && errno == EAGAIN) {                                           // a neighbour on the same pipe made it non-blocking
            poll(&(struct pollfd){.fd = w->fd, .events = POLLOUT}, 1, LAST_WAIT); // and looks whether it was asked to stop
            continue;
        }
        if (n < 0 && errno != EINTR)
            return io_failure(w, errno, error);
        for (int i = 0; i < 2 && n > 0; i++) {
            size_t taken = (size_t)n < part[i].iov_len ? (size_t)n : part[i].iov_len;
            part[i].iov_base = (uint8_t *)part[i].iov_base + taken;
            part[i].iov_len -= taken;
            n -= (ssize_t)taken;
        }
        again = true;
    }
    return STATUS_OK;
}

static enum status emit(struct writer *w, const uint8_t *bytes, size_t size, struct error *error) {
    if (size > BUFFER_SIZE - w->used)
        return write_out(w, bytes, size, error);
    memcpy(w->buffer + w->used, bytes, size);
    w->used += size;
    return STATUS_OK;
}

static enum status emit_record(struct writer *w, const uint8_t *bytes, size_t size, struct error *error) {
    assert(w->in_segment);
    w->records++;
    w->crc = hash_crc32(w->crc, bytes, size);
    return emit(w, bytes, size, error);
}

enum status writer_commit(struct writer *w, struct error *error) {
    size_t size;
    const uint8_t *bytes = packer_bytes(w->packer, &size);
    enum status status = emit_record(w, bytes, size, error);
    packer_clear(w->packer);
    return status;
}

enum status writer_copy(struct writer *w, const struct value *record, struct error *error) {
    return emit_record(w, record->bytes, record->length, error);
}

// The entries of all sources in order of their first appearance, and after them the writer's own.
struct history {
    const struct value **entry;
    size_t count, capacity;
    struct table places; // hash of an entry's bytes -> its place from 1
};

static void history_add(struct history *h, const struct value *entry) {
    uint64_t *place = table_at(&h->places, hash_bytes(0, entry->bytes, entry->length));
    const struct value *old = *place ? h->entry[*place - 1] : NULL;
    if (old && old->length == entry->length && memcmp(old->bytes, entry->bytes, entry->length) == 0)
        return;
    *place = h->count + 1;
    h->entry = memory_room(h->entry, h->count, &h->capacity, sizeof *h->entry);
    h->entry[h->count++] = entry;
}

static enum status history_add_meta(struct history *h, const struct value *meta, struct error *error) {
    const struct value *entries = value_get(meta, "history");
    if (!entries)
        return STATUS_OK;
    if (entries->type != VALUE_ARRAY)
        return error_set(error, STATUS_DATA, "the history in a meta record is no array");
    const struct value *entry = value_first(entries);
    for (uint32_t i = 0; i < entries->count; i++, entry = value_next(entry))
        history_add(h, entry);
    return STATUS_OK;
}

static void pack_identity(struct packer *p, const struct writer_identity *identity) {
    pack_map(p);
    pack_key(p, "program");
    pack_str(p, identity->program);
    pack_key(p, "version");
    pack_str(p, identity->version);
    pack_key(p, "argv");
    pack_list(p);
    pack_str(p, identity->program); // argv[0] may hold a path of this machine
    for (int i = 1; i < identity->argc; i++) {
        char *argument = utf8_repaired(identity->argv[i]); // the name of a file may be any bytes
        pack_str(p, argument);
        free(argument);
    }
    pack_end(p);
    if (identity->model_count)
        pack_key(p, "models"), pack_list(p);
    for (int i = 0; i < identity->model_count; i++)
        pack_u64(p, identity->models[i]);
    if (identity->model_count)
        pack_end(p);
    pack_end(p);
}

static void pack_meta(struct packer *p, const struct writer_identity *identity, const struct history *history) {
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "meta");
    pack_key(p, "format");
    pack_u64(p, FORMAT);
    pack_key(p, "program");
    pack_str(p, identity->program);
    pack_key(p, "version");
    pack_str(p, identity->version);
    pack_key(p, "history");
    pack_list(p);
    for (size_t i = 0; i < history->count; i++)
        pack_value(p, history->entry[i]);
    pack_end(p);
    pack_end(p);
}

enum status writer_begin_segment(struct writer *w, const struct value *const *sources, int count, struct error *error) {
    assert(!w->in_segment);
    struct history history = {0};
    enum status status = STATUS_OK;
    for (int i = 0; i < count && status == STATUS_OK; i++)
        status = history_add_meta(&history, sources[i], error);
    if (status == STATUS_OK) {
        size_t size;
        pack_identity(w->packer, w->identity);
        const uint8_t *bytes = packer_bytes(w->packer, &size);
        uint8_t *own = memcpy(memory_alloc(size), bytes, size);
        history_add(&history, &(struct value){.type = VALUE_MAP, .bytes = own, .length = size});
        packer_clear(w->packer);
        pack_meta(w->packer, w->identity, &history);
        w->in_segment = true;
        w->records = 0;
        w->crc = 0;
        status = writer_commit(w, error);
        free(own);
    }
    free(history.entry);
    table_free(&history.places);
    return status;
}

enum status writer_end_segment(struct writer *w, struct error *error) {
    assert(w->in_segment);
    struct packer *p = w->packer;
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "end");
    pack_key(p, "records");
    pack_u64(p, w->records);
    pack_key(p, "crc32");
    pack_u64(p, w->crc);
    pack_end(p);
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    enum status status = emit(w, bytes, size, error);
    packer_clear(p);
    w->in_segment = false;
    return status == STATUS_OK ? writer_flush(w, error) : status;
}

enum status writer_flush(struct writer *w, struct error *error) {
    return write_out(w, NULL, 0, error);
}

enum status writer_close(struct writer *w, struct error *error) {
    enum status status = writer_flush(w, error);
    if (close(w->fd) != 0 && status == STATUS_OK && errno != EINTR) // Linux has closed it then
        status = io_failure(w, errno, error);
    writer_free(w);
    return status;
}

void writer_abandon(struct writer *w) {
    if (!w)
        return;
    close(w->fd);
    writer_free(w);
}
