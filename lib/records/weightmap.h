// The weights of a network in a record: a map of names to arrays, as a PyTorch state dict.
#ifndef RECORDS_WEIGHTMAP_H
#define RECORDS_WEIGHTMAP_H

#include "nn/params.h"
#include "stream/packer.h"

// Named arrays <-> a flat vector. Reading: every parameter of the table must be there with its shape (any float dtype), but for unused
// ones, which stay as they are in `values`. Nothing is dropped in silence: a name that begins as those of the table do ("lstm." and
// "linear." of an RNN), but has no place, is STATUS_DATA; other names that are not in the table are told once by note_once. Errors say
// which names, shapes and types are there. values NULL: only checked. Packing: all of the table, in its order, as "<f4".
enum status weights_read(const struct value *weights, const struct params *table, float *values, struct error *error) MUST_CHECK;
void weights_pack(struct packer *p, const struct params *table, const float *values); // packs the map, not the key

#endif
