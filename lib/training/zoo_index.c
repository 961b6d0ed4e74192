#include "base/memory.h"
#include "stream/array.h"
#include "training/interrogator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct zoo_index zoo_index_make(const struct embedded *zoo, const struct embedded *held_out, int most) {
    size_t Z = (size_t)zoo->size;
    struct zoo_index index = {.count = zoo->count < most ? zoo->count : most, .size = zoo->size, .distance_count = held_out->count};
    index.z = memory_calloc((size_t)index.count * Z, sizeof *index.z);
    index.entry = memory_calloc((size_t)index.count, sizeof *index.entry);
    index.distances = memory_calloc((size_t)held_out->count, sizeof *index.distances);
    for (int i = 0; i < index.count; i++) {
        size_t from = (size_t)((uint64_t)i * (uint64_t)zoo->count / (uint64_t)index.count);
        memcpy(index.z + (size_t)i * Z, zoo->z + from * Z, Z * sizeof *index.z);
        index.entry[i] = zoo->record[from];
    }
    for (int i = 0; i < held_out->count; i++)
        index.distances[i] = neighbours_nearest(held_out->z + (size_t)i * Z, index.z, (size_t)index.count, Z, NULL);
    qsort(index.distances, (size_t)index.distance_count, sizeof *index.distances, by_size);
    index.losses = memory_calloc((size_t)held_out->count + 1, sizeof *index.losses);
    for (int i = 0; i < held_out->count; i++)
        if (!isnan(held_out->loss[i]))
            index.losses[index.loss_count++] = held_out->loss[i];
    qsort(index.losses, (size_t)index.loss_count, sizeof *index.losses, by_size);
    return index;
}

static void pack_entry(struct packer *p, const struct value *record) {
    static const char *const told[] = {"run", "step", "name", "task", "arch"};
    pack_map(p);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (value_get(record, told[i])) {
            pack_key(p, told[i]);
            pack_value(p, value_get(record, told[i]));
        }
    pack_end(p);
}

void zoo_index_pack(struct packer *p, const struct zoo_index *index) {
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "index");
    pack_key(p, "z");
    pack_array(p, DTYPE_F4, 2, (uint64_t[]){(uint64_t)index->count, (uint64_t)index->size}, index->z);
    pack_key(p, "entries");
    pack_list(p);
    for (int i = 0; i < index->count; i++)
        pack_entry(p, index->entry[i]);
    pack_end(p);
    pack_key(p, "distances");
    pack_array(p, DTYPE_F8, 1, (uint64_t[]){(uint64_t)index->distance_count}, index->distances);
    pack_key(p, "losses");
    pack_array(p, DTYPE_F8, 1, (uint64_t[]){(uint64_t)index->loss_count}, index->losses);
    pack_end(p);
}

static bool ascending(const double *x, int n) {
    for (int i = 0; i < n; i++)
        if (!isfinite(x[i]) || (i && x[i] < x[i - 1]))
            return false;
    return true;
}

static bool sound(const struct zoo_index *index) {
    for (size_t i = 0; i < (size_t)index->count * (size_t)index->size; i++)
        if (!isfinite(index->z[i]))
            return false;
    return ascending(index->distances, index->distance_count) && ascending(index->losses, index->loss_count);
}

static double *doubles(const struct array *a) {
    double *x = memory_calloc(a->count + 1, sizeof *x);
    for (uint64_t i = 0; i < a->count; i++)
        x[i] = array_real(a, i);
    return x;
}

static enum status list_read(const struct value *record, const char *key, int rank, struct array *out, struct error *error) {
    const struct value *v = value_get(record, key);
    if (!v || array_read(v, out, error) != STATUS_OK || out->rank != rank || out->count > 1 << 26)
        return error_set(error, STATUS_DATA, "index record: key '%s' is no array of rank %d", key, rank);
    return STATUS_OK;
}

enum status zoo_index_read(struct zoo_index *out, const struct value *record, struct error *error) {
    struct array z, distances, losses;
    const struct value *entries = value_get(record, "entries");
    *out = (struct zoo_index){0};
    if (list_read(record, "z", 2, &z, error) != STATUS_OK || list_read(record, "distances", 1, &distances, error) != STATUS_OK ||
        list_read(record, "losses", 1, &losses, error) != STATUS_OK)
        return error->status;
    if (z.shape[1] == 0 || z.shape[1] > 65536 || !entries || entries->type != VALUE_ARRAY || entries->count != z.shape[0])
        return error_set(error, STATUS_DATA, "index record: z and entries do not go together");
    *out = (struct zoo_index){.count = (int)z.shape[0],
                              .size = (int)z.shape[1],
                              .distance_count = (int)distances.count,
                              .distances = doubles(&distances),
                              .loss_count = (int)losses.count,
                              .losses = doubles(&losses)};
    out->z = memory_calloc(z.count + 1, sizeof *out->z);
    out->entry = memory_calloc((size_t)out->count + 1, sizeof *out->entry);
    array_to_floats(&z, 0, z.count, out->z);
    const struct value *entry = value_first(entries);
    for (int i = 0; i < out->count; i++, entry = value_next(entry))
        out->entry[i] = entry;
    if (sound(out))
        return STATUS_OK;
    zoo_index_free(out);
    return error_set(error, STATUS_DATA, "index record: numbers that are not finite, or that do not ascend");
}

void zoo_index_free(struct zoo_index *index) {
    free(index->z);
    free(index->entry);
    free(index->distances);
    free(index->losses);
    *index = (struct zoo_index){0};
}

// The share of ascending numbers that are below x.
static double share_below(const double *ascends, int n, double x) {
    int below = 0;
    while (below < n && ascends[below] < x)
        below++;
    return n ? (double)below / n : NAN;
}

double zoo_index_nearer(const struct zoo_index *index, double distance) {
    return share_below(index->distances, index->distance_count, distance);
}

double zoo_index_easier(const struct zoo_index *index, double loss) {
    return share_below(index->losses, index->loss_count, loss);
}
