#include "records/embedding.h"

#include <math.h>

enum status embedding_z_open(const struct value *embedding, struct array *z, struct error *error) {
    const struct value *v = value_get(embedding, "z");
    if (!v)
        return error_set(error, STATUS_DATA, "embedding record: key 'z' is missing");
    if (array_read(v, z, error) != STATUS_OK)
        return error_prefix(error, "embedding record: key 'z'");
    if (z->rank != 1 || z->count < 1 || z->count > EMBEDDING_MAX_Z)
        return error_set(error, STATUS_DATA, "embedding record: key 'z' is no vector of 1 .. %d numbers", EMBEDDING_MAX_Z);
    return STATUS_OK;
}

enum status embedding_z_copy(const struct array *z, float *out, struct error *error) {
    array_to_floats(z, 0, z->count, out);
    for (uint64_t i = 0; i < z->count; i++)
        if (!isfinite(out[i]))
            return error_set(error, STATUS_DATA, "embedding record: z has a number that is not finite");
    return STATUS_OK;
}

enum status embedding_z_read(const struct value *embedding, int size, float *out, struct error *error) {
    struct array z;
    if (embedding_z_open(embedding, &z, error) != STATUS_OK)
        return error->status;
    if (z.count != (uint64_t)size)
        return error_set(error, STATUS_DATA, "embedding record: z of %llu numbers, not %d", (unsigned long long)z.count, size);
    return embedding_z_copy(&z, out, error);
}
