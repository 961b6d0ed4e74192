// Sequences from NumPy's files.
#include "analysis/sequences_internal.h"
#include "base/memory.h"
#include "formats/npy.h"
#include "formats/tensors.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool sequences_is_npy(const char *bytes, size_t size) {
    return size >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0;
}

// [n,T] of tokens or [n,T,I] of numbers; a dimension less is one sequence.
static enum status dimensions(const struct npy *npy, bool tokens, int width, uint64_t dims[3], struct error *error) {
    int wanted = tokens ? 2 : 3;
    if (npy->rank != wanted && npy->rank != wanted - 1)
        return error_set(error, STATUS_DATA, "an array of %d dimensions; %s has %d or %d", npy->rank,
                         tokens ? "one of tokens" : "one of numbers", wanted - 1, wanted);
    dims[0] = npy->rank == wanted ? npy->shape[0] : 1;
    dims[1] = npy->shape[npy->rank == wanted ? 1 : 0];
    dims[2] = tokens ? 1 : npy->shape[npy->rank - 1];
    if (dims[0] == 0 || dims[1] == 0 || dims[0] > INT_MAX || dims[1] > INT_MAX)
        return error_set(error, STATUS_DATA, "an array of no elements, or too many");
    if (!tokens && dims[2] != (uint64_t)width)
        return error_set(error, STATUS_DATA, "rows of %llu numbers for an RNN of %d inputs", (unsigned long long)dims[2], width);
    return STATUS_OK;
}

static enum status open_array(const char *bytes, size_t size, bool tokens, int width, struct array *a, uint64_t dims[3],
                              struct error *error) {
    struct npy npy;
    if (npy_header_read((const uint8_t *)bytes, size, &npy, error) != STATUS_OK ||
        dimensions(&npy, tokens, width, dims, error) != STATUS_OK)
        return error->status;
    if (npy.type == TENSOR_OTHER || npy.fortran_order)
        return error_set(error, STATUS_DATA, npy.fortran_order ? "an array in Fortran's order" : "an array of type %s", npy.type_name);
    *a = (struct array){.dtype = (enum dtype)npy.type, .rank = npy.rank, .data = (const uint8_t *)bytes + npy.data};
    a->count = dims[0] * dims[1];
    if (a->count > INT_MAX || a->count * dims[2] > INT_MAX)
        return error_set(error, STATUS_DATA, "an array of too many elements");
    a->count *= dims[2];
    memcpy(a->shape, npy.shape, sizeof a->shape);
    if (a->count * dtype_size(a->dtype) > size - npy.data)
        return error_set(error, STATUS_DATA, "the file ends before its array does");
    return STATUS_OK;
}

enum status sequences_from_npy(struct sequences *out, const char *bytes, size_t size, bool tokens, int width, struct error *error) {
    struct array a;
    uint64_t dims[3] = {0};
    *out = (struct sequences){.width = tokens ? 0 : width};
    if (open_array(bytes, size, tokens, width, &a, dims, error) != STATUS_OK)
        return error->status;
    uint64_t length = dims[1] * dims[2];
    for (uint64_t i = 0; i < dims[0]; i++) {
        struct sequence s = {.length = (int)dims[1]};
        enum status status = STATUS_OK;
        if (tokens) {
            s.tokens = memory_alloc(length * sizeof *s.tokens);
            status = array_to_ints(&a, i * length, length, s.tokens, error);
            for (uint64_t k = 0; status == STATUS_OK && k < length; k++)
                status = sequences_check_token(s.tokens[k], error);
        } else {
            s.inputs = memory_alloc(length * sizeof *s.inputs);
            array_to_floats(&a, i * length, length, s.inputs);
            for (uint64_t k = 0; status == STATUS_OK && k < length; k++)
                if (!isfinite(s.inputs[k]))
                    status = error_set(error, STATUS_DATA, "a number that is not finite, or beyond single precision");
        }
        if (status != STATUS_OK) {
            error_prefix(error, "sequence %llu", (unsigned long long)i + 1);
            free(s.tokens);
            free(s.inputs);
            sequences_free(out);
            return status;
        }
        sequences_add(out, s);
    }
    return STATUS_OK;
}
