// What training a predictor, its checkpoints, and applying it share.
#ifndef TRAINING_PREDICTION_INTERNAL_H
#define TRAINING_PREDICTION_INTERNAL_H

#include "training/prediction.h"

// A record's part in training.
enum part { PART_NONE, PART_TRAINING, PART_VALIDATION, PART_OOD };

struct prediction_internal {
    struct encoder *encoder; // may be NULL
    const struct dataset *data;
    struct property property; // its own; settled by the survey
    struct predictor_config config;
    struct augmentation augmentation;
    uint8_t *part;          // [items] enum part
    double *truth;          // [items, answers]
    float *z;               // [items, Z]; NULL with an encoder
    int *items, *judged[2]; // training items; those of validation and ood that are not seen
    int item_count, judged_count[2];
    int log_every, since_point;
    double loss_sum; // of the steps since the last point of the curve
    size_t curve_capacity;
    uint64_t fingerprint; // of data, networks as they came, and recipe: what a checkpoint must agree in
};

void prediction_add_point(struct prediction *p, uint64_t step, double loss); // to the curve

// A prediction record piece by piece: all that its record has but weights, rollouts, z and probes, with encoder and label, unless they are
// NULL; what is predicted, and its truth. The map stays open for `predicted`.
void prediction_pack_head(struct packer *packer, const struct rnn_record *record, const struct encoder_identity *encoder,
                          const char *label);
void prediction_pack_target(struct packer *packer, const struct rnn_record *record, const struct property *property,
                            const struct answers *truth);

#endif
