#include "math/kernels.h"
#include "cli/cli_internal.h"

#include "base/escape.h"
#include "base/filemap.h"
#include "base/interrupt.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/note.h"
#include "base/utf8.h"
#include "cli/config.h"
#include "stream/field.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

// There is one: the handler for memory that can't be had gets no context, and neither does a signal handler.
static struct cli running;
static char *lock_path; // of the lock file that we hold

static void remove_lock(void) {
    if (lock_path)
        unlink(lock_path);
}

static void out_of_memory(size_t size) {
    if (size)
        fprintf(stderr, "%s: memory for %zu bytes can't be had\n", running.program->name, size);
    else
        fprintf(stderr, "%s: memory can't be had\n", running.program->name);
    remove_lock();
    _exit(EXIT_NO_MEMORY);
}

// A mapped file has become shorter, and what is gone was touched. Any other SIGBUS is what it always is.
static void on_bus_error(int number, siginfo_t *info, void *context) {
    (void)context;
    const char *name = filemap_name(info->si_addr);
    if (!name) {
        signal(number, SIG_DFL); // the touch is repeated
        return;
    }
    const char *const parts[] = {running.program->name, ": ", name, ": was cut while it was read\n"};
    struct iovec text[4];
    for (int i = 0; i < 4; i++)
        text[i] = (struct iovec){(void *)parts[i], strlen(parts[i])};
    ssize_t written = writev(STDERR_FILENO, text, 4);
    (void)written; // there is nobody else to tell
    remove_lock();
    _exit(EXIT_IO);
}

// Takes the place of closed standard descriptors, so that no file opened later lands there. Opened the wrong way round: using one still
// fails with EBADF.
static void occupy_closed_descriptors(struct cli *cli) {
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
            continue;
        cli->closed[fd] = true;
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(EXIT_IO);
    }
}

static void set_common_options(struct cli *cli) {
    struct cli_common *c = &cli->common;
    *c = (struct cli_common){.seed = 1, .threads = 1, .progress = "auto"};
    struct option table[] = {
        {.type = OPTION_U64, .name = "seed", .target = &c->seed, .help = "Seed of all random numbers"},
        {.type = OPTION_INT, .name = "threads", .target = &c->threads, .low = 1, .high = 1024, .help = "Threads of this process"},
        {.type = OPTION_TEXT,
         .name = "config",
         .target = &c->config,
         .value = "FILE",
         .help = "YAML file with options; the command line wins"},
        {.type = OPTION_CHOICE,
         .name = "progress",
         .target = &c->progress,
         .value = "WHEN",
         .choices = "auto|always|never",
         .help = "Progress on standard error: always, never, or auto, on a terminal only"},
        {.type = OPTION_FLAG, .name = "quiet", .letter = 'q', .target = &c->quiet, .help = "Print nothing on standard error but errors"},
        {.type = OPTION_U64,
         .name = "max-record-bytes",
         .target = &c->max_record_bytes,
         .help = "Greatest size of a record that is read, in bytes; 0 stands for 1 GiB"},
        {.type = OPTION_FLAG,
         .name = "skip-bad",
         .target = &c->skip_bad,
         .help = "Leave out RNNs that can't be read, instead of stopping there; the output and standard error say which"},
        {.type = OPTION_ACTION, .name = "help", .letter = 'h', .target = &cli->help, .help = "Print this help and exit"},
        {.type = OPTION_ACTION, .name = "usage", .target = &cli->usage, .help = "Print the usage lines and exit"},
        {.type = OPTION_ACTION,
         .name = "options",
         .target = &cli->options,
         .help = "Print a table of the options, as Tab completion reads it, and exit"},
        {.type = OPTION_ACTION, .name = "version", .target = &cli->version, .help = "Print the version and exit"},
        {0},
    };
    _Static_assert(sizeof table <= sizeof cli->common_options, "struct cli has room for all");
    memcpy(cli->common_options, table, sizeof table);
}

