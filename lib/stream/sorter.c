#include "stream/sorter.h"

#include "base/memory.h"
#include "base/tempfile.h"
#include "stream/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAN_IN = 32 }; // so many files of a level become one of the next

// A record in memory. Offsets grow in the order of arrival.
struct entry {
    struct sort_key key;
    size_t offset, size;
};

// A sorted part of the input in a file. Files are held as a stack, oldest first, whose levels never grow towards the top.
struct part {
    int fd;
    int level;
};

// A file that takes part in a merge.
struct input {
    struct reader *reader;
    const struct value *record; // NULL at its end
    struct sort_key key;
};

struct sorter {
    uint64_t memory;
    sort_key_of *key_of;
    struct writer_identity identity;
    char name[256]; // of the temporary files, for messages

    uint8_t *bytes;
    size_t used, capacity;
    struct entry *entries;
    size_t count, entry_capacity;

    struct part *parts;
    int part_count;
    size_t part_capacity;

    struct input *inputs; // of the current merge, oldest first
    int input_count;
    struct input *taken; // whose record was handed out last
    bool sorted;         // handing out has begun
    size_t next;         // entry, when all are in memory
    struct value_nodes nodes;
};

struct sorter *sorter_new(uint64_t memory, sort_key_of *key_of, const struct writer_identity *identity) {
    struct sorter *s = memory_calloc(1, sizeof *s);
    s->memory = memory;
    s->key_of = key_of;
    s->identity = *identity;
    snprintf(s->name, sizeof s->name, "temporary file in %.200s", tempfile_directory());
    return s;
}

static int compare_keys(const struct sort_key *a, const struct sort_key *b) {
    for (int i = 0; i < 3; i++)
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i] ? -1 : 1;
    return 0;
}

static int compare_entries(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    int order = compare_keys(&x->key, &y->key);
    return order ? order : x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void sort_entries(struct sorter *s) {
    if (s->count)
        qsort(s->entries, s->count, sizeof *s->entries, compare_entries);
}

// --- Merging ---

static enum status input_advance(struct sorter *s, struct input *in, struct error *error) {
    enum status status;
    in->record = NULL;
    while ((status = reader_next(in->reader, error)) == STATUS_OK)
        if (in->reader->event == READER_DATA) {
            in->record = in->reader->record;
            return s->key_of(in->record, &in->key, error);
        }
    return status == STATUS_END ? STATUS_OK : status;
}

// Takes the parts from the first one on off the stack and opens them.
static enum status merge_open(struct sorter *s, int first, struct error *error) {
    struct reader_limits limits = {.record_bytes = UINT64_MAX, .depth = UINT32_MAX}; // what was read once is read again
    int count = s->part_count - first;
    s->inputs = memory_calloc((size_t)count, sizeof *s->inputs);
    s->taken = NULL;
    enum status status = STATUS_OK;
    for (int i = 0; i < count; i++) {
        struct input *in = &s->inputs[s->input_count++];
        lseek(s->parts[first + i].fd, 0, SEEK_SET);
        in->reader = reader_open_fd(s->parts[first + i].fd, s->name, limits);
        if (status == STATUS_OK)
            status = input_advance(s, in, error);
    }
    s->part_count = first;
    return status;
}

static void merge_close(struct sorter *s) {
    for (int i = 0; i < s->input_count; i++)
        reader_close(s->inputs[i].reader);
    free(s->inputs);
    s->inputs = NULL;
    s->input_count = 0;
}

// Of equal keys, the oldest file's record comes first.
static enum status merge_next(struct sorter *s, const struct value **record, struct error *error) {
    enum status status = s->taken ? input_advance(s, s->taken, error) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    s->taken = NULL;
    for (struct input *in = s->inputs; in < s->inputs + s->input_count; in++)
        if (in->record && (!s->taken || compare_keys(&in->key, &s->taken->key) < 0))
            s->taken = in;
    *record = s->taken ? s->taken->record : NULL;
    return s->taken ? STATUS_OK : STATUS_END;
}

// --- Temporary files ---

static void push_part(struct sorter *s, int fd, int level) {
    s->parts = memory_room(s->parts, (size_t)s->part_count, &s->part_capacity, sizeof *s->parts);
    s->parts[s->part_count++] = (struct part){fd, level};
}

// The next record of memory or of the merge.
static enum status produce(struct sorter *s, const struct value **record, struct error *error) {
    if (s->input_count)
        return merge_next(s, record, error);
    if (s->next == s->count)
        return STATUS_END;
    const struct entry *e = &s->entries[s->next++];
    enum status status = value_decode(s->bytes + e->offset, e->size, UINT32_MAX, &s->nodes, error);
    *record = s->nodes.node;
    return status;
}

// Writes what is produced to a new file at the top of the stack.
static enum status write_part(struct sorter *s, int level, struct error *error) {
    int fd = tempfile_open(error);
    if (fd < 0)
        return STATUS_IO;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0); // the writer closes it
    push_part(s, fd, level);
    if (copy < 0)
        return error_set(error, STATUS_IO, "%s: %s", s->name, strerror(errno));
    struct writer *w = writer_open(copy, s->name, &s->identity);
    const struct value *record;
    enum status status = writer_begin_segment(w, NULL, 0, error);
    while (status == STATUS_OK && (status = produce(s, &record, error)) == STATUS_OK)
        status = writer_copy(w, record, error);
    if (status == STATUS_END)
        status = writer_end_segment(w, error);
    if (status == STATUS_OK)
        return writer_close(w, error);
    writer_abandon(w);
    return status;
}

