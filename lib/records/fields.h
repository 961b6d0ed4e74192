// Reading single fields of a record with clear errors, and carrying along what a filter does not know.
#ifndef RECORDS_FIELDS_H
#define RECORDS_FIELDS_H

#include "base/error.h"
#include "nn/params.h"
#include "stream/packer.h"

enum { TEXT_FIELD_SIZE = 64 };

// STATUS_DATA "rnn record: key 'run' is missing" / "... is no unsigned integer". `of` names the record or map in messages.
enum status field_u64(const struct value *map, const char *key, const char *of, uint64_t *out, struct error *error) MUST_CHECK;
enum status field_int(const struct value *map, const char *key, const char *of, int low, int high, int *out,
                      struct error *error) MUST_CHECK;
enum status field_text(const struct value *map, const char *key, const char *of, char out[TEXT_FIELD_SIZE], struct error *error) MUST_CHECK;
enum status field_map(const struct value *map, const char *key, const char *of, const struct value **out, struct error *error) MUST_CHECK;

// Packs the pairs of a map (not its header) in order, but for the keys in `except` (NULL-terminated).
void pack_rest(struct packer *p, const struct value *map, const char *const *except);

// Named arrays <-> a flat vector. Reading: every parameter of the table must be there with its shape (any float dtype), but for unused
// ones, which stay as they are in `values`; names that are not in the table are ignored. Packing: all of the table, in its order, as "<f4".
enum status weights_read(const struct value *weights, const struct params *table, float *values, struct error *error) MUST_CHECK;
void weights_pack(struct packer *p, const struct params *table, const float *values); // packs the map, not the key

#endif
