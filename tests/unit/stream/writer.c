#include "stream/writer.h"

#include "../check.h"
#include "sample.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

static struct error error;

static void pack_entry(struct packer *p, const char *program) {
    pack_map(p), pack_key(p, "program"), pack_str(p, program), pack_key(p, "version"), pack_str(p, "1.0"), pack_key(p, "argv"),
        pack_list(p);
    pack_str(p, program), pack_str(p, "--seed"), pack_end(p), pack_end(p);
}

// A meta record with the given programs (one letter each) as its history.
static void decode_meta(struct packer *p, struct value_nodes *nodes, const char *programs) {
    packer_clear(p);
    pack_map(p), pack_key(p, "kind"), pack_str(p, "meta"), pack_key(p, "format"), pack_u64(p, 1), pack_key(p, "history"), pack_list(p);
    for (; *programs; programs++)
        pack_entry(p, (char[]){*programs, 0});
    pack_end(p), pack_end(p);
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    CHECK(value_decode(bytes, size, 0, nodes, &error) == STATUS_OK, "%s", error.text);
}

// Histories are joined in order of first appearance, equal entries once, the writer's own at the end.
static void check_history(void) {
    struct packer *p[2] = {packer_new(), packer_new()};
    struct value_nodes nodes[2] = {{0}};
    decode_meta(p[0], &nodes[0], "abc"), decode_meta(p[1], &nodes[1], "bdad");
    const struct value *sources[2] = {nodes[0].node, nodes[1].node};
    int ends[2];
    if (pipe(ends) != 0)
        abort();
    struct writer_identity identity = {.program = "w", .version = "1.0", .argc = 2, .argv = (char *[]){"/somewhere/w", "--seed"}};
    struct writer *w = writer_open(ends[1], "pipe", &identity);
    identity.models = (uint64_t[]){7, 0xffffffff}, identity.model_count = 2; // read after the output was opened
    CHECK(writer_begin_segment(w, sources, 2, &error) == STATUS_OK && writer_end_segment(w, &error) == STATUS_OK &&
              writer_close(w, &error) == STATUS_OK,
          "%s", error.text);
    uint8_t bytes[4096];
    ssize_t size = read(ends[0], bytes, sizeof bytes);
    struct reader *r = reader_open_memory(bytes, (size_t)size, "pipe", (struct reader_limits){0});
    CHECK(reader_next(r, &error) == STATUS_OK && value_is(value_get(r->record, "program"), "w") &&
              value_is(value_get(r->record, "version"), "1.0"),
          "%s", error.text);
    const struct value *history = value_get(r->record, "history");
    CHECK(history && history->count == 5, "%d entries", history ? (int)history->count : -1);
    for (uint32_t i = 0; i < 5; i++) {
        const struct value *argv = value_get(value_at(history, i), "argv");
        char name[2] = {"abcdw"[i], 0};
        CHECK(value_is(value_get(value_at(history, i), "program"), name), "entry %d", (int)i);
        CHECK(argv && argv->count == 2 && value_is(value_at(argv, 0), name) && value_is(value_at(argv, 1), "--seed"), "entry %d", (int)i);
        const struct value *models = value_get(value_at(history, i), "models");
        uint64_t first, second;
        CHECK((i == 4) == (models != NULL), "only the writer has used models");
        CHECK(!models || (models->count == 2 && value_to_u64(value_at(models, 0), &first) && first == 7 &&
                          value_to_u64(value_at(models, 1), &second) && second == 0xffffffff));
    }
    reader_close(r);
    close(ends[0]);
    for (int i = 0; i < 2; i++)
        packer_free(p[i]), free(nodes[i].node);
}

