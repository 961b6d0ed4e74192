// Unpacking gzip files (RFC 1952).
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

// *out [*out_size] = the contents of all members one after the other, to be released with free(). STATUS_DATA when the bytes are damaged,
// cut, no gzip file, followed by anything else, or unpack to more than `most` bytes; *out is then NULL. What a file claims of its size
// costs no more memory than its bytes could unpack to.
enum status gzip_unpack(const uint8_t *bytes, size_t size, size_t most, uint8_t **out, size_t *out_size, struct error *error) MUST_CHECK;

#endif
