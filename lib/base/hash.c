#include "base/hash.h"

#include <libdeflate.h>

uint64_t hash_mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t hash_bytes(uint64_t seed, const void *data, size_t size) {
    uint64_t h = 0xcbf29ce484222325u;
    for (const unsigned char *p = data, *end = p + size; p < end; p++)
        h = (h ^ *p) * 0x100000001b3u;
    return hash_mix(h ^ hash_mix(seed));
}

uint32_t hash_crc32(uint32_t crc, const void *data, size_t size) {
    return libdeflate_crc32(crc, data, size);
}

uint64_t hash_floats(uint64_t h, const float *x, size_t n) {
    return hash_mix(h ^ hash_crc32(0, x, n * sizeof *x));
}
