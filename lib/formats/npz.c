// NumPy's arrays as tensors: one alone, or many in a zip file.
#include "formats/npy.h"
#include "formats/readers_internal.h"

#include <string.h>

static void fortran_steps(const struct npy *npy, int64_t *step) {
    uint64_t all = 1;
    for (int i = 0; i < npy->rank && i < ARRAY_MAX_RANK; i++) {
        step[i] = (int64_t)all;
        all *= npy->shape[i]; // an overflow is found by tensors_add, which multiplies the same numbers
    }
}

static enum status add_array(struct tensors *t, const char *name, const uint8_t *bytes, size_t size, struct error *error) {
    struct npy npy;
    int64_t step[ARRAY_MAX_RANK];
    enum status status = npy_header_read(bytes, size, &npy, error);
    if (status != STATUS_OK)
        return error_prefix(error, "%.200s", name);
    const char *type_name = npy.type != TENSOR_OTHER ? NULL : tensors_text(t, "%s", npy.type_name);
    if (npy.type_name[0] == '>')
        type_name = tensors_text(t, "%s, big-endian (write it by .astype('<%s'))", npy.type_name, npy.type_name + 1);
    else if (strcmp(npy.type_name, "|O") == 0)
        type_name = "|O, pickled Python objects";
    fortran_steps(&npy, step);
    struct stored_place place = {.type = npy.type,
                                 .type_name = type_name,
                                 .rank = npy.rank,
                                 .shape = npy.shape,
                                 .step = npy.fortran_order ? step : NULL,
                                 .storage = tensors_storage(t, bytes + npy.data, size - npy.data)};
    return tensors_add(t, name, 0, &place, error);
}

enum status npy_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    t->kind = "a .npy array";
    return add_array(t, "array", bytes, size, error);
}

// Members are unpacked at once: in what place the header leaves the data is not known before.
static enum status add_member(struct tensors *t, uint64_t index, struct error *error) {
    struct zip_entry entry;
    enum status status = zip_entry_at(t->zip, index, &entry, error);
    if (status != STATUS_OK)
        return status;
    size_t length = strlen(entry.name);
    if (length < 4 || strcmp(entry.name + length - 4, ".npy") != 0)
        return STATUS_OK;
    struct storage *s = tensors_storage(t, NULL, entry.size);
    status = zip_read(t->zip, index, (uint8_t *)s->bytes, entry.size, error);
    return status == STATUS_OK ? add_array(t, tensors_text(t, "%.*s", (int)length - 4, entry.name), s->bytes, entry.size, error) : status;
}

enum status npz_read(struct tensors *t, struct error *error) {
    enum status status = STATUS_OK;
    t->kind = "a .npz file";
    for (uint64_t i = 0; i < zip_count(t->zip) && status == STATUS_OK; i++)
        status = add_member(t, i, error);
    return status;
}
