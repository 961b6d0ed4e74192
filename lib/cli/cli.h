// What every filter shares: options, help, YAML, messages, progress, signals, opening and closing of streams. A filter's main has four
// paragraphs:
//
//     int main(int argc, char **argv) {
//         /* options */  struct cli *cli = cli_begin(&program, argc, argv);          // handles --help, --version, misuse; exits by itself
//         /* open */     struct reader *in = cli_reader(cli, "-"); struct writer *out = cli_writer(cli);
//         /* records */  while (cli_next(cli, in, out, "rnn")) { ... cli_check(cli, writer_commit(out, cli_error(cli))); }
//         /* close */    return cli_finish(cli, in, out);
//     }
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/exitcode.h"
#include "cli/options.h"
#include "stream/json.h"
#include "stream/mapping.h"
#include "stream/reader.h"
#include "stream/writer.h"

#include <stdio.h>

struct program {
    const char *name;    // "train-rnn"
    const char *summary; // one line
    // Argument forms after the name, one a line: "--fit FILE [OPTION]... < ZOO > MODEL\n--model ..."; NULL = "[OPTION]..."
    const char *synopsis;
    const char *input;      // what standard input carries; NULL = not read
    const char *output;     // what standard output carries; NULL = nothing
    const char *examples;   // lines to paste, may be NULL
    struct option *options; // the filter's own, ends with a zeroed one; may be NULL
    int max_operands;       // file operands allowed (most filters: 0)
};

struct cli;

// The options every filter has, spliced after its own: --seed, --threads, --config, --progress, --quiet, --max-record-bytes, --skip-bad,
// --help, --usage, --version.
struct cli_common {
    uint64_t seed; // default 1
    bool seed_given;
    int threads; // default 1
    const char *config;
    const char *progress; // auto, always, never
    bool quiet;
    uint64_t max_record_bytes;
    bool skip_bad; // see cli_usable
};

struct cli *cli_begin(struct program *program, int argc, char **argv);
const struct cli_common *cli_common(const struct cli *cli);
int cli_operands(const struct cli *cli, char ***operands);
struct error *cli_error(struct cli *cli); // the one error of the program, to be passed to library calls

