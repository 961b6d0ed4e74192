// A .npy array of many rows, read row by row: such files may be larger than memory.
#ifndef FORMATS_NPYROWS_H
#define FORMATS_NPYROWS_H

#include "formats/npy.h"

struct npy_rows {
    int fd; // -1: not open
    char *path;
    struct npy npy;
    uint64_t rows, items; // items of a row: the product of all dimensions but the first
};

// In C order, of numbers, with a first dimension of rows, and as long as its header says. STATUS_NO_INPUT when there is none.
enum status npy_rows_open(struct npy_rows *out, const char *directory, const char *name, struct error *error) MUST_CHECK;
void npy_rows_close(struct npy_rows *f); // of a zeroed or closed one too

// The bytes of a row, [npy_row_size].
size_t npy_row_size(const struct npy_rows *f);
enum status npy_rows_read(const struct npy_rows *f, uint64_t row, void *out, struct error *error) MUST_CHECK;
// The same as numbers [items]; room for their bytes is taken and freed each time.
enum status npy_rows_reals(const struct npy_rows *f, uint64_t row, double *out, struct error *error) MUST_CHECK;

#endif
