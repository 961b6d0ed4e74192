// Checks of records that training and applying a predictor share.
#ifndef TRAINING_PREDICTION_INTERNAL_H
#define TRAINING_PREDICTION_INTERNAL_H

#include "training/prediction.h"

// z of an embedding record: a vector; and as `size` finite numbers.
enum status prediction_z_open(const struct value *root, struct array *z, struct error *error) MUST_CHECK;
enum status prediction_z_read(const struct value *root, int size, float *out, struct error *error) MUST_CHECK;

#endif
