#include "base/rng.h"

#include "base/hash.h"

#include <math.h>
#include <string.h>

struct rng rng_make(uint64_t seed, uint64_t run, const char *purpose) {
    uint64_t key = hash_bytes(seed, purpose, strlen(purpose));
    key = hash_mix(key ^ hash_mix(run));
    struct rng rng;
    for (int i = 0; i < 4; i++)
        rng.state[i] = hash_mix(key + (uint64_t)(i + 1) * 0x9e3779b97f4a7c15u);
    return rng;
}

static uint64_t rotate(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

uint64_t rng_u64(struct rng *rng) {
    uint64_t *s = rng->state;
    uint64_t result = rotate(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

float rng_float(struct rng *rng) {
    return (float)(rng_u64(rng) >> 40) * 0x1p-24f;
}

double rng_double(struct rng *rng) {
    return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

float rng_uniform(struct rng *rng, float low, float high) {
    return low + (high - low) * rng_float(rng);
}

// Lemire 2019: multiply, and reject the few values that would favour small results.
uint64_t rng_below(struct rng *rng, uint64_t bound) {
    uint64_t threshold = -bound % bound;
    for (;;) {
        unsigned __int128 product = (unsigned __int128)rng_u64(rng) * bound;
        if ((uint64_t)product >= threshold)
            return (uint64_t)(product >> 64);
    }
}

float rng_normal(struct rng *rng) {
    double u = 1.0 - rng_double(rng), v = rng_double(rng); // Box-Muller; u > 0
    return (float)(sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v));
}

float rng_gumbel(struct rng *rng) {
    double u = ((double)(rng_u64(rng) >> 12) + 0.5) * 0x1p-52; // 0 < u < 1
    return (float)-log(-log(u));
}

void rng_permutation(struct rng *rng, int *permutation, int n) {
    for (int i = 0; i < n; i++) {
        int j = (int)rng_below(rng, (uint64_t)i + 1);
        permutation[i] = permutation[j];
        permutation[j] = i;
    }
}
