#include "formats/network_internal.h"
#include "formats/readers_internal.h"

enum status keras_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    (void)t, (void)bytes, (void)size;
    return error_set(error, STATUS_DATA, "an HDF5 file, but this build has no libhdf5: install it and build again");
}

enum status network_of_keras(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) {
    (void)t, (void)choice, (void)out;
    return error_set(error, STATUS_DATA, "this build has no libhdf5");
}
