// Images as an RNN reads them: turned, and cut into tiles. Letters: side S = 28 pixels, tile E pixels (a divisor of S), T = (S/E)^2 + 1
// positions (the first one is a zero tile), I = E*E inputs.
#ifndef FAMILIES_IMAGE_SEQUENCE_H
#define FAMILIES_IMAGE_SEQUENCE_H

#include "families/image_file.h"

#include <stdbool.h>

// Is image `index` of the training file one that RNNs are trained on, or one of the fifth that they are judged by? The official split.
bool image_trains_on(uint64_t index);

// out [S,S] = image [S,S] turned by `degrees` (rounded to float first), nearest neighbour, black outside: bit for bit what Pillow's
// fixed-point arithmetic gives.
void image_rotate(const uint8_t *image, double degrees, uint8_t *out);

// The same for all images of a set at once: pixels [count, S, S], allocated, free() it.
uint8_t *image_rotate_all(const struct image_set *images, double degrees);

// The sequence of an image that is turned already: T rows of I numbers, (pixel / 255 - 0.1307) / 0.3081, row t at out + t * stride; row 0
// is zero.
void image_sequence(const uint8_t *image, int tile, float *out, long stride);

// Sequences of images `which` [count] of pixels [.., S, S], which are turned already, side by side: inputs [T*count, I], time-major.
void image_gather(const uint8_t *pixels, const int *which, int count, int tile, float *inputs);

// The images of a set of `count` that RNNs are trained on (trains true) or judged by: their indices, ascending, at most `most` of them, in
// which. Returns how many.
int image_choose(int count, bool trains, int most, int *which);

#endif
