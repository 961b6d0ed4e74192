#include "stream/decoder_internal.h"
#include "stream/foreign.h"

#include "base/hash.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, DEFAULT_RECORD_BYTES = 1 << 30 };

struct stream {
    struct reader reader; // what the caller sees
    char *name;
    struct source source;
    struct value_nodes nodes;
    struct decoder decoder;

    bool in_segment;
    uint64_t records; // of the segment so far
    uint32_t crc;     // of their bytes
    struct error failure;
};

static struct stream *stream_new(const struct source *source, const char *name, struct reader_limits limits) {
    struct stream *s = memory_calloc(1, sizeof *s);
    s->name = memory_strdup(strcmp(name, "-") == 0 ? "standard input" : name);
    s->source = *source;
    s->decoder.source = &s->source;
    s->decoder.nodes = &s->nodes;
    s->decoder.max_bytes = limits.record_bytes ? limits.record_bytes : DEFAULT_RECORD_BYTES;
    decoder_set_depth(&s->decoder, limits.depth);
    s->reader.name = s->name;
    return s;
}

enum status reader_open(struct reader **out, const char *path, struct reader_limits limits, struct error *error) {
    struct source source;
    enum status status = source_open(&source, path, error);
    if (status == STATUS_OK)
        *out = &stream_new(&source, path, limits)->reader;
    return status;
}

struct reader *reader_open_memory(const void *bytes, size_t size, const char *name, struct reader_limits limits) {
    struct source source;
    source_of_memory(&source, bytes, size);
    return &stream_new(&source, name, limits)->reader;
}

struct reader *reader_open_fd(int fd, const char *name, struct reader_limits limits) {
    struct source source;
    source_of_descriptor(&source, fd);
    return &stream_new(&source, name, limits)->reader;
}

void reader_close(struct reader *r) {
    if (!r)
        return;
    struct stream *s = (struct stream *)r;
    source_close(&s->source);
    free(s->nodes.node);
    free(s->name);
    free(s);
}

enum status reader_blame(const struct reader *r, struct error *error) {
    if (error->elsewhere)
        return error->status;
    return error_prefix(error, "%s: record %" PRIu64 " (byte %" PRIu64 ")", r->name, r->index, r->offset);
}

static enum status begin_segment(struct stream *s, const struct value *meta, struct error *error) {
    uint64_t format;
    if (s->in_segment)
        return error_set(error, STATUS_DATA, "a meta record inside a segment: the end record of the one before is missing");
    if (!value_to_u64(value_get(meta, "format"), &format))
        return error_set(error, STATUS_DATA, "a meta record without the number of its format");
    if (format != FORMAT)
        return error_set(error, STATUS_DATA, "format %" PRIu64 " is unknown: this program reads format %d", format, FORMAT);
    s->in_segment = true;
    s->records = 0;
    s->crc = 0;
    s->reader.event = READER_META;
    return STATUS_OK;
}

static enum status end_segment(struct stream *s, const struct value *end, struct error *error) {
    uint64_t records, crc;
    if (!value_to_u64(value_get(end, "records"), &records) || !value_to_u64(value_get(end, "crc32"), &crc))
        return error_set(error, STATUS_DATA, "an end record without count and checksum");
    if (records != s->records)
        return error_set(error, STATUS_DATA, "the segment has %" PRIu64 " records, its end record says %" PRIu64, s->records, records);
    if (crc != s->crc)
        return error_set(error, STATUS_DATA, "wrong checksum: the %" PRIu64 " records of this segment are damaged", records);
    s->in_segment = false;
    s->reader.event = READER_END;
    return STATUS_OK;
}

// Decides what the record is, by its first key.
static enum status take_record(struct stream *s, const struct value *record, struct error *error) {
    const struct value *key = record->type == VALUE_MAP && record->count ? value_first(record) : NULL;
    if (!key || key->type != VALUE_STR || !value_is(key, "kind") || value_next(key)->type != VALUE_STR)
        return error_set(error, STATUS_DATA, "no record: not a map whose first key is kind");
    const struct value *kind = value_next(key);
    enum status status = STATUS_OK;
    s->reader.event = READER_DATA;
    if (value_is(kind, "meta"))
        status = begin_segment(s, record, error);
    else if (!s->in_segment)
        return error_set(error, STATUS_DATA, "a segment begins without a meta record");
    else if (value_is(kind, "end"))
        status = end_segment(s, record, error);
    if (status == STATUS_OK && s->in_segment) {
        s->records++;
        s->crc = hash_crc32(s->crc, record->bytes, record->length);
    }
    return status;
}

static enum status next_record(struct stream *s, struct error *error) {
    struct reader *r = &s->reader;
    if (r->record)
        source_advance(&s->source, r->record->length);
    r->offset += r->record ? r->record->length : 0;
    r->record = NULL;
    s->decoder.offset = r->offset;
    enum status status = decoder_run(&s->decoder, error);
    if (status == STATUS_END && !r->index) {
        r->index = 1;
        return error_set(error, STATUS_DATA, "no bytes at all: even an empty stream has a meta and an end record");
    }
    if (status == STATUS_END && !s->in_segment)
        return STATUS_END;
    r->index++;
    if (status == STATUS_END)
        return error_set(error, STATUS_DATA, "the input ends without an end record: it was cut, or what wrote it has failed");
    if (status == STATUS_OK)
        status = take_record(s, s->nodes.node, error);
    if (status == STATUS_OK)
        r->record = s->nodes.node;
    return status;
}

// What fails at its very beginning may be a file of another program; and old MessagePack libraries write bytes as str.
static void say_what_it_is(const struct stream *s, struct error *error) {
    const struct source *in = &s->source;
    const char *look =
        s->reader.offset == 0 && error->status == STATUS_DATA ? foreign_look(in->bytes + in->start, in->end - in->start) : NULL;
    size_t used = strlen(error->text);
    if (!look && strstr(error->text, "no valid UTF-8"))
        look = "bytes have to be bin, not str (in Python: use_bin_type=True)";
    if (look)
        snprintf(error->text + used, sizeof error->text - used, "; %s", look);
}

enum status reader_next(struct reader *r, struct error *error) {
    struct stream *s = (struct stream *)r;
    if (s->failure.status == STATUS_OK) {
        enum status status = next_record(s, &s->failure);
        if (status == STATUS_OK || status == STATUS_END)
            return status;
        say_what_it_is(s, &s->failure);
        reader_blame(r, &s->failure);
    }
    if (error)
        *error = s->failure;
    return s->failure.status;
}