// Prints "name: text" and exits with the status' exit code, unless status is OK or END. After STATUS_CLOSED_PIPE it says nothing.
void cli_check(struct cli *cli, enum status status);
// The same, with the reader's "file: record 17 (byte 951234): " in front.
void cli_check_record(struct cli *cli, const struct reader *reader, enum status status);
// For misuse found by the filter: message, hint at --help, exit 64.
void cli_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
// For operands that are texts and no names of files (names, fields, conditions): usage error unless it is UTF-8. Options are checked when
// they are parsed, see options.h.
void cli_check_text(struct cli *cli, const char *what, const char *text);
// For the value of --label, NULL allowed: usage error unless it fits the label of a record.
void cli_check_label(struct cli *cli, const char *label);
// A warning or a remark on standard error, unless --quiet.
void cli_note(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The remark that options of these names ("a|b|c") were given and have no effect, one for each; why: as in "without --path".
void cli_note_unused(struct cli *cli, const char *names, const char *why);
// The same for options that belong to another mode of the program, as in "with --model": only those of the command line, as one section of
// a YAML file serves all modes. By their names, or by the headings of the table that they stand under.
void cli_note_other_mode(struct cli *cli, const char *names, const char *why);
void cli_note_headings(struct cli *cli, const char *headings, const char *why);
// Usage error unless there are numbers for the runs first_run .. first_run + count - 1.
void cli_check_runs(struct cli *cli, uint64_t first_run, uint64_t count);

// Text or bytes to stdio's stdout; exits on failure. What is printed by other ways is checked by cli_finish.
void cli_print(struct cli *cli, const void *text, size_t size);
// What is packed, one value, as a line of JSON.
void cli_print_json(struct cli *cli, const struct packer *p, enum json_arrays arrays);

struct reader *cli_reader(struct cli *cli, const char *path); // exits on failure; "-" refuses a terminal
// The whole of an input, to be read more than once by reader_open_memory (with cli_limits) before mapping_close; exits on failure likewise.
struct mapping cli_mapping(struct cli *cli, const char *path);
struct reader_limits cli_limits(const struct cli *cli);
struct writer *cli_writer(struct cli *cli); // standard output; refuses a terminal; sets up the identity; only cli_finish closes it
// Another output, which the filter closes (or cli_finish, when given it).
struct writer *cli_writer_fd(struct cli *cli, int fd, const char *name);

// The common loop. Mirrors segments: each input segment becomes an output segment whose history is extended. Records of other kinds than
// `kind` are copied through. Returns true with in->record set to a record of that kind, false after the clean end of input; exits on
// errors. kind may be a list "rnn|embedding", or NULL for every data record. out may be NULL (records of other kinds are then dropped).
bool cli_next(struct cli *cli, struct reader *in, struct writer *out, const char *kind);

// Of kind "rnn", with --skip-bad: RNNs that can't be read don't come by, see cli_rnn_usable.
//
// Its two halves, for filters that hold records back and have to know when something else comes by: the next event, of whatever kind (false
// after the clean end of input; exits on errors), and passing the current event on as it is. cli_pass: a record of another kind that was
// held back. When there was nothing else, cli_finish says so on standard error (status 0: the next filter may have a use for them).
bool cli_read(struct cli *cli, struct reader *in);
void cli_mirror(struct cli *cli, const struct reader *in, struct writer *out);
void cli_pass(struct cli *cli, struct writer *out, const struct value *record);

// --skip-bad, never the default: one RNN that can't be used does not stop a zoo of thousands. What came of trying to use the current
// record: true when all is well. STATUS_DATA: exits with the record's place; with --skip-bad false, after a note and with a skipped record
// in the output (out NULL: none). Other failures always exit. At the end cli_finish tells how many were left out, and exits with 65 when
// all were. The rule for every filter: whatever is wrong with one record of the data, found before anything is written for it, goes through
// here; what is wrong with options, models or named files doesn't.
bool cli_usable(struct cli *cli, const struct reader *in, struct writer *out, enum status status);
// The same for what all filters want of an rnn record: can it be read, are all weights there and finite? Looks only with --skip-bad.
bool cli_rnn_usable(struct cli *cli, const struct reader *in, struct writer *out);
// Will cli_next give the current record? For who looks at all of them beforehand, by cli_read: nothing is counted, told or written.
bool cli_would_pass(struct cli *cli, const struct reader *in);

// A record of the data that waits in a batch, and may turn out to be unusable only then. cli_hold: the current one, which cli_usable has
// counted as used; NULL without --skip-bad, as nothing is kept then. cli_usable_held: the same as cli_usable for it, and frees it.
struct cli_held;
struct cli_held *cli_hold(struct cli *cli, const struct reader *in);
bool cli_usable_held(struct cli *cli, struct cli_held *held, struct writer *out, enum status status);

void cli_writes_skipped(struct cli *cli); // skipped records for those that cli_usable was given no output for: the filter's own, later
void cli_count_skipped(struct cli *cli, uint64_t skipped, uint64_t used); // those that something else has left out, and told

// cli_read for a stream that is used beside the data: a model, a reference, a zoo to search. At its end its CRC-32 joins the `models` of
// this program's entry in the history. That is all that the output says of it: every segment has the same reference, so a part of a stream
// has the same bytes as in the whole, and history is linear in segments. To be read before the first segment is written, one at a time.
bool cli_read_model(struct cli *cli, struct reader *in);
// A meta record of an input that the one segment to come is made of, besides those that cli_begin_segment is given: its history is copied,
// and once only when there are equal ones.
void cli_keep_source(struct cli *cli, const struct value *meta);

// Begins a segment whose history is that of these meta records and of the kept sources; exits on errors.
void cli_begin_segment(struct cli *cli, struct writer *out, const struct value *const *metas, int count);
const struct writer_identity *cli_identity(const struct cli *cli); // for writers of the library's own

// Writes a record that was packed apart from the writer; exits on errors.
void cli_commit(struct cli *cli, struct writer *out, const struct packer *p);

// Closes both (either may be NULL), checks standard output, and returns the exit code for main.
int cli_finish(struct cli *cli, struct reader *in, struct writer *out);

// Keeps other processes off a file that this one replaces from time to time: holds the lock of path.lock until the program ends, and
// removes that file then. Exits with 75 when another process holds it. A file left behind by a killed process holds nobody up.
void cli_lock(struct cli *cli, const char *path);

// Has SIGINT or SIGTERM arrived? Only after cli_catch_signals; waiting for input or output then ends with STATUS_INTERRUPTED. A filter with
// something to save asks in its loop, saves, and calls cli_interrupted.
void cli_catch_signals(void);
bool cli_signalled(void);
void cli_interrupted(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn)); // message, exit 75

// Progress on standard error: rate, time left, and a free text such as the current loss. Shown on a terminal (auto), redrawn at most 5
// times a second; with "always" and no terminal, a line every 10 seconds. total 0 = unknown; done: before this run of the program, as a
// checkpoint has it, which is no part of the rate.
struct progress;
struct progress *progress_new(struct cli *cli, const char *unit, uint64_t done, uint64_t total);
void progress_step(struct progress *p, uint64_t done, const char *format, ...) __attribute__((format(printf, 3, 4)));
void progress_end(struct progress *p); // final line; frees; NULL allowed

#endif
