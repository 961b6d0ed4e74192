// HDF5 files, by libhdf5.
#ifndef FORMATS_HDF5_INTERNAL_H
#define FORMATS_HDF5_INTERNAL_H

#include "stream/mapping.h"

#include <stddef.h>

// All arrays of floats and all texts of an HDF5 file as MessagePack: [{path: array}, {path of a group: {attribute: [text, ...]}}]; the
// root's path is "", others begin with a slash. What comes is as the file has it: texts may be no UTF-8. STATUS_DATA when the file is
// damaged, or this build has no libhdf5.
enum status hdf5_read(const uint8_t *bytes, size_t size, struct mapping *out, struct error *error) MUST_CHECK;

#endif