// All records in memory become a file; as many files of one level as can be merged become one of the next.
static enum status spill(struct sorter *s, struct error *error) {
    sort_entries(s);
    s->next = 0;
    enum status status = write_part(s, 0, error);
    s->used = s->count = s->next = 0;
    while (status == STATUS_OK && s->part_count >= FAN_IN) {
        int first = s->part_count - FAN_IN, level = s->parts[s->part_count - 1].level;
        if (s->parts[first].level != level)
            break;
        status = merge_open(s, first, error);
        if (status == STATUS_OK)
            status = write_part(s, level + 1, error);
        merge_close(s);
    }
    return status;
}

// --- The interface ---

// Doubles, but not beyond the limit when that is enough.
static void *grow(void *block, size_t used, size_t needed, size_t *capacity, size_t limit, size_t item) {
    if (needed <= *capacity)
        return block;
    size_t more = 2 * *capacity < limit ? 2 * *capacity : limit;
    *capacity = more > needed ? more : needed;
    return memory_realloc(block, used * item, *capacity * item);
}

enum status sorter_add(struct sorter *s, const struct value *record, struct error *error) {
    struct entry e = {.size = record->length};
    enum status status = s->key_of(record, &e.key, error);
    if (status == STATUS_OK && s->count && s->used + e.size + (s->count + 1) * sizeof e > s->memory)
        status = spill(s, error);
    if (status != STATUS_OK)
        return status;
    s->bytes = grow(s->bytes, s->used, s->used + e.size, &s->capacity, s->memory, 1);
    s->entries = grow(s->entries, s->count, s->count + 1, &s->entry_capacity, s->memory / sizeof e, sizeof e);
    e.offset = s->used;
    memcpy(s->bytes + e.offset, record->bytes, e.size);
    s->used += e.size;
    s->entries[s->count++] = e;
    return STATUS_OK;
}

enum status sorter_next(struct sorter *s, const struct value **record, struct error *error) {
    enum status status = STATUS_OK;
    if (!s->sorted && s->part_count && s->count)
        status = spill(s, error);
    else if (!s->sorted)
        sort_entries(s);
    if (!s->sorted && s->part_count && status == STATUS_OK)
        status = merge_open(s, 0, error);
    s->sorted = true;
    return status == STATUS_OK ? produce(s, record, error) : status;
}

void sorter_free(struct sorter *s) {
    if (!s)
        return;
    merge_close(s);
    for (int i = 0; i < s->part_count; i++)
        close(s->parts[i].fd);
    free(s->parts);
    free(s->bytes);
    free(s->entries);
    free(s->nodes.node);
    free(s);
}