static enum status output_failure(int reason, struct error *error) {
    return error_set(error, reason == EPIPE ? STATUS_CLOSED_PIPE : STATUS_IO, "standard output: %s",
                     reason ? strerror(reason) : "writing failed");
}

// Ends standard output when it was written through stdio. ferror comes first, as fclose does not report an older failure. Why that failed
// is forgotten by now, but a pipe that nobody reads still shows.
static enum status close_stdout(struct error *error) {
    if (ferror(stdout)) {
        struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};
        return output_failure(poll(&fd, 1, 0) == 1 && fd.revents & POLLERR ? EPIPE : 0, error);
    }
    if (fflush(stdout) != 0 || (fclose(stdout) != 0 && errno != EBADF)) // EBADF: a writer has closed it
        return output_failure(errno, error);
    return STATUS_OK;
}

// Messages have names of files and of records in them, which may have any bytes, and standard error may be a terminal.
static void print_message(const struct cli *cli, const char *text) {
    char *shown = escaped_message(text);
    fprintf(stderr, "%s: %s\n", cli->program->name, shown);
    free(shown);
}

// Ends the program after a failure: what was committed is flushed (it is whole records, but no end record follows), then the message.
static void fail(struct cli *cli, enum exit_code code, const char *hint) __attribute__((noreturn));
static void fail(struct cli *cli, enum exit_code code, const char *hint) {
    progress_clear(cli->progress);
    if (code != EXIT_CLOSED_PIPE) {
        struct error ignored;
        if (cli->out && writer_flush(cli->out, &ignored) != STATUS_OK)
            cli->out = NULL; // the first error is the one to report
        fflush(stdout);
        print_message(cli, cli->error.text);
        fputs(hint, stderr);
    }
    exit(code);
}

static void fail_usage(struct cli *cli) __attribute__((noreturn));
static void fail_usage(struct cli *cli) {
    char hint[128];
    snprintf(hint, sizeof hint, "Try '%s --help'.\n", cli->program->name);
    fail(cli, EXIT_BAD_USAGE, hint);
}

void cli_check(struct cli *cli, enum status status) {
    if (status != STATUS_OK && status != STATUS_END)
        fail(cli, exitcode_of(mapping_blame(status, &cli->error)), "");
}

static void on_note(const char *text) {
    cli_note(&running, "%s", text);
}

static void run_action(struct cli *cli) __attribute__((noreturn));
static void run_action(struct cli *cli) {
    if (cli->help)
        help_print(stdout, cli->program, cli->common_options);
    else if (cli->usage)
        help_usage(stdout, cli->program);
    else if (cli->options)
        help_options(stdout, cli->program, cli->common_options);
    else
        printf("%s (rnnpipe) %s\n", cli->program->name, RNNPIPE_VERSION);
    cli_check(cli, close_stdout(&cli->error));
    exit(EXIT_OK);
}

// The environment may ask for an instruction set that is not there, or misspelt.
static void check_kernels(struct cli *cli) {
    const char *wanted = getenv("RNNPIPE_KERNELS");
    bool known = !wanted;
    for (int i = 0; !known && kernels_available(i); i++)
        known = strcmp(kernels_available(i)->name, wanted) == 0;
    if (!known)
        cli_note(cli, "RNNPIPE_KERNELS=%s is none of this machine's instruction sets: %s is used", wanted, kernels()->name);
}

struct cli *cli_begin(struct program *program, int argc, char **argv) {
    struct cli *cli = &running;
    cli->program = program;
    memory_on_failure(out_of_memory);
    note_on(on_note);
    sigaction(SIGBUS, &(struct sigaction){.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO}, NULL);
    occupy_closed_descriptors(cli);
    set_common_options(cli);

    // getopt_long permutes argv; the history tells it as it was typed.
    char **typed = memory_calloc((size_t)argc + 1, sizeof *typed);
    memcpy(typed, argv, (size_t)argc * sizeof *typed);
    cli->identity = (struct writer_identity){.program = program->name, .version = RNNPIPE_VERSION, .argc = argc, .argv = typed};

