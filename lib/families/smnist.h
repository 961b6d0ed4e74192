// Tiled sequential MNIST (paper, section 4.2): a task is an angle by which all images are turned; an RNN reads an image tile by tile and
// tells its digit. Letters: side S = 28 pixels, tile E pixels, T = (S/E)^2 + 1 positions (the first one is a zero tile, BOS), I = E*E
// inputs; T = 50 and I = 16 for E = 4.
#ifndef FAMILIES_SMNIST_H
#define FAMILIES_SMNIST_H

#include "families/family.h"
#include "families/image_sequence.h"

enum { SMNIST_DEFAULT_TILE = 4 };

struct smnist {
    char data[IMAGE_SETS_NAME_SIZE]; // name of the data set: "mnist", "fashion-mnist", ...
    int tile;                        // E, a divisor of IDX_SIDE
    double rotation;                 // degrees counter-clockwise, in [0, 360)
    double weight_decay;             // of the RNN's training
    bool transposed;                 // the data set's files have the rows of images as columns, as EMNIST's do
};

int smnist_steps(const struct smnist *task);  // T
int smnist_inputs(const struct smnist *task); // I

// Rotation uniform in [0, 360), weight decay one of 0, 0.001, 0.01, 0.1; a pure function of rng. The other fields must be set.
void smnist_draw_task(struct smnist *task, struct rng *rng);

// OOD: the last `ood` share of the circle; the paper's is [312, 360), the family's ood_share. Validation: `validation` of all tasks,
// drawn among the rest by a hash of (rotation, seed). A pure function of its arguments; validation + ood <= 1.
enum split smnist_split_of(const struct smnist *task, const struct split_rule *rule);

// All images are turned now, in memory of the trainee's; the set is needed no longer than that. STATUS_DATA when there are too few of them
// to train and to judge RNNs.
enum status trainee_of_smnist(struct trainee **out, const struct smnist *task, const struct image_set *images,
                              const struct train_recipe *recipe, uint64_t seed, uint64_t run, struct error *error) MUST_CHECK;

extern const struct family smnist_family;

#endif
