// A .npy array whose rows come one after another: how many they are, its header tells when it is finished.
#ifndef FORMATS_NPYWRITER_H
#define FORMATS_NPYWRITER_H

#include "formats/npy.h"

struct npy_writer {
    int fd; // -1: not open
    char *path;
    enum dtype type;
    int rank;
    uint64_t shape[ARRAY_MAX_RANK]; // the first dimension: rows so far
    size_t row_size;                // bytes
};

// A new file; STATUS_IO when there is one of that name or none can be made. rank and shape are those of a row.
enum status npy_writer_open(struct npy_writer *w, const char *directory, const char *name, enum dtype type, int rank, const uint64_t *shape,
                            struct error *error) MUST_CHECK;
enum status npy_writer_add(struct npy_writer *w, const void *row, struct error *error) MUST_CHECK; // row_size bytes
enum status npy_writer_close(struct npy_writer *w, struct error *error) MUST_CHECK; // writes the header; a zeroed or closed one is well
void npy_writer_abandon(struct npy_writer *w);                                      // after an error: closes only

#endif
