#include "records/path.h"

#include "base/numtext.h"

#include <stdio.h>
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

bool path_ends_in_index(const char *path) {
    const char *dot = strrchr(path, '.'), *last = dot ? dot + 1 : path;
    return *last && strspn(last, "0123456789") == strlen(last);
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

bool path_integer(const struct value *v, const char *path, struct integer *out) {
    struct found f;
    if (!path_find(v, path, &f))
        return false;
    if (f.in_array) {
        if (f.used != f.array.rank || dtype_is_float(f.array.dtype))
            return false;
        int64_t item = array_integer(&f.array, f.first);
        *out = (struct integer){f.array.dtype != DTYPE_U8 && item < 0, (uint64_t)item};
        return true;
    }
    if (f.value->type == VALUE_UINT)
        *out = (struct integer){false, f.value->u};
    else if (f.value->type == VALUE_INT)
        *out = (struct integer){f.value->i < 0, (uint64_t)f.value->i};
    return f.value->type == VALUE_UINT || f.value->type == VALUE_INT;
}

static size_t append(char *out, size_t capacity, size_t used, const char *before, const uint8_t *text, size_t size) {
    int n = snprintf(out + used, capacity - used, "%s'%.*s'", before, (int)size, (const char *)text);
    if (n < 0 || (size_t)n >= capacity - used) { // no room: whole names only
        out[used] = '\0';
        return used;
    }
    return used + (size_t)n;
}

void path_names(const struct value *v, const char *path, char *out, size_t capacity) {
    struct found f = {.value = v};
    char start[MAX_KEY];
    size_t length = 0, used = 0;
    for (size_t dot = strcspn(path, "."); path[dot] && dot < sizeof start; dot += 1 + strcspn(path + dot + 1, ".")) {
        memcpy(start, path, dot);
        start[dot] = '\0';
        struct found next;
        if (path_find(v, start, &next) && !next.in_array && next.value->type == VALUE_MAP) {
            f = next;
            length = dot;
        }
    }
    if (length)
        used = append(out, capacity, 0, "", (const uint8_t *)path, length);
    else
        used = (size_t)snprintf(out, capacity, "the record");
    used += (size_t)snprintf(out + used, capacity - used, " has");
    const struct value *key = f.value->type == VALUE_MAP ? value_first(f.value) : NULL;
    for (uint32_t i = 0; key && i < f.value->count && used < capacity / 2 + 100; i++, key = value_next(value_next(key)))
        if (key->type == VALUE_STR && key->size < 64)
            used = append(out, capacity, used, i ? ", " : " ", key->data, key->size);
}
