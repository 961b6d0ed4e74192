#include "base/gzip.h"

#include "base/memory.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TO_ONE = 1032 }; // deflate: at best 258 bytes from two bits

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

// Room for what the last member claims to hold, in the file's last four bytes, so that the usual file of one member is unpacked once.
static size_t first_capacity(const uint8_t *bytes, size_t size, size_t limit) {
    uint32_t claim = 0;
    if (size >= sizeof claim)
        memcpy(&claim, bytes + size - sizeof claim, sizeof claim); // little-endian, as all machines that this library is for
    return smaller(claim, limit);
}

static enum status complain(const uint8_t *bytes, size_t size, size_t at, struct error *error) {
    static const uint8_t magic[] = {0x1f, 0x8b};
    if (memcmp(bytes + at, magic, smaller(size - at, sizeof magic)) == 0)
        return error_set(error, STATUS_DATA, "byte %zu: the gzip data that begin here are damaged or cut", at);
    return error_set(error, STATUS_DATA, at ? "byte %zu: bytes that are no gzip data follow" : "byte %zu: no gzip file", at);
}

enum status gzip_unpack(const uint8_t *bytes, size_t size, size_t most, uint8_t **out, size_t *out_size, struct error *error) {
    *out = NULL;
    *out_size = 0;
    if (size == 0) // bytes may be NULL then
        return error_set(error, STATUS_DATA, "an empty file where a gzip file was expected");
    size_t limit = size > most / MOST_TO_ONE ? most : size * MOST_TO_ONE, capacity = first_capacity(bytes, size, limit);
    size_t from = 0, to = 0, read, written;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    uint8_t *unpacked = memory_alloc(capacity);
    enum status status = STATUS_OK;
    do {
        enum libdeflate_result result =
            libdeflate_gzip_decompress_ex(d, bytes + from, size - from, unpacked + to, capacity - to, &read, &written);
        if (result == LIBDEFLATE_SUCCESS) {
            from += read;
            to += written;
        } else if (result == LIBDEFLATE_INSUFFICIENT_SPACE && capacity < limit) {
            size_t more = smaller(limit, 2 * capacity + 1024);
            unpacked = memory_realloc(unpacked, to, more);
            capacity = more;
        } else if (result == LIBDEFLATE_INSUFFICIENT_SPACE && limit == most) {
            status =
                error_set(error, STATUS_DATA, "byte %zu: more than the %zu bytes that are allowed come out of the gzip data", from, most);
        } else {
            status = complain(bytes, size, from, error);
        }
    } while (status == STATUS_OK && from < size);
    libdeflate_free_decompressor(d);
    if (status != STATUS_OK) {
        free(unpacked);
        unpacked = NULL;
    }
    *out = unpacked;
    *out_size = to;
    return status;
}
