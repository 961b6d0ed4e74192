#include "cli/ask.h"

#include "base/interrupt.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { LONGEST_LINE = 1 << 22 };

struct asked {
    struct oracle oracle; // first: the library's view of this
    char *command;
    pid_t pid;
    int to, from; // our ends of the pipes
    double timeout;
    bool fresh;     // nothing was asked since the beginning
    uint64_t lines; // questions so far
    char *buffer;   // what has been read of its answers
    size_t used, capacity;
    struct error error; // what went wrong
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool fail(struct asked *a, const char *what) {
    error_set(&a->error, interrupt_asked ? STATUS_INTERRUPTED : STATUS_DATA, "'%.200s', question %llu: %s", a->command,
              (unsigned long long)a->lines, what);
    return false;
}

// --- The process ---

static int pipe_pair(int ours_first, int *ours, int *theirs) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    *ours = ends[ours_first];
    *theirs = ends[!ours_first];
    return 0;
}

static int spawn(struct asked *a, int reads, int writes) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char *const argv[] = {"sh", "-c", a->command, NULL};
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, reads, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, writes, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP); // to be killed with all that it has started
    posix_spawnattr_setpgroup(&attributes, 0);
    int failed = posix_spawn(&a->pid, "/bin/sh", &files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

static int start(struct asked *a) {
    int reads = -1, writes = -1, failed = pipe_pair(1, &a->to, &reads);
    if (!failed && fcntl(a->to, F_SETFL, O_NONBLOCK) != 0) // a long line is not to wait in write(2) for longer than the time there is
        failed = errno;
    if (!failed)
        failed = pipe_pair(0, &a->from, &writes);
    if (!failed)
        failed = spawn(a, reads, writes);
    if (reads >= 0)
        close(reads);
    if (writes >= 0)
        close(writes);
    return failed;
}

// Waits until the program has ended, or the time is up. Returns whether it has.
static bool wait_for(struct asked *a, double seconds, int *status) {
    for (double end = now() + seconds;; nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL)) {
        pid_t ended = waitpid(a->pid, status, WNOHANG);
        if (ended == a->pid)
            a->pid = -1;
        if (ended != 0)
            return ended > 0;
        if (now() >= end)
            return false;
    }
}

static bool report_death(struct asked *a) {
    char text[96];
    int status;
    if (!wait_for(a, a->timeout < 1 ? a->timeout : 1, &status))
        return fail(a, "the program has closed its output");
    if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "the program was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, sizeof text, "the program has ended, with exit status %d", WEXITSTATUS(status));
    return fail(a, text);
}

// --- Lines ---

static bool timed_out(struct asked *a) {
    char text[64];
    snprintf(text, sizeof text, "no answer within %g seconds", a->timeout);
    return fail(a, text);
}

// Is the descriptor ready before the time is up?
static bool ready(struct asked *a, int fd, short events, double end) {
    for (;;) {
        double left = end - now();
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, left > 0 ? (int)ceil(1000 * fmin(left, 1e6)) : 0);
        if (n > 0)
            return true;
        if (interrupt_asked)
            return fail(a, "interrupted");
        if (n == 0 && now() >= end)
            return timed_out(a);
        if (n < 0 && errno != EINTR)
            return fail(a, strerror(errno));
    }
}

// write(2) to a pipe whose reader may be gone: no signal, which would be taken for our own output's.
static ssize_t write_quietly(int fd, const char *bytes, size_t size) {
    sigset_t broken, before;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken, &before);
    ssize_t written = write(fd, bytes, size);
    int failed = errno;
    sigtimedwait(&broken, NULL, &(struct timespec){0}); // also when a part was written before the reader went
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return written;
}

