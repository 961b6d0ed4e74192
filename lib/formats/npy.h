// NumPy's .npy: a header, which is a Python dict as text, and the data of one array.
#ifndef FORMATS_NPY_H
#define FORMATS_NPY_H

#include "base/error.h"
#include "stream/array.h"

struct npy {
    int type;           // an enum dtype, or TENSOR_OTHER (formats/tensors.h)
    char type_name[16]; // as in the file: "<f4"
    bool fortran_order;
    int rank; // ARRAY_MAX_RANK + 1 stands for more than that
    uint64_t shape[ARRAY_MAX_RANK];
    size_t data; // where the data begin, in bytes
};

// Reads the header at the beginning of bytes. That the data are there is not checked. STATUS_DATA when it is no .npy or damaged.
enum status npy_header_read(const uint8_t *bytes, size_t size, struct npy *out, struct error *error) MUST_CHECK;

// Writes the header of an array in C order, padded as NumPy does it, so that numbers begin at a multiple of 64 bytes. Returns its length,
// at most NPY_HEADER_SIZE.
enum { NPY_HEADER_SIZE = 512 };
size_t npy_header_write(enum dtype type, int rank, const uint64_t *shape, char out[NPY_HEADER_SIZE]);

#endif
