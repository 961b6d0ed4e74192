// Model records: encoder, emulator, predictor, decoder. All have type (encoders), config, arch of the RNNs they are for, weights, seed,
// step, metrics.
#ifndef RECORDS_MODEL_H
#define RECORDS_MODEL_H

#include "records/rnn.h"

struct model_record {
    const struct value *root;
    char kind[TEXT_FIELD_SIZE], type[TEXT_FIELD_SIZE]; // type "" when absent
    const struct value *config, *weights;              // config may be NULL
    bool has_arch;
    struct rnn_arch arch;
    uint64_t seed, step; // 0 when absent
};

enum status model_record_read(const struct value *root, struct model_record *out, struct error *error) MUST_CHECK;

// One key of a config map: an integer in its range, a flag (true/false or 0/1), or a word from a list "bos|every" whose index is stored.
struct config_key {
    const char *name;
    int *target; // holds the default before reading
    int low, high;
    const char *choices; // NULL for numbers
    bool flag;
    bool seldom; // packed only when it is not `usual`
    int usual;
    double *range; // instead of target: a list of two numbers, the lower one first; not packed while both are equal
};

// Reads the keys that are there; keys not in the table (ends with a zeroed one) are ignored, an unsuitable value is STATUS_DATA.
enum status config_read(const struct value *config, const struct config_key *keys, struct error *error) MUST_CHECK;
void config_pack(struct packer *p, const struct config_key *keys); // packs the map

// The pairs that all model records have, after kind and type: seed, step, config, arch (unless NULL), weights.
void model_pack(struct packer *p, uint64_t seed, uint64_t step, const struct config_key *keys, const struct rnn_arch *arch,
                const struct params *table, const float *values);

#endif
