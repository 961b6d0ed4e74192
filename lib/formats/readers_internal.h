// The readers of formats, among themselves. Each fills a struct tensors from bytes [size] that outlive it.
#ifndef FORMATS_READERS_INTERNAL_H
#define FORMATS_READERS_INTERNAL_H

#include "formats/tensors.h"

// t->zip is open; pickle is the name of its entry "STEM/data.pkl".
enum status torch_read_zip(struct tensors *t, const char *pickle, struct error *error) MUST_CHECK;
enum status torch_read_legacy(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) MUST_CHECK;
enum status safetensors_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) MUST_CHECK;
enum status npz_read(struct tensors *t, struct error *error) MUST_CHECK; // t->zip is open
enum status npy_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) MUST_CHECK;
enum status keras_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) MUST_CHECK;
#define KERAS_ZIP_WEIGHTS "model.weights.h5"                                   // in a file of Keras 3
enum status keras_read_zip(struct tensors *t, struct error *error) MUST_CHECK; // t->zip is open
enum status onnx_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) MUST_CHECK;

// --- Zip files, by libzip (a build without it says so when one is opened) ---

struct zip_reader;
struct zip_entry {
    const char *name; // lives as long as the reader
    uint64_t size;    // unpacked, as the directory claims; no more than the packed bytes could unpack to
};

enum status zip_open_reader(struct zip_reader **out, const uint8_t *bytes, size_t size, struct error *error) MUST_CHECK;
void zip_close_reader(struct zip_reader *z); // NULL allowed
uint64_t zip_count(const struct zip_reader *z);
// STATUS_DATA when the entry's sizes can't be true or it is encrypted.
enum status zip_entry_at(struct zip_reader *z, uint64_t index, struct zip_entry *out, struct error *error) MUST_CHECK;
int64_t zip_index_of(struct zip_reader *z, const char *name); // -1 when there is none
// All of an entry, whose size is known, with its checksum checked.
enum status zip_read(struct zip_reader *z, uint64_t index, uint8_t *out, uint64_t size, struct error *error) MUST_CHECK;

#endif
