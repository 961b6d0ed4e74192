// Embedding records: an rnn record without weights and rollouts, with encoder and z.
#ifndef RECORDS_EMBEDDING_H
#define RECORDS_EMBEDDING_H

#include "stream/array.h"

enum { EMBEDDING_MAX_Z = 65536 };

// z: a vector of 1 .. EMBEDDING_MAX_Z numbers. STATUS_DATA otherwise.
enum status embedding_z_open(const struct value *embedding, struct array *z, struct error *error) MUST_CHECK;
// Its numbers as floats [z->count]. STATUS_DATA when one is not finite.
enum status embedding_z_copy(const struct array *z, float *out, struct error *error) MUST_CHECK;
// Both, for z of a size that is known: `size` floats; STATUS_DATA also when there are more or fewer.
enum status embedding_z_read(const struct value *embedding, int size, float *out, struct error *error) MUST_CHECK;

#endif