static bool send_line(struct asked *a, const char *text, size_t size) {
    double end = now() + a->timeout;
    while (size) {
        if (!ready(a, a->to, POLLOUT, end))
            return false;
        ssize_t written = write_quietly(a->to, text, size);
        if (written < 0 && errno == EPIPE)
            return report_death(a);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return fail(a, strerror(errno));
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
    return true;
}

static bool read_more(struct asked *a, double end) {
    if (a->used + 1 >= a->capacity) {
        size_t old = a->capacity;
        if (old >= LONGEST_LINE)
            return fail(a, "a line of more than 4 MiB");
        a->capacity = old ? 2 * old : 4096;
        a->buffer = memory_realloc(a->buffer, old, a->capacity);
    }
    if (!ready(a, a->from, POLLIN, end))
        return false;
    ssize_t got = read(a->from, a->buffer + a->used, a->capacity - a->used - 1);
    if (got == 0)
        return report_death(a);
    if (got < 0 && errno != EINTR && errno != EAGAIN)
        return fail(a, strerror(errno));
    a->used += got > 0 ? (size_t)got : 0;
    return true;
}

// Makes the first line of the buffer a text of its own; *next: where the rest begins.
static bool receive_line(struct asked *a, size_t *next) {
    double end = now() + a->timeout;
    char *newline;
    while (!(newline = a->used ? memchr(a->buffer, '\n', a->used) : NULL))
        if (!read_more(a, end))
            return false;
    *newline = 0;
    *next = (size_t)(newline - a->buffer) + 1;
    return strlen(a->buffer) == *next - 1 || fail(a, "the answer has a NUL character");
}

// --- The dialogue ---

static bool parse(struct asked *a, const char *line, float *answers) {
    char text[96];
    int n = 0;
    for (line += strspn(line, " \t,\r"); *line; line += strspn(line, " \t,\r"), n++) {
        char *end;
        float number = strtof(line, &end);
        if (end == line || !strchr(" \t,\r", *end) || !isfinite(number)) {
            snprintf(text, sizeof text, "the answer has '%.*s', which is no finite number", (int)strcspn(line, " \t,\r") % 40, line);
            return fail(a, text);
        }
        if (n < a->oracle.output)
            answers[n] = number;
        line = end;
    }
    if (n == a->oracle.output)
        return true;
    snprintf(text, sizeof text, "the answer has %d numbers, not %d", n, a->oracle.output);
    return fail(a, text);
}

static bool answer(struct oracle *oracle, const float *inputs, float *answers) {
    struct asked *a = (struct asked *)oracle;
    size_t room = 24 * (size_t)oracle->input + 2, size = 0, next;
    char *line = memory_alloc(room);
    a->lines++;
    a->fresh = false;
    for (int i = 0; i < oracle->input; i++)
        size += (size_t)snprintf(line + size, room - size, "%s%.9g", i ? " " : "", (double)inputs[i]);
    line[size++] = '\n';
    bool good = a->used == 0 || fail(a, "the program has said more than it was asked");
    good = good && send_line(a, line, size) && receive_line(a, &next) && parse(a, a->buffer, answers);
    free(line);
    if (good) {
        a->used -= next;
        memmove(a->buffer, a->buffer + next, a->used);
    }
    return good;
}

static bool reset(struct oracle *oracle) {
    struct asked *a = (struct asked *)oracle;
    if (a->fresh)
        return true;
    a->fresh = true;
    return send_line(a, "\n", 1);
}

enum status asked_start(struct asked **out, const char *command, int input, int output, double timeout, struct error *error) {
    struct asked *a = memory_calloc(1, sizeof *a);
    a->oracle = (struct oracle){.input = input, .output = output, .reset = reset, .answer = answer};
    a->command = memory_strdup(command);
    a->timeout = timeout;
    a->fresh = true;
    a->to = a->from = a->pid = -1;
    int failed = start(a);
    if (!failed) {
        *out = a;
        return STATUS_OK;
    }
    struct error ignored;
    if (asked_finish(a, &ignored) != STATUS_OK)
        return error_set(error, STATUS_IO, "--ask: %s", ignored.text);
    return error_set(error, STATUS_IO, "'%.200s' can't be started: %s", command, strerror(failed));
}

struct oracle *asked_oracle(struct asked *a) {
    return &a->oracle;
}

// When all is answered nothing may be left: whoever answers to empty lines, too, has answered all questions after the first one wrong.
static void expect_silence(struct asked *a) {
    double end = now() + a->timeout;
    while (a->used == 0 && now() < end && !interrupt_asked) {
        struct pollfd p = {.fd = a->from, .events = POLLIN};
        char byte;
        if (poll(&p, 1, (int)ceil(1000 * (end - now()))) > 0) {
            ssize_t got = read(a->from, &byte, 1);
            if (got == 0)
                return;
            a->used += got > 0;
        }
    }
    if (a->used)
        a->oracle.failed = !fail(a, "the program has said more than it was asked");
}

enum status asked_finish(struct asked *a, struct error *error) {
    int status;
    if (a->to >= 0)
        close(a->to);
    if (a->from >= 0 && !a->oracle.failed)
        expect_silence(a);
    if (a->from >= 0)
        close(a->from);
    if (a->pid > 0 && !wait_for(a, interrupt_asked ? 0 : a->timeout, &status)) {
        kill(-a->pid, SIGKILL);
        waitpid(a->pid, &status, 0);
    }
    enum status result = a->oracle.failed ? error_set(error, a->error.status, "--ask: %s", a->error.text) : STATUS_OK;
    free(a->command);
    free(a->buffer);
    free(a);
    return result;
}
