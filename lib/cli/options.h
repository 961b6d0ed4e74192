// One table per filter makes the parser, --help, --usage, the keys of its section in a YAML file, and the typed defaults.
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum option_type {
    OPTION_FLAG,   // bool *; --name, --no-name; YAML true / false
    OPTION_INT,    // int *
    OPTION_U64,    // uint64_t *
    OPTION_REAL,   // double *
    OPTION_TEXT,   // const char **; has to be UTF-8, unless `value` is FILE, DIR, DIRECTORY or PATTERN: names of files may be any bytes
    OPTION_CHOICE, // const char **; choices is "a|b|c"
    OPTION_ACTION, // bool *; --name only, ends the parsing at once: --help, --usage, --version
    OPTION_HEADING // no option: `help` is a heading in --help
};

struct option {
    const char *name; // long name without dashes; also the YAML key
    char letter;      // short name or 0
    enum option_type type;
    void *target;      // holds the default when parsing begins: --help prints it from there. A text of NULL shows no default.
    const char *value; // metavariable, e.g. "N", "FILE"; NULL for the type's own
    const char *help;  // one sentence, with the unit
    double low, high;  // bounds of numbers, inclusive; both 0 = none
    const char *choices;
    const char *words; // of a text: what is usual in it or in its list, "a|b|c", for Tab completion only
    bool given;        // set by the parser: from the command line or the YAML file
    bool from_file;    // by the latter
};

// Parses the command line into both tables (each ends with a zeroed option; own may be NULL and wins where both have a name) and gathers
// the operands at the end of argv, the first at *first_operand. Targets are set only when the whole line is well formed; an action sets its
// own target alone, so that --help still finds all defaults.
enum status options_parse(int argc, char **argv, struct option *own, struct option *common, int *first_operand,
                          struct error *error) MUST_CHECK;

// Sets one option from text with bounds checked. `what` names it in messages ("--steps" or "file:3:7: steps"). Text is not copied: it has
// to outlive the target.
enum status option_set(struct option *option, const char *text, const char *what, struct error *error) MUST_CHECK;

bool option_is_choice(const char *choices, const char *text);                            // is text one of "a|b|c" or "a,b,c"?
struct option *option_find(struct option *own, struct option *common, const char *name); // NULL when there is none

#endif
