#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status error_set(struct error *error, enum status status, const char *format, ...) {
    if (!error)
        return status;
    char text[sizeof error->text]; // the error's own may be among the arguments
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    error->status = status;
    error->elsewhere = false;
    memcpy(error->text, text, sizeof text);
    return status;
}

enum status error_prefix(struct error *error, const char *format, ...) {
    char old[sizeof error->text], prefix[sizeof error->text];
    memcpy(old, error->text, sizeof old);
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    size_t n = strnlen(prefix, sizeof error->text / 2);
    snprintf(error->text, sizeof error->text, "%.*s: %.*s", (int)n, prefix, (int)(sizeof error->text - n - 3), old);
    return error->status;
}
