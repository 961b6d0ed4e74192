// Exit statuses of all filters (sysexits.h), printed in each man page and asserted by the tests.
#ifndef CLI_EXITCODE_H
#define CLI_EXITCODE_H

#include "base/error.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_DIFFERENT = 1,     // a comparison or check that came out negative (tools that say so)
    EXIT_DIVERGED = 3,      // a training diverged; what is best so far, or the runs that did not, is written, and whole
    EXIT_BAD_USAGE = 64,    // options, configuration
    EXIT_BAD_DATA = 65,     // damaged, truncated or unsuitable input
    EXIT_NO_INPUT = 66,     // a named file is missing or unreadable
    EXIT_NO_MEMORY = 71,    // memory can't be had
    EXIT_IO = 74,           // reading or writing failed
    EXIT_INTERRUPTED = 75,  // stopped by SIGINT or SIGTERM, or another process is at work on our file; can be tried again later
    EXIT_CLOSED_PIPE = 141, // nobody reads our output any more: quiet, as SIGPIPE
};

enum exit_code exitcode_of(enum status status);

#endif
