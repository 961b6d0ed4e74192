// Streams: reading and writing records of the size of a zoo RNN, and how long a filter takes to start (BIN names the filters' folder).
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>

#include "stream/reader.h"
#include "zoo.h"

enum { RECORDS = 1200, PAYLOAD = 55296 };

struct stream {
    char *path;           // of a file of them, in the page cache
    double bytes;         // its size
    const float *payload; // of one record
};

static void write_records(int fd, const char *name, const float *payload) {
    struct error error;
    struct writer *w = writer_open(fd, name, &zoo_identity);
    zoo_check(writer_begin_segment(w, NULL, 0, &error), &error);
    for (int i = 0; i < RECORDS; i++) {
        struct packer *p = writer_packer(w);
        pack_map(p);
        pack_key(p, "kind");
        pack_str(p, "rnn");
        pack_key(p, "run");
        pack_u64(p, (uint64_t)i);
        pack_key(p, "weights");
        pack_array(p, DTYPE_F4, 1, (uint64_t[]){PAYLOAD / 4}, payload);
        pack_end(p);
        zoo_check(writer_commit(w, &error), &error);
    }
    zoo_check(writer_end_segment(w, &error), &error);
    zoo_check(writer_close(w, &error), &error);
}

static void read_records(const char *path) {
    struct error error;
    struct reader *r;
    zoo_check(reader_open(&r, path, (struct reader_limits){0}, &error), &error);
    enum status status;
    while ((status = reader_next(r, &error)) == STATUS_OK)
        ;
    if (status != STATUS_END)
        zoo_check(status, &error);
    reader_close(r);
}

static int open_or_die(const char *path, int flags) {
    const int fd = open(path, flags);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

static void run_read_file(void *context) {
    const struct stream *s = context;
    read_records(s->path);
}

static void run_write_null(void *context) {
    const struct stream *s = context;
    write_records(open_or_die("/dev/null", O_WRONLY), "/dev/null", s->payload);
}

static void run_write_file(void *context) {
    const struct stream *s = context;
    write_records(open_or_die(s->path, O_WRONLY), s->path, s->payload); // over the same bytes
}

struct pipe_end {
    const struct stream *stream;
    int fd;
};

static void *write_into(void *context) {
    const struct pipe_end *end = context;
    write_records(end->fd, "pipe", end->stream->payload);
    return NULL;
}

static void run_pipe(void *context) {
    int fds[2];
    char path[32];
    pthread_t thread;
    if (pipe(fds) != 0)
        exit(1);
    struct pipe_end end = {context, fds[1]};
    if (pthread_create(&thread, NULL, write_into, &end) != 0)
        exit(1);
    snprintf(path, sizeof path, "/dev/fd/%d", fds[0]);
    const int reading = open_or_die(path, O_RDONLY); // stays open until the writer has ended, so that it gets no broken pipe
    close(fds[0]);
    snprintf(path, sizeof path, "/dev/fd/%d", reading);
    read_records(path);
    pthread_join(thread, NULL);
    close(reading);
}

extern char **environ;

static void run_filter(void *context) {
    char *argv[] = {context, "--version", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, context, &actions, NULL, argv, environ) != 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "%s --version failed\n", (char *)context);
        exit(1);
    }
    posix_spawn_file_actions_destroy(&actions);
}

int main(void) {
    float *payload = memory_calloc(PAYLOAD / 4, sizeof *payload);
    struct rng rng = rng_make(1, 1, "bench");
    for (int i = 0; i < PAYLOAD / 4; i++)
        payload[i] = rng_uniform(&rng, -1, 1);
    struct stream s = {.path = zoo_path(), .payload = payload};
    write_records(open_or_die(s.path, O_WRONLY), s.path, payload);
    FILE *file = fopen(s.path, "rb");
    fseek(file, 0, SEEK_END);
    s.bytes = (double)ftell(file);
    fclose(file);
    printf("%d records, %.1f MB\n", RECORDS, 1e-6 * s.bytes);
    bench_print_rate("reading a file in the page cache", bench_run(run_read_file, &s), 1e-9 * s.bytes, "GB/s");
    bench_print_rate("writing to /dev/null", bench_run(run_write_null, &s), 1e-9 * s.bytes, "GB/s");
    bench_print_rate("writing and reading through a pipe", bench_run(run_pipe, &s), 1e-9 * s.bytes, "GB/s");
    const char *bin = getenv("BIN");
    char filter[4096];
    snprintf(filter, sizeof filter, "%s/partition", bin ? bin : "build/bin");
    bench_print_rate("start of a filter", bench_run(run_filter, filter), 1, "starts/s");
    // Last, since the kernel then goes on writing to the disk.
    bench_print_rate("writing over a file in the page cache", bench_run(run_write_file, &s), 1e-9 * s.bytes, "GB/s");
    zoo_remove(s.path);
    free(payload);
    return 0;
}
