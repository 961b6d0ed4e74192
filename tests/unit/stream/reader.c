#include "stream/reader.h"

#include "../check.h"
#include "sample.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

static struct error error;

struct feed {
    int fd;
    const uint8_t *bytes;
    size_t size, step;
    int times;
};

static void *feed_pipe(void *data) {
    struct feed *f = data;
    for (; f->times > 0; f->times--)
        for (size_t i = 0; i < f->size; i += f->step)
            if (write(f->fd, f->bytes + i, f->size - i < f->step ? f->size - i : f->step) < 0)
                abort();
    close(f->fd);
    return NULL;
}

// Reads the bytes, times over, through a pipe that is filled step by step.
static enum status read_pipe_times(const uint8_t *bytes, size_t size, size_t step, int times, struct packer *out) {
    int ends[2];
    char path[32];
    pthread_t thread;
    if (pipe(ends) != 0)
        abort();
    struct feed feed = {ends[1], bytes, size, step, times};
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct reader *r;
    if (reader_open(&r, path, (struct reader_limits){0}, &error) != STATUS_OK)
        abort();
    close(ends[0]);
    pthread_create(&thread, NULL, feed_pipe, &feed);
    enum status status = sample_read(r, out, &error);
    reader_close(r);
    pthread_join(thread, NULL);
    return status;
}

static enum status read_pipe(const uint8_t *bytes, size_t size, size_t step, struct packer *out) {
    return read_pipe_times(bytes, size, step, 1, out);
}

