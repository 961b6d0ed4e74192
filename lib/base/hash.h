// Hashes that are part of the format: a run's random numbers and a task's split depend on them, so they never change.
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_mix(uint64_t x);                                     // SplitMix64's finaliser, a bijection
uint64_t hash_bytes(uint64_t seed, const void *data, size_t size); // FNV-1a over the bytes, then mixed with the seed
uint32_t hash_crc32(uint32_t crc, const void *data, size_t size);  // zlib's CRC-32, continued from crc (0 to begin)
uint64_t hash_floats(uint64_t h, const float *x, size_t n);        // mixes the CRC-32 of n floats in

#endif
