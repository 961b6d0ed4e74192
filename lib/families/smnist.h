// Tiled sequential MNIST (paper, section 4.2): a task is an angle by which all images are turned; an RNN reads an image tile by tile and
// tells its digit. Letters: side S = 28 pixels, tile E pixels, T = (S/E)^2 + 1 positions (the first one is a zero tile, BOS), I = E*E
// inputs; T = 50 and I = 16 for E = 4.
#ifndef FAMILIES_SMNIST_H
#define FAMILIES_SMNIST_H

#include "base/rng.h"
#include "families/idx.h"
#include "families/split.h"

#include <stdbool.h>
#include <stdint.h>

enum { SMNIST_SIDE = IDX_SIDE, SMNIST_CLASSES = IDX_CLASSES, SMNIST_DATA_SIZE = 64, SMNIST_DEFAULT_TILE = 4 };

struct smnist {
    char data[SMNIST_DATA_SIZE]; // name of the data set: "mnist", "fashion-mnist", ...
    int tile;                    // E, a divisor of SMNIST_SIDE
    double rotation;             // degrees counter-clockwise, in [0, 360)
    double weight_decay;         // of the RNN's training
};

int smnist_steps(const struct smnist *task);  // T
int smnist_inputs(const struct smnist *task); // I

// Letters, digits, '.', '_' and '-', the first no '.', fewer than SMNIST_DATA_SIZE: a name may become part of a path.
bool smnist_is_data_name(const char *name);

// Rotation uniform in [0, 360), weight decay one of 0, 0.001, 0.01, 0.1; a pure function of rng. The other fields must be set.
void smnist_draw_task(struct smnist *task, struct rng *rng);

// OOD: the last `ood` share of the circle; the paper's is [312, 360), that is smnist_ood_share. Validation: `validation` of all tasks,
// drawn among the rest by a hash of (rotation, seed). A pure function of its arguments; validation + ood <= 1.
extern const double smnist_ood_share;
enum split smnist_split_of(const struct smnist *task, double validation, double ood, uint64_t seed);

// Is image `index` of the training file one that RNNs are trained on, or one of the fifth that they are judged by? The official split.
bool smnist_trains_on(uint64_t index);

// out [S,S] = image [S,S] turned by `degrees` (rounded to float first), nearest neighbour, black outside: bit for bit what Pillow's
// fixed-point arithmetic gives.
void smnist_rotate(const uint8_t *image, double degrees, uint8_t *out);

// The same for all images of a set at once: pixels [count, S, S], allocated, free() it.
uint8_t *smnist_rotate_all(const struct image_set *images, double degrees);

// The sequence of an image that is turned already: T rows of I numbers, (pixel / 255 - 0.1307) / 0.3081, row t at out + t * stride; row 0
// is zero.
void smnist_sequence(const uint8_t *image, int tile, float *out, long stride);

#endif