// A filter that copies everything gives the same records, with counts and sums that fit.
static void check_copy(void) {
    size_t size;
    uint8_t *bytes = sample_bytes(2, 5, 30000, &size);
    int fd = memfd_create("copy", 0);
    struct reader *in = reader_open_memory(bytes, size, "in", (struct reader_limits){0});
    struct writer *out = writer_open(dup(fd), "out", &sample_identity);
    enum status status;
    while ((status = reader_next(in, &error)) == STATUS_OK) {
        if (in->event == READER_META)
            status = writer_begin_segment(out, &in->record, 1, &error);
        else
            status = in->event == READER_DATA ? writer_copy(out, in->record, &error) : writer_end_segment(out, &error);
        CHECK(status == STATUS_OK, "%s", error.text);
    }
    CHECK(status == STATUS_END && writer_close(out, &error) == STATUS_OK, "%s", error.text);
    uint8_t *copy = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK((size_t)lseek(fd, 0, SEEK_END) == size && memcmp(copy, bytes, size) == 0,
          "equal entries of a history come once, so the copy is the same");
    munmap(copy, size);
    reader_close(in);
    close(fd);
    free(bytes);
}

static void check_failures(void) {
    signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (pipe(ends) != 0)
        abort();
    close(ends[0]);
    CHECK(sample_write(ends[1], 1, 1, 4, &error) == STATUS_CLOSED_PIPE, "status %d", error.status);
    CHECK(sample_write(open("/dev/full", O_WRONLY), 1, 3, 100000, &error) == STATUS_IO, "status %d", error.status);
    CHECK(strcmp(error.text, "sample: writing failed: No space left on device") == 0, "%s", error.text);
    CHECK(sample_write(-1, 1, 1, 4, &error) == STATUS_IO && strstr(error.text, "Bad file descriptor"), "%s", error.text);
    struct writer *w = writer_open(-1, "closed", &sample_identity);
    CHECK(writer_close(w, &error) == STATUS_IO, "a close that fails is told");
    writer_abandon(NULL);
}

static void ignore_signal(int number) {
    (void)number;
}

struct drain {
    int fd;
    struct packer *bytes;
    pthread_t writer;
};

// Takes odd amounts from a pipe and interrupts its writer meanwhile.
static void *drain_pipe(void *data) {
    struct drain *d = data;
    char chunk[4099];
    ssize_t n;
    for (int i = 0; i < 5; i++) { // the pipe is full: the first one shortens a write, the others interrupt it before it has begun
        usleep(5000);
        pthread_kill(d->writer, SIGUSR1);
    }
    for (int i = 0; (n = read(d->fd, chunk, sizeof chunk)) > 0; i++) {
        uint64_t all = (uint64_t)n;
        pack_value(d->bytes, &(struct value){.bytes = (uint8_t *)chunk, .length = all});
        if (i % 16 == 0 && i < 160)
            pthread_kill(d->writer, SIGUSR1);
    }
    return NULL;
}

// Interrupted and short writes to a blocking and to a non-blocking pipe lose nothing.
static void check_interruptions(int flags) {
    size_t size, found;
    uint8_t *bytes = sample_bytes(1, 4, 300000, &size);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = ignore_signal}, NULL);
    int ends[2];
    pthread_t thread;
    if (pipe(ends) != 0 || fcntl(ends[1], F_SETFL, flags) != 0)
        abort();
    struct drain drain = {ends[0], packer_new(), pthread_self()};
    pthread_create(&thread, NULL, drain_pipe, &drain);
    CHECK(sample_write(ends[1], 1, 4, 300000, &error) == STATUS_OK, "%s", error.text);
    pthread_join(thread, NULL);
    const uint8_t *read = packer_bytes(drain.bytes, &found);
    CHECK(found == size && memcmp(read, bytes, size) == 0, "%zu bytes of %zu", found, size);
    packer_free(drain.bytes);
    close(ends[0]);
    free(bytes);
}

int main(void) {
    check_history();
    check_copy();
    check_failures();
    check_interruptions(0);
    check_interruptions(O_NONBLOCK);
    return check_report("writer");
}
