#include "cli/exitcode.h"

enum exit_code exitcode_of(enum status status) {
    switch (status) {
    case STATUS_OK:
    case STATUS_END:
        return EXIT_OK;
    case STATUS_USAGE:
        return EXIT_BAD_USAGE;
    case STATUS_DATA:
        return EXIT_BAD_DATA;
    case STATUS_NO_INPUT:
        return EXIT_NO_INPUT;
    case STATUS_IO:
        return EXIT_IO;
    case STATUS_CLOSED_PIPE:
        return EXIT_CLOSED_PIPE;
    case STATUS_INTERRUPTED:
        return EXIT_INTERRUPTED;
    case STATUS_DIVERGED:
        return EXIT_DIVERGED;
    }
    return EXIT_IO;
}
