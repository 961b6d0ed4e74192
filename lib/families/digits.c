#include "families/digits.h"

#include <stddef.h>

void digits_gather(const uint8_t *pixels, const int *which, int count, int tile, float *inputs) {
    const long size = tile * tile;
    for (int i = 0; i < count; i++)
        smnist_sequence(pixels + (size_t)which[i] * SMNIST_SIDE * SMNIST_SIDE, tile, inputs + i * size, count * size);
}

int digits_right(const float *logits, int steps, int count, const uint8_t *labels) {
    const float *last = logits + (size_t)(steps - 1) * (size_t)count * SMNIST_CLASSES;
    int right = 0;
    for (int i = 0; i < count; i++, last += SMNIST_CLASSES) {
        int best = 0;
        for (int c = 1; c < SMNIST_CLASSES; c++)
            best = last[c] > last[best] ? c : best;
        right += best == labels[i];
    }
    return right;
}

int digits_choose(int count, bool trains, int most, int *which) {
    int chosen = 0;
    for (int i = 0; i < count && chosen < most; i++)
        if (smnist_trains_on((uint64_t)i) == trains)
            which[chosen++] = i;
    return chosen;
}
