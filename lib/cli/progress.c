#include "cli/cli_internal.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct progress {
    struct cli *cli;
    const char *unit;
    uint64_t total, done, before; // before: done when it began
    double started, drawn;        // seconds of the monotonic clock
    bool terminal;
    int width; // of the line that stands on the terminal, 0 = none
    char text[128];
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct progress *progress_new(struct cli *cli, const char *unit, uint64_t done, uint64_t total) {
    const struct cli_common *c = &cli->common;
    bool terminal = isatty(STDERR_FILENO), always = strcmp(c->progress, "always") == 0;
    if (c->quiet || strcmp(c->progress, "never") == 0 || !(terminal || always))
        return NULL;
    struct progress *p = memory_calloc(1, sizeof *p);
    *p = (struct progress){.cli = cli, .unit = unit, .total = total, .done = done, .before = done, .started = now(), .terminal = terminal};
    p->drawn = terminal ? 0 : p->started;
    cli->progress = p;
    return p;
}

// "3 s", "4 min 05 s", "2 h 07 min".
static void describe_seconds(char *out, size_t size, double seconds) {
    unsigned long s = seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 1000000000;
    if (s < 60)
        snprintf(out, size, "%lu s", s);
    else if (s < 3600)
        snprintf(out, size, "%lu min %02lu s", s / 60, s % 60);
    else
        snprintf(out, size, "%lu h %02lu min", s / 3600, s / 60 % 60);
}

static void describe(const struct progress *p, char *line, size_t size, double elapsed, bool final) {
    char total[32] = "", time[32] = "", time_text[48] = "";
    double rate = elapsed > 0 ? (double)(p->done - p->before) / elapsed : 0;
    if (p->total && !final)
        snprintf(total, sizeof total, "/%llu", (unsigned long long)p->total);
    if (final) {
        describe_seconds(time, sizeof time, elapsed);
        snprintf(time_text, sizeof time_text, " in %s", time);
    } else if (p->total > p->done && rate > 0) {
        describe_seconds(time, sizeof time, (double)(p->total - p->done) / rate);
        snprintf(time_text, sizeof time_text, ", %s left", time);
    }
    snprintf(line, size, "%s: %llu%s %s%s, %.*f/s%s%s", p->cli->program->name, (unsigned long long)p->done, total, p->unit, time_text,
             rate < 10    ? 2
             : rate < 100 ? 1
                          : 0,
             rate, p->text[0] ? ", " : "", p->text);
}

static int terminal_width(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

static void draw(struct progress *p, double time, bool final) {
    char line[320];
    describe(p, line, sizeof line, time - p->started, final);
    p->drawn = time;
    if (!p->terminal) {
        fprintf(stderr, "%s\n", line);
        return;
    }
    // One column stays free: a full line would make the cursor wrap. Blanks cover what was longer.
    int length = (int)strlen(line), room = terminal_width() - 1;
    length = length < room ? length : room;
    int blanks = p->width > length && p->width <= room ? p->width - length : 0;
    fprintf(stderr, "\r%.*s%*s", length, line, blanks, "");
    p->width = length;
}

void progress_step(struct progress *p, uint64_t done, const char *format, ...) {
    if (!p)
        return;
    p->done = done;
    va_list args;
    va_start(args, format);
    vsnprintf(p->text, sizeof p->text, format, args);
    va_end(args);
    double time = now();
    if (time - p->drawn >= (p->terminal ? 0.2 : 10))
        draw(p, time, false);
}

void progress_clear(struct progress *p) {
    if (!p || !p->width)
        return;
    fprintf(stderr, "\r%*s\r", p->width, "");
    p->width = 0;
}

void progress_end(struct progress *p) {
    if (!p)
        return;
    draw(p, now(), true);
    if (p->terminal)
        fputc('\n', stderr);
    p->cli->progress = NULL;
    free(p);
}
