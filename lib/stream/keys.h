// Keys of maps as str or as bin. Python's msgpack-numpy writes and wants those of an array as bin; JavaScript's libraries make objects of
// maps, whose keys are texts, and refuse others. All readers here take either.
#ifndef STREAM_KEYS_H
#define STREAM_KEYS_H

#include "stream/packer.h"

enum keys {
    KEYS_STR, // all keys that are bin become str; STATUS_DATA when one is no UTF-8
    KEYS_BIN  // those of arrays and NumPy scalars become bin, as pack_array has them; a typed array of msgpack-lite becomes a bin, too
};

// Packs a copy of v; all else of it stays the bytes that it came in. A map that looks like an array and is none (array_read) is not touched
// by KEYS_BIN.
enum status pack_with_keys(struct packer *p, const struct value *v, enum keys keys, struct error *error) MUST_CHECK;

#endif