    int first = argc;
    if (options_parse(argc, argv, program->options, cli->common_options, &first, &cli->error) != STATUS_OK)
        fail_usage(cli);
    if (cli->help || cli->usage || cli->version || cli->options)
        run_action(cli);
    cli->operand_count = argc - first;
    cli->operands = argv + first;
    if (cli->operand_count > program->max_operands)
        cli_usage(cli, "unexpected operand '%s'", cli->operands[program->max_operands]);
    if (cli->common.config)
        cli_check(cli, config_apply(cli->common.config, program->name, program->options, cli->common_options, &cli->error));
    cli->common.seed_given = option_find(NULL, cli->common_options, "seed")->given;
    check_kernels(cli);
    return cli;
}

const struct cli_common *cli_common(const struct cli *cli) {
    return &cli->common;
}

int cli_operands(const struct cli *cli, char ***operands) {
    *operands = cli->operands;
    return cli->operand_count;
}

struct error *cli_error(struct cli *cli) {
    return &cli->error;
}

void cli_check_record(struct cli *cli, const struct reader *reader, enum status status) {
    if (status != STATUS_OK && status != STATUS_END && status != STATUS_CLOSED_PIPE)
        status = reader_blame(reader, &cli->error);
    cli_check(cli, status);
}

void cli_usage(struct cli *cli, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char text[sizeof cli->error.text]; // the error's own may be among the arguments
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    memcpy(cli->error.text, text, sizeof text);
    fail_usage(cli);
}

void cli_check_text(struct cli *cli, const char *what, const char *text) {
    if (!utf8_valid(text, strlen(text)))
        cli_usage(cli, "%s: '%s' is no UTF-8, as texts in records are", what, text);
}

void cli_check_label(struct cli *cli, const char *label) {
    if (label && (!*label || strlen(label) >= TEXT_FIELD_SIZE || !field_is_line(label)))
        cli_usage(cli, "--label is a text of 1 .. %d bytes without control characters", TEXT_FIELD_SIZE - 1);
}

