// Images as an RNN (or its clone) reads them, many at a time, and how many of them it got right.
#ifndef FAMILIES_DIGITS_H
#define FAMILIES_DIGITS_H

#include "families/smnist.h"

// Sequences of images `which` [count] of pixels [.., S, S], which are turned already, side by side: inputs [T*count, I], time-major.
void digits_gather(const uint8_t *pixels, const int *which, int count, int tile, float *inputs);

// How many of `count` images are right: at the last position of logits [steps*count, SMNIST_CLASSES], the largest is that of the image's
// label [count].
int digits_right(const float *logits, int steps, int count, const uint8_t *labels);

// The images of a set of `count` that RNNs are trained on (trains true) or judged by: their indices, ascending, at most `most` of them, in
// which. Returns how many.
int digits_choose(int count, bool trains, int most, int *which);

#endif
