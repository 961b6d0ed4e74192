#include "formats/network_internal.h"
#include "formats/readers_internal.h"

enum status onnx_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    (void)t, (void)bytes, (void)size;
    return error_set(error, STATUS_DATA, "an ONNX file, but this build has no protobuf-c: install it and build again");
}

enum status network_of_onnx(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) {
    (void)t, (void)choice, (void)out;
    return error_set(error, STATUS_DATA, "this build has no protobuf-c");
}
