#include "nn/dropout.h"

#include "base/hash.h"

#include <math.h>
#include <string.h>

enum { BITS = 16, BLOCK = 64, HASHES = BLOCK * BITS / 64 }; // 16 random bits decide on an element, a block of them shares 16 hashes

static uint16_t threshold(const struct dropout *d) {
    return (uint16_t)lrintf(d->rate * (1 << BITS));
}

struct dropout dropout_at(const struct dropout *d, uint64_t site) {
    return (struct dropout){d->rate, hash_mix(d->key + hash_mix(site))};
}

float dropout_factor(const struct dropout *d) {
    return (float)(1 << BITS) / (float)((1 << BITS) - threshold(d));
}

static void mask_block(float mask[BLOCK], uint64_t key, size_t block, uint16_t low, float factor) {
    uint64_t hashes[HASHES];
    uint16_t bits[BLOCK];
    for (size_t i = 0; i < HASHES; i++)
        hashes[i] = hash_mix(key + block * HASHES + i);
    memcpy(bits, hashes, sizeof bits);
    for (int i = 0; i < BLOCK; i++)
        mask[i] = bits[i] >= low ? factor : 0;
}

void dropout_mask(const struct dropout *d, float *mask, size_t first, size_t n) {
    const uint16_t low = threshold(d);
    const float factor = dropout_factor(d);
    for (size_t done = 0, count; done < n; done += count) {
        const size_t at = first + done, skip = at % BLOCK;
        count = BLOCK - skip < n - done ? BLOCK - skip : n - done;
        if (count == BLOCK) {
            mask_block(mask + done, d->key, at / BLOCK, low, factor);
        } else {
            float whole[BLOCK];
            mask_block(whole, d->key, at / BLOCK, low, factor);
            memcpy(mask + done, whole + skip, count * sizeof *mask);
        }
    }
}

void dropout_apply(const struct dropout *d, float *x, size_t n) {
    float mask[4 * BLOCK];
    if (!threshold(d))
        return;
    for (size_t done = 0, count; done < n; done += count) {
        count = n - done < 4 * BLOCK ? n - done : 4 * BLOCK;
        dropout_mask(d, mask, done, count);
        for (size_t i = 0; i < count; i++)
            x[done + i] *= mask[i];
    }
}
