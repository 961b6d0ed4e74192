// Random numbers as split streams: a generator is a pure function of (seed, run, purpose), never of the order of calls elsewhere.
// xoshiro256++ (Blackman and Vigna 2019), seeded by SplitMix64 over a hash of the key.
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4]; // may be stored and restored (checkpoints)
};

// purpose is a short fixed text such as "task", "weights", "batches".
struct rng rng_make(uint64_t seed, uint64_t run, const char *purpose);

uint64_t rng_u64(struct rng *rng);
float rng_float(struct rng *rng);                               // [0, 1), 24 bits
double rng_double(struct rng *rng);                             // [0, 1), 53 bits
float rng_uniform(struct rng *rng, float low, float high);      // [low, high)
uint64_t rng_below(struct rng *rng, uint64_t bound);            // 0 .. bound-1, unbiased; bound > 0
float rng_normal(struct rng *rng);                              // N(0, 1)
float rng_gumbel(struct rng *rng);                              // standard: log p + it, largest where p draws (the Gumbel-max trick)
void rng_permutation(struct rng *rng, int *permutation, int n); // a random permutation of 0 .. n-1

#endif
