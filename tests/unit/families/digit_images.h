// A small set of images in memory and in files: a white square on grey noise, at one of ten places, which is the label.
#ifndef UNIT_ZOO_DIGIT_IMAGES_H
#define UNIT_ZOO_DIGIT_IMAGES_H

#include "base/rng.h"
#include "families/smnist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIGIT_PIXELS = IDX_SIDE * IDX_SIDE };

struct digit_images {
    uint8_t *pixels, *labels;
    struct image_set set;
};

static inline struct digit_images digit_images_new(int count) {
    struct digit_images d = {.pixels = malloc((size_t)count * DIGIT_PIXELS), .labels = malloc((size_t)count)};
    struct rng rng = rng_make(1, 0, "images");
    for (int i = 0; i < count; i++) {
        uint8_t *image = d.pixels + i * DIGIT_PIXELS;
        int label = d.labels[i] = (uint8_t)rng_below(&rng, 10), top = 4 + label / 5 * 12, left = 1 + label % 5 * 5;
        for (int p = 0; p < DIGIT_PIXELS; p++)
            image[p] = (uint8_t)rng_below(&rng, 60);
        for (int y = top; y < top + 8; y++)
            memset(image + y * IDX_SIDE + left, 255, 6);
    }
    d.set = (struct image_set){.count = count, .side = IDX_SIDE, .pixels = d.pixels, .labels = d.labels};
    return d;
}

static inline void digit_images_free(struct digit_images *d) {
    free(d->pixels);
    free(d->labels);
}

static inline void digit_images_file(const char *directory, const char *name, int magic, const int *shape, int rank, const uint8_t *bytes) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "wb");
    uint64_t size = 1;
    for (int i = -1; i < rank; i++) {
        int number = i < 0 ? magic : shape[i];
        fwrite((uint8_t[]){(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}, 1, 4, f);
        size *= i < 0 ? 1 : (uint64_t)number;
    }
    fwrite(bytes, 1, size, f);
    fclose(f);
}

static inline void digit_images_write(const struct digit_images *d, const char *directory) {
    const int shape[] = {d->set.count, IDX_SIDE, IDX_SIDE};
    digit_images_file(directory, "train-images-idx3-ubyte", 0x803, shape, 3, d->pixels);
    digit_images_file(directory, "train-labels-idx1-ubyte", 0x801, shape, 1, d->labels);
}

// The files and the directory.
static inline void digit_images_remove(const char *directory) {
    char path[256];
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte", directory);
    remove(path);
    snprintf(path, sizeof path, "%s/train-labels-idx1-ubyte", directory);
    remove(path);
    rmdir(directory);
}

#endif
