// Preloaded into a filter, lets calls fail: FAIL="KIND N" the N-th call of that kind after main has begun, FAIL="KIND N on" that and all
// later ones; FAIL="KIND N kill" ends the process there by SIGKILL. With FAIL_REPORT, a file, the number of calls of each kind is written
// there at the end, and whether one has failed.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { MEMORY, READ, WRITE, FSYNC, RENAME, MMAP, OPEN, THREAD, KINDS };
static const struct {
    const char *name;
    int failure;
} kinds[KINDS] = {
    {"memory", ENOMEM}, {"read", EIO},    {"write", ENOSPC}, {"fsync", EIO},
    {"rename", EIO},    {"mmap", ENOMEM}, {"open", EMFILE},  {"thread", EAGAIN},
};

static bool armed, persistent, deadly;
static enum kind failing = KINDS;
static long wanted;
static atomic_long calls[KINDS];
static atomic_int failed;

static bool fails(enum kind kind) {
    if (!armed)
        return false;
    long n = ++calls[kind];
    if (kind != failing || (persistent ? n < wanted : n != wanted))
        return false;
    if (deadly)
        raise(SIGKILL);
    failed = 1;
    errno = kinds[kind].failure;
    return true;
}

// --- Memory: by glibc's own names, as dlsym itself allocates ---

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    return fails(MEMORY) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails(MEMORY) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return fails(MEMORY) ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return fails(MEMORY) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    void *p = fails(MEMORY) ? NULL : __libc_memalign(alignment, size);
    if (!p)
        return ENOMEM;
    *block = p;
    return 0;
}

// --- Everything else: the next definition of the name ---

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t read(int fd, void *bytes, size_t size) {
    return fails(READ) ? -1 : NEXT(read)(fd, bytes, size);
}

ssize_t readv(int fd, const struct iovec *parts, int count) {
    return fails(READ) ? -1 : NEXT(readv)(fd, parts, count);
}

ssize_t write(int fd, const void *bytes, size_t size) {
    return fails(WRITE) ? -1 : NEXT(write)(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    return fails(WRITE) ? -1 : NEXT(writev)(fd, parts, count);
}

int fsync(int fd) {
    return fails(FSYNC) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd) {
    return fails(FSYNC) ? -1 : NEXT(fdatasync)(fd);
}

int rename(const char *from, const char *to) {
    return fails(RENAME) ? -1 : NEXT(rename)(from, to);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
    return fails(MMAP) ? MAP_FAILED : NEXT(mmap)(address, size, protection, flags, fd, offset);
}

int open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fails(OPEN) ? -1 : NEXT(open)(path, flags, mode);
}

int mkstemp(char *path) {
    return fails(OPEN) ? -1 : NEXT(mkstemp)(path);
}

FILE *fopen(const char *path, const char *mode) {
    return fails(OPEN) ? NULL : NEXT(fopen)(path, mode);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *), void *argument) {
    return fails(THREAD) ? EAGAIN : NEXT(pthread_create)(thread, attributes, work, argument);
}

// --- stdio calls none of these by name: its streams are replaced by some that do ---

static ssize_t stdio_read(void *fd, char *bytes, size_t size) {
    return read(*(int *)fd, bytes, size);
}

static ssize_t stdio_write(void *fd, const char *bytes, size_t size) {
    ssize_t n = write(*(int *)fd, bytes, size);
    return n < 0 ? 0 : n; // what fopencookie wants
}

static int stdio_close(void *fd) {
    return close(*(int *)fd);
}

static void replace_stdio(void) {
    static int in = STDIN_FILENO, out = STDOUT_FILENO;
    stdin = fopencookie(&in, "r", (cookie_io_functions_t){.read = stdio_read, .close = stdio_close});
    stdout = fopencookie(&out, "w", (cookie_io_functions_t){.write = stdio_write, .close = stdio_close});
}

// --- From main to the end ---

static int (*real_main)(int, char **, char **);

static int armed_main(int argc, char **argv, char **environment) {
    char name[16] = "", rest[8] = "";
    const char *fail = getenv("FAIL");
    if (fail)
        sscanf(fail, "%15s %ld %7s", name, &wanted, rest);
    persistent = strcmp(rest, "on") == 0;
    deadly = strcmp(rest, "kill") == 0;
    for (int k = 0; k < KINDS; k++)
        if (strcmp(name, kinds[k].name) == 0)
            failing = (enum kind)k;
    replace_stdio();
    armed = true;
    return real_main(argc, argv, environment);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*unload)(void), void *stack_end) {
    real_main = main;
    return NEXT(__libc_start_main)(armed_main, argc, argv, init, fini, unload, stack_end);
}

__attribute__((destructor)) static void report(void) {
    armed = false;
    const char *path = getenv("FAIL_REPORT");
    FILE *f = path ? fopen(path, "w") : NULL;
    if (!f)
        return;
    for (int k = 0; k < KINDS; k++)
        fprintf(f, "%s %ld\n", kinds[k].name, (long)calls[k]);
    fprintf(f, "failed %d\n", failed);
    fclose(f);
}
