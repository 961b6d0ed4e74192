// The parts of lib/cli among themselves.
#ifndef CLI_CLI_INTERNAL_H
#define CLI_CLI_INTERNAL_H

#include "base/table.h"
#include "cli/cli.h"

struct cli {
    const struct program *program;
    struct cli_common common;
    struct option common_options[12];
    struct writer_identity identity;
    struct error error;
    int operand_count;
    char **operands;
    bool closed[3];               // which of the standard descriptors were closed when we began
    bool help, usage, version;    // the actions
    bool options;                 // and one more
    const struct value **sources; // further meta records whose history every output segment takes up
    int source_count;
    struct table kept;         // hash of a kept source's bytes -> its place from 1
    uint64_t *models;          // [identity.model_count], see cli_read_model
    uint32_t model_crc32;      // of what was read of the one that is being read
    bool wrote_segment;        // models are known before
    uint64_t skipped, used;    // with --skip-bad: records that were left out, and others
    bool mirrored;             // are the former in the output, as skipped records?
    uint64_t last_used;        // number of the record that was counted last among the others; 0: none
    uint64_t read, passed;     // data records of the input (models are none), and those of them that are passed on as they are
    char first_passed[32];     // the kind of the first one
    struct writer *out;        // standard output, to be flushed when we fail
    struct progress *progress; // the line on the terminal, to be ended before a message
};

void cli_tell_skipped(struct cli *cli); // at the end; exits when nothing was left

void help_print(FILE *f, const struct program *program, const struct option *common);
void help_usage(FILE *f, const struct program *program);
// A line for each option, for programs: NAME TYPE LETTER WORDS; TYPE flag, action, choice, words, file, directory or value; LETTER - for
// none; WORDS a|b|c, of choice and words only.
void help_options(FILE *f, const struct program *program, const struct option *common);

void progress_clear(struct progress *p); // takes the line off the terminal before something else is printed; NULL allowed

#endif
