// Weights as files that other programs read: safetensors, and NumPy's .npz. Each is made in memory.
#ifndef FORMATS_WEIGHTFILE_H
#define FORMATS_WEIGHTFILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

// An array of float32 in C order.
struct weightfile_tensor {
    const char *name;
    int rank;
    const uint64_t *shape;
    const float *data;
};

struct weightfile_text { // goes into the metadata of safetensors
    const char *key, *value;
};

// *out [*size], to be freed.
void safetensors_write(const struct weightfile_tensor *tensors, int count, const struct weightfile_text *texts, int text_count,
                       uint8_t **out, size_t *size);

// A zip file of stored members; STATUS_DATA when it would have 4 GiB or more.
struct zip_member {
    const char *name;
    const uint8_t *bytes;
    size_t size;
};
enum status zip_write(const struct zip_member *members, int count, uint8_t **out, size_t *size, struct error *error) MUST_CHECK;
enum status npz_write(const struct weightfile_tensor *tensors, int count, uint8_t **out, size_t *size, struct error *error) MUST_CHECK;

#endif
