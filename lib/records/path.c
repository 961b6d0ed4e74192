#include "records/path.h"

#include "base/numtext.h"

#include <string.h>

enum { MAX_KEY = 256 };

// The index at the head of the path, which has to be below the limit.
static bool take_index(const char **path, uint64_t limit, uint64_t *index) {
    char text[24];
    size_t n = strcspn(*path, ".");
    if (n >= sizeof text || limit == 0)
        return false;
    memcpy(text, *path, n);
    text[n] = '\0';
    *path += n + ((*path)[n] == '.');
    return numtext_u64(text, 0, limit - 1, index, NULL) == STATUS_OK;
}

static bool find_in_array(const char *path, struct found *f) {
    f->in_array = true;
    f->used = 0;
    f->first = 0;
    f->count = f->array.count;
    for (uint64_t index; *path; f->used++) {
        if (f->used == f->array.rank || !take_index(&path, f->array.shape[f->used], &index))
            return false;
        f->count /= f->array.shape[f->used];
        f->first += index * f->count;
    }
    return true;
}

// A key may have dots in it, as the names of weights do: the shortest key that leads on is taken.
static bool find_in_map(const struct value *map, const char *path, struct found *f) {
    char key[MAX_KEY];
    for (size_t n = strcspn(path, ".");; n += 1 + strcspn(path + n + 1, ".")) {
        if (n >= sizeof key)
            return false;
        memcpy(key, path, n);
        key[n] = '\0';
        const struct value *v = value_get(map, key);
        if (v && path_find(v, path + n + (path[n] == '.'), f))
            return true;
        if (!path[n])
            return false;
    }
}

bool path_find(const struct value *v, const char *path, struct found *f) {
    uint64_t index;
    f->value = v;
    f->in_array = false;
    if (value_get(v, "nd") && array_read(v, &f->array, NULL) == STATUS_OK)
        return find_in_array(path, f);
    if (!*path)
        return true;
    if (v->type == VALUE_MAP)
        return find_in_map(v, path, f);
    return v->type == VALUE_ARRAY && take_index(&path, v->count, &index) && path_find(value_at(v, (uint32_t)index), path, f);
}

bool path_number(const struct value *v, const char *path, double *out) {
    struct found f;
    if (!path_find(v, path, &f))
        return false;
    if (f.in_array && f.used == f.array.rank)
        *out = array_real(&f.array, f.first);
    else if (!f.in_array && f.value->type == VALUE_BOOL)
        *out = f.value->boolean;
    else
        return !f.in_array && value_to_double(f.value, out);
    return true;
}
