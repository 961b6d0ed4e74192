// Images and labels in the IDX format of the MNIST files (http://yann.lecun.com/exdb/mnist), plain or gzip.
#ifndef FAMILIES_IMAGE_FILE_H
#define FAMILIES_IMAGE_FILE_H

#include "base/error.h"

#include <stdint.h>

enum { IDX_SIDE = 28, IDX_CLASSES = 10 };

struct image_set {
    int count, side;       // square images of side x side, side = IDX_SIDE
    const uint8_t *pixels; // [count, side, side], row-major, 0 black .. 255 white
    const uint8_t *labels; // [count], 0 .. IDX_CLASSES - 1
    struct image_set_internal *internal;
};

// Reads train-images-idx3-ubyte and train-labels-idx1-ubyte of a directory, or where one is missing the same with .gz. Plain files are
// mapped, so that all processes share them; gzip ones are unpacked into memory. STATUS_NO_INPUT when a file is missing, can't be read, or
// is none (a directory); STATUS_DATA when it is damaged, cut, too long, or no IDX file of the right kind, when there are no images or of
// another size, when the counts differ, or a label is above 9; the text names the file and the byte. Nothing is allocated by a declared
// size. *out is NULL after a failure.
enum status image_set_open(struct image_set **out, const char *directory, struct error *error) MUST_CHECK;
// Of the pixels, as they lie, and the labels.
uint32_t image_set_crc32(const struct image_set *s);
// Rows become columns, in memory of the set's own: EMNIST's images are stored that way round.
void image_set_transpose(struct image_set *s);
void image_set_close(struct image_set *s); // may be NULL

#endif