static enum status read_file(const uint8_t *bytes, size_t size, struct packer *out) {
    char path[32];
    int fd = memfd_create("file", 0);
    if (write(fd, bytes, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct reader *r;
    enum status status = reader_open(&r, path, (struct reader_limits){0}, &error);
    if (status == STATUS_OK) {
        status = sample_read(r, out, &error);
        reader_close(r);
    }
    close(fd);
    return status;
}

// Memory, a file, and a pipe in pieces of any size give the same, also when records are larger than the buffer and when they are many.
static void check_sources(int segments, int records, size_t payload, size_t step) {
    size_t size, found;
    uint8_t *bytes = sample_bytes(segments, records, payload, &size);
    struct packer *out = packer_new();
    for (int source = 0; source < 3; source++) {
        enum status status = source == 0   ? sample_read_memory(bytes, size, out, &error)
                             : source == 1 ? read_file(bytes, size, out)
                                           : read_pipe(bytes, size, step, out);
        CHECK(status == STATUS_END, "source %d: %s", source, error.text);
        const uint8_t *read = packer_bytes(out, &found);
        CHECK(found == size && memcmp(read, bytes, size) == 0, "source %d: other bytes", source);
        packer_clear(out);
    }
    packer_free(out);
    free(bytes);
}

static long peak_kilobytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// A long stream of small records is read in little memory.
static void check_memory(void) {
    size_t size;
    uint8_t *bytes = sample_bytes(1, 20, 5000, &size);
    long before = peak_kilobytes();
    CHECK(read_pipe_times(bytes, size, 65536, 60, NULL) == STATUS_END, "%s", error.text);
    CHECK(peak_kilobytes() - before < 4096, "%ld KiB for %zu MB", peak_kilobytes() - before, 60 * size / 1000000);
    free(bytes);
}

static void check_events(void) {
    size_t size;
    uint8_t *bytes = sample_bytes(2, 1, 8, &size);
    struct reader *r = reader_open_memory(bytes, size, "-", (struct reader_limits){0});
    static const enum reader_event events[] = {READER_META, READER_DATA, READER_END, READER_META, READER_DATA, READER_END};
    uint64_t offset = 0;
    for (uint64_t i = 0; i < 6; i++) {
        CHECK(reader_next(r, &error) == STATUS_OK && r->event == events[i] && r->index == i + 1 && r->offset == offset, "record %d",
              (int)i);
        offset += r->record->length;
    }
    error_set(&error, STATUS_DATA, "too blue");
    char expected[96];
    snprintf(expected, sizeof expected, "standard input: record 6 (byte %d): too blue", (int)r->offset);
    CHECK(reader_blame(r, &error) == STATUS_DATA && strcmp(error.text, expected) == 0, "%s", error.text);
    CHECK(offset == size && reader_next(r, &error) == STATUS_END && reader_next(r, &error) == STATUS_END, "the end stays the end");
    reader_close(r);
    free(bytes);
}

static void check_cuts(void) {
    size_t size, one;
    uint8_t *bytes = sample_bytes(2, 2, 8, &size);
    free(sample_bytes(1, 2, 8, &one));
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = memcpy(malloc(cut), bytes, cut); // its own block, so that the sanitizers see a read beyond it
        enum status status = sample_read_memory(copy, cut, NULL, &error);
        CHECK(status == (cut == one ? STATUS_END : STATUS_DATA), "cut at %zu: %s", cut, error.text);
        free(copy);
        if (cut % 7 == 0)
            CHECK(read_pipe(bytes, cut, 64, NULL) == (cut == one ? STATUS_END : STATUS_DATA), "pipe cut at %zu", cut);
    }
    free(bytes);
}

static void check_flips(void) {
    size_t size, found;
    uint8_t *bytes = sample_bytes(2, 2, 8, &size);
    struct packer *out = packer_new();
    int unchanged = 0;
    for (size_t bit = 0; bit < 8 * size; bit++) {
        packer_clear(out);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum status status = sample_read_memory(bytes, size, out, &error);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const uint8_t *read = packer_bytes(out, &found);
        unchanged += status == STATUS_END;
        CHECK(status == STATUS_DATA || (found == size && memcmp(read, bytes, size) == 0), "bit %zu: status %d", bit, status);
    }
    CHECK(unchanged == 0, "%d flips went unnoticed", unchanged);
    packer_free(out);
    free(bytes);
}

static void end_record(struct packer *p, uint64_t records, uint64_t crc) {
    pack_map(p), pack_key(p, "kind"), pack_str(p, "end"), pack_key(p, "records"), pack_u64(p, records), pack_key(p, "crc32"),
        pack_u64(p, crc), pack_end(p);
}

static void meta_record(struct packer *p, uint64_t format) {
    pack_map(p), pack_key(p, "kind"), pack_str(p, "meta"), pack_key(p, "format"), pack_u64(p, format), pack_end(p);
}

static void check_text(struct packer *p, const char *text) {
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    enum status status = sample_read_memory(bytes, size, NULL, &error);
    CHECK(status == STATUS_DATA && strstr(error.text, text) && strncmp(error.text, "memory: record ", 15) == 0, "%s: %s", text, error.text);
    packer_clear(p);
}

static void check_order(void) {
    struct packer *p = packer_new();
    check_text(p, "record 1 (byte 0): no bytes at all");
    sample_record(p, 1, 4), check_text(p, "record 1 (byte 0): a segment begins without a meta record");
    end_record(p, 0, 0), check_text(p, "without a meta record");
    meta_record(p, 2), check_text(p, "format 2 is unknown");
    meta_record(p, 1), meta_record(p, 1), check_text(p, "record 2 (byte 19): a meta record inside a segment");
    meta_record(p, 1), check_text(p, "record 2 (byte 19): the input ends without an end record");
    meta_record(p, 1), end_record(p, 2, 0), check_text(p, "has 1 records, its end record says 2");
    meta_record(p, 1), end_record(p, 1, 0), check_text(p, "wrong checksum");
    meta_record(p, 1), pack_nil(p), check_text(p, "no record");
    meta_record(p, 1), pack_map(p), pack_end(p), check_text(p, "no record");
    meta_record(p, 1), pack_map(p), pack_key(p, "run"), pack_str(p, "rnn"), pack_end(p), check_text(p, "no record");
    meta_record(p, 1), pack_map(p), pack_key(p, "kind"), pack_u64(p, 1), pack_end(p), check_text(p, "no record");
    meta_record(p, 1), pack_map(p), pack_key(p, "kind"), pack_str(p, "end"), pack_end(p), check_text(p, "without count and checksum");
    pack_map(p), pack_key(p, "kind"), pack_str(p, "meta"), pack_end(p), check_text(p, "without the number of its format");
    packer_free(p);
}

static void check_open(void) {
    struct reader *r;
    CHECK(reader_open(&r, "/no/such/file", (struct reader_limits){0}, &error) == STATUS_NO_INPUT && strstr(error.text, "/no/such/file"),
          "%s", error.text);
    CHECK(reader_open(&r, "/", (struct reader_limits){0}, &error) == STATUS_NO_INPUT, "a directory");
    CHECK(read_file((const uint8_t *)"", 0, NULL) == STATUS_DATA && strstr(error.text, "no bytes at all"), "%s", error.text);
    reader_close(NULL);
}

int main(void) {
    check_memory();
    check_sources(1, 0, 4, 1);
    check_sources(2, 3, 100, 1);
    check_sources(2, 60, 400, 777);
    check_sources(1, 3, 700000, 65536);
    check_sources(400, 1, 8, 4096);
    check_events();
    check_cuts();
    check_flips();
    check_order();
    check_open();
    return check_report("reader");
}