void cli_note(struct cli *cli, const char *format, ...) {
    if (cli->common.quiet)
        return;
    char text[sizeof cli->error.text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    progress_clear(cli->progress);
    print_message(cli, text);
}

static void note_unused(struct cli *cli, const char *names, const char *why, bool of_file) {
    for (const struct option *o = cli->program->options; o->name || o->type == OPTION_HEADING; o++)
        if (o->given && (of_file || !o->from_file) && option_is_choice(names, o->name))
            cli_note(cli, "--%s has no effect %s", o->name, why);
}

void cli_note_unused(struct cli *cli, const char *names, const char *why) {
    note_unused(cli, names, why, true);
}

void cli_note_other_mode(struct cli *cli, const char *names, const char *why) {
    note_unused(cli, names, why, false);
}

void cli_note_headings(struct cli *cli, const char *headings, const char *why) {
    bool inside = false;
    for (const struct option *o = cli->program->options; o->name || o->type == OPTION_HEADING; o++) {
        if (o->type == OPTION_HEADING)
            inside = option_is_choice(headings, o->help);
        else if (inside)
            note_unused(cli, o->name, why, false);
    }
}

void cli_check_runs(struct cli *cli, uint64_t first_run, uint64_t count) {
    if (count > UINT64_MAX - first_run)
        cli_usage(cli, "--first-run %llu: run numbers end at %llu", (unsigned long long)first_run, (unsigned long long)UINT64_MAX);
}

void cli_print(struct cli *cli, const void *text, size_t size) {
    if (size && fwrite(text, 1, size, stdout) != size)
        cli_check(cli, output_failure(errno, &cli->error));
}

void cli_print_json(struct cli *cli, const struct packer *p, enum json_arrays arrays) {
    struct text line = {0};
    cli_check(cli, json_write_packed(&line, p, arrays, &cli->error));
    text_put(&line, "\n");
    cli_print(cli, line.bytes, line.size);
    free(line.bytes);
}

static void check_input(struct cli *cli, const char *path) {
    bool standard = strcmp(path, "-") == 0;
    if (standard && cli->closed[STDIN_FILENO])
        cli_check(cli, error_set(&cli->error, STATUS_NO_INPUT, "standard input is closed"));
    if (standard && isatty(STDIN_FILENO))
        cli_usage(cli, "standard input is a terminal: records are binary; redirect or pipe them in");
}

struct reader *cli_reader(struct cli *cli, const char *path) {
    struct reader *reader = NULL;
    check_input(cli, path);
    cli_check(cli, reader_open(&reader, path, cli_limits(cli), &cli->error));
    return reader;
}

struct mapping cli_mapping(struct cli *cli, const char *path) {
    struct mapping map;
    check_input(cli, path);
    cli_check(cli, mapping_open(&map, path, &cli->error));
    return map;
}

struct reader_limits cli_limits(const struct cli *cli) {
    return (struct reader_limits){.record_bytes = cli->common.max_record_bytes};
}

struct writer *cli_writer(struct cli *cli) {
    if (cli->closed[STDOUT_FILENO])
        cli_check(cli, error_set(&cli->error, STATUS_IO, "standard output is closed"));
    if (isatty(STDOUT_FILENO))
        cli_usage(cli, "standard output is a terminal: records are binary; redirect it or pipe it into rec-json");
    cli->out = cli_writer_fd(cli, STDOUT_FILENO, "standard output");
    return cli->out;
}

struct writer *cli_writer_fd(struct cli *cli, int fd, const char *name) {
    return writer_open(fd, name, &cli->identity);
}

void cli_keep_source(struct cli *cli, const struct value *meta) {
    uint64_t *place = table_at(&cli->kept, hash_bytes(0, meta->bytes, meta->length));
    const struct value *old = *place ? cli->sources[*place - 1] : NULL;
    if (old && old->length == meta->length && memcmp(old->bytes, meta->bytes, meta->length) == 0)
        return;
    size_t size = (size_t)cli->source_count * sizeof *cli->sources;
    cli->sources = memory_realloc(cli->sources, size, size + sizeof *cli->sources);
    cli->sources[cli->source_count++] = value_clone(meta);
    *place = (uint64_t)cli->source_count;
}

static void add_model(struct cli *cli, uint32_t crc32) {
    assert(!cli->wrote_segment);
    int count = cli->identity.model_count;
    for (int i = 0; i < count; i++)
        if (cli->models[i] == crc32)
            return;
    size_t size = (size_t)count * sizeof *cli->models;
    cli->models = memory_realloc(cli->models, size, size + sizeof *cli->models);
    cli->models[count] = crc32;
    cli->identity.models = cli->models;
    cli->identity.model_count = count + 1;
}

static bool next_event(struct cli *cli, struct reader *in) {
    enum status status = reader_next(in, &cli->error);
    cli_check(cli, status);
    return status == STATUS_OK;
}

bool cli_read_model(struct cli *cli, struct reader *in) {
    if (next_event(cli, in)) {
        cli->model_crc32 = hash_crc32(cli->model_crc32, in->record->bytes, in->record->length);
        return true;
    }
    add_model(cli, cli->model_crc32);
    cli->model_crc32 = 0;
    return false;
}

void cli_begin_segment(struct cli *cli, struct writer *out, const struct value *const *metas, int count) {
    int further = cli->source_count;
    const struct value **sources = memory_calloc((size_t)(count + further), sizeof *sources);
    for (int i = 0; i < count; i++)
        sources[i] = metas[i];
    for (int i = 0; i < further; i++)
        sources[count + i] = cli->sources[i];
    cli->wrote_segment = true;
    cli_check(cli, writer_begin_segment(out, sources, count + further, &cli->error));
    free(sources);
}

const struct writer_identity *cli_identity(const struct cli *cli) {
    return &cli->identity;
}

static bool kind_matches(const struct value *record, const char *kind) {
    char text[64];
    return !kind || (value_to_text(value_get(record, "kind"), text, sizeof text) && option_is_choice(kind, text));
}

bool cli_read(struct cli *cli, struct reader *in) {
    bool there = next_event(cli, in);
    cli->read += there && in->event == READER_DATA;
    return there;
}

void cli_pass(struct cli *cli, struct writer *out, const struct value *record) {
    if (!cli->passed++ && !value_to_text(value_get(record, "kind"), cli->first_passed, sizeof cli->first_passed))
        strcpy(cli->first_passed, "?");
    cli_check(cli, writer_copy(out, record, &cli->error));
}

void cli_mirror(struct cli *cli, const struct reader *in, struct writer *out) {
    if (in->event == READER_META)
        cli_begin_segment(cli, out, &in->record, 1);
    else if (in->event == READER_END)
        cli_check(cli, writer_end_segment(out, &cli->error));
    else
        cli_pass(cli, out, in->record);
}

bool cli_next(struct cli *cli, struct reader *in, struct writer *out, const char *kind) {
    while (cli_read(cli, in)) {
        if (in->event == READER_DATA && kind_matches(in->record, kind)) {
            if (!value_is(value_get(in->record, "kind"), "rnn") || cli_rnn_usable(cli, in, out))
                return true;
            continue;
        }
        if (out)
            cli_mirror(cli, in, out);
    }
    return false;
}

void cli_commit(struct cli *cli, struct writer *out, const struct packer *p) {
    struct value record = {.type = VALUE_MAP};
    record.bytes = packer_bytes(p, &record.length);
    cli_check(cli, writer_copy(out, &record, &cli->error));
}

// A filter that finds nothing to work on is not what the writer of the pipeline meant.
static void tell_idle(struct cli *cli) {
    if (cli->passed && cli->passed == cli->read)
        cli_note(
            cli,
            "nothing to do: no record of the input is of a kind that this program reads; they are passed on (the first is of kind '%s')",
            cli->first_passed);
}

int cli_finish(struct cli *cli, struct reader *in, struct writer *out) {
    cli_tell_skipped(cli);
    tell_idle(cli);
    reader_close(in);
    cli_check(cli, mapping_check_all(&cli->error)); // whatever was read more than once, or in between
    if (out == cli->out)
        cli->out = NULL;
    if (out)
        cli_check(cli, writer_close(out, &cli->error));
    cli_check(cli, close_stdout(&cli->error));
    return EXIT_OK;
}

void cli_lock(struct cli *cli, const char *path) {
    char *name = memory_alloc(strlen(path) + sizeof ".lock");
    strcat(strcpy(name, path), ".lock");
    for (;;) {
        int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666); // stays open: the lock lasts as long as the process
        if (fd < 0)
            cli_check(cli, error_set(&cli->error, STATUS_IO, "%s: %s", name, strerror(errno)));
        if (flock(fd, LOCK_EX | LOCK_NB) != 0)
            cli_check(cli, errno == EWOULDBLOCK
                               ? error_set(&cli->error, STATUS_INTERRUPTED, "%s: another process is at work on it, see %s", path, name)
                               : error_set(&cli->error, STATUS_IO, "%s: %s", name, strerror(errno)));
        struct stat held, named;
        if (fstat(fd, &held) == 0 && stat(name, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev)
            break;
        close(fd); // its last holder has just removed it
    }
    lock_path = name;
    atexit(remove_lock);
}

static void on_signal(int number) {
    (void)number;
    interrupt_asked = 1;
}

void cli_catch_signals(void) {
    // No SA_RESTART: what waits for input or output is woken up. The second signal is deadly again; an ignored one (nohup) stays ignored.
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}, old;
    const int numbers[] = {SIGINT, SIGTERM};
    for (int i = 0; i < 2; i++)
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
}

bool cli_signalled(void) {
    return interrupt_asked != 0;
}

void cli_interrupted(struct cli *cli, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char text[sizeof cli->error.text];
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    memcpy(cli->error.text, text, sizeof text);
    fail(cli, EXIT_INTERRUPTED, "");
}
