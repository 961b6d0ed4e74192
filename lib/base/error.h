// Errors as values. The library reports; only a program prints and exits.
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

// What a library function came to. Zero is success, every other value but STATUS_END is a failure, whose text is in the struct error.
enum status {
    STATUS_OK = 0,
    STATUS_END,         // a clean end of a stream: not an error
    STATUS_USAGE,       // an option or a configuration that makes no sense
    STATUS_DATA,        // damaged, truncated or unsuitable input
    STATUS_NO_INPUT,    // a named input is missing or can't be opened
    STATUS_IO,          // reading or writing failed
    STATUS_CLOSED_PIPE, // nobody reads our output any more
    STATUS_INTERRUPTED, // stopped by a signal, can be resumed
    STATUS_DIVERGED,    // a training ran into numbers that are not finite
};

struct error {
    enum status status;
    bool elsewhere; // the text names the file that is at fault, which is not the one of the record at hand
    char text[1024];
};

#define MUST_CHECK __attribute__((warn_unused_result))

// Fills *error (which may be NULL; elsewhere is false then) and returns status: `return error_set(error, STATUS_DATA, "...")`.
enum status error_set(struct error *error, enum status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

// Puts "prefix: " in front of the text that is there, and returns the status that is there.
enum status error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
