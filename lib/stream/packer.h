// Builds MessagePack in memory with msgpack-c; containers are closed, not counted beforehand.
//     pack_map(p); pack_key(p, "kind"); pack_str(p, "rnn"); pack_key(p, "run"); pack_u64(p, 3); pack_end(p);
// Asserted: at most 64 containers in each other, a value to every key, at most 4 GiB - 1 for a str or bin.
#ifndef STREAM_PACKER_H
#define STREAM_PACKER_H

#include "stream/array.h"

struct packer;

struct packer *packer_new(void);
void packer_free(struct packer *p);
void packer_clear(struct packer *p);                               // forgets the bytes, keeps the memory
const uint8_t *packer_bytes(const struct packer *p, size_t *size); // all containers must be closed

void pack_map(struct packer *p);
void pack_list(struct packer *p); // an ordinary msgpack array
void pack_end(struct packer *p);  // closes the innermost map or list

void pack_key(struct packer *p, const char *key);
void pack_str(struct packer *p, const char *text);
void pack_str_n(struct packer *p, const char *text, size_t size);
void pack_u64(struct packer *p, uint64_t u);
void pack_i64(struct packer *p, int64_t i);
void pack_double(struct packer *p, double f);                 // as float64
void pack_known(struct packer *p, const char *key, double f); // key and number of a map; neither when it is NaN
void pack_bool(struct packer *p, bool b);
void pack_nil(struct packer *p);
void pack_bin(struct packer *p, const void *data, size_t size);

// An array in msgpack-numpy's form; data are rank-many dimensions of items in C order.
void pack_array(struct packer *p, enum dtype dtype, int rank, const uint64_t *shape, const void *data);

void pack_scalar(struct packer *p, enum dtype dtype, const void *item); // a NumPy scalar: no kind and no shape

// The value exactly as it was read (one item: a key, a value, a whole record).
void pack_value(struct packer *p, const struct value *v);

#endif
