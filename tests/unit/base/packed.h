// Packs bytes into a gzip member, for tests of those that unpack.
#ifndef UNIT_PACKED_H
#define UNIT_PACKED_H

#include <libdeflate.h>
#include <stdint.h>
#include <stdlib.h>

// Release with free; *size is then the member's size.
static inline uint8_t *packed(const void *bytes, size_t count, size_t *size) {
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(9);
    size_t most = libdeflate_gzip_compress_bound(c, count);
    uint8_t *out = malloc(most);
    *size = libdeflate_gzip_compress(c, bytes, count, out, most);
    libdeflate_free_compressor(c);
    return out;
}

#endif
