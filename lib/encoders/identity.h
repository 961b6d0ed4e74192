// Which encoder made a record: what embeddings, emulations, predictions and predictors say of it.
#ifndef ENCODERS_IDENTITY_H
#define ENCODERS_IDENTITY_H

#include "encoders/encoder.h"

enum { IDENTITY_TEXT_SIZE = TEXT_FIELD_SIZE + 80 };

struct encoder_identity {
    char type[TEXT_FIELD_SIZE];
    uint64_t seed, step;
    bool has_crc32; // streams of before 0.2 and those of others may have none
    uint64_t crc32; // of the weights, as arrays of <f4 in the order of the encoder record
};

struct encoder_identity encoder_identity(const struct encoder *e);
// The map {type, seed, step, crc32}; seed and step are 0 when absent.
enum status encoder_identity_read(const struct value *map, struct encoder_identity *out, struct error *error) MUST_CHECK;
void encoder_identity_pack(struct packer *p, const struct encoder_identity *id); // packs the map

// crc32 counts where both have it.
bool encoder_identity_equal(const struct encoder_identity *a, const struct encoder_identity *b);
const char *encoder_identity_text(const struct encoder_identity *id, char out[IDENTITY_TEXT_SIZE]); // for messages

#endif
