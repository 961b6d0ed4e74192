// Weights in records: named arrays.
#ifndef RECORDS_FIELDS_H
#define RECORDS_FIELDS_H

#include "nn/params.h"
#include "stream/field.h"

// Named arrays <-> a flat vector. Reading: every parameter of the table must be there with its shape (any float dtype), but for unused
// ones, which stay as they are in `values`; names that are not in the table are ignored. Packing: all of the table, in its order, as "<f4".
enum status weights_read(const struct value *weights, const struct params *table, float *values, struct error *error) MUST_CHECK;
void weights_pack(struct packer *p, const struct params *table, const float *values); // packs the map, not the key

#endif
