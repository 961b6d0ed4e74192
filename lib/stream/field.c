#include "stream/field.h"

static enum status complain(const struct value *map, const char *key, const char *of, const char *wanted, struct error *error) {
    if (!value_get(map, key))
        return error_set(error, STATUS_DATA, "%s: key '%s' is missing", of, key);
    return error_set(error, STATUS_DATA, "%s: key '%s' is no %s", of, key, wanted);
}

enum status field_u64(const struct value *map, const char *key, const char *of, uint64_t *out, struct error *error) {
    return value_to_u64(value_get(map, key), out) ? STATUS_OK : complain(map, key, of, "unsigned integer", error);
}

enum status field_int(const struct value *map, const char *key, const char *of, int low, int high, int *out, struct error *error) {
    int64_t i;
    if (!value_to_i64(value_get(map, key), &i))
        return complain(map, key, of, "integer", error);
    if (i < low || i > high)
        return error_set(error, STATUS_DATA, "%s: key '%s' is %lld, outside %d .. %d", of, key, (long long)i, low, high);
    *out = (int)i;
    return STATUS_OK;
}

enum status field_text(const struct value *map, const char *key, const char *of, char out[TEXT_FIELD_SIZE], struct error *error) {
    return value_to_text(value_get(map, key), out, TEXT_FIELD_SIZE) ? STATUS_OK : complain(map, key, of, "short text", error);
}

enum status field_line(const struct value *map, const char *key, const char *of, char out[TEXT_FIELD_SIZE], struct error *error) {
    enum status status = field_text(map, key, of, out, error);
    return status == STATUS_OK ? field_line_check(out, key, of, error) : status;
}

bool field_is_line(const char *text) {
    while (*text && (unsigned char)*text >= ' ' && *text != 127)
        text++;
    return !*text;
}

enum status field_line_check(const char *text, const char *key, const char *of, struct error *error) {
    return field_is_line(text) ? STATUS_OK : error_set(error, STATUS_DATA, "%s: key '%s' has control characters", of, key);
}

enum status field_map(const struct value *map, const char *key, const char *of, const struct value **out, struct error *error) {
    const struct value *v = value_get(map, key);
    if (!v || v->type != VALUE_MAP)
        return complain(map, key, of, "map", error);
    *out = v;
    return STATUS_OK;
}

enum status field_number(const struct value *map, const char *key, const char *of, double low, double high, double *out,
                         struct error *error) {
    if (!value_to_double(value_get(map, key), out) || !(*out >= low && *out <= high))
        return error_set(error, STATUS_DATA, "%s: key '%s' is no number of %g .. %g", of, key, low, high);
    return STATUS_OK;
}

static bool listed(const struct value *key, const char *const *names) {
    for (; *names; names++)
        if (value_is(key, *names))
            return true;
    return false;
}

void pack_rest(struct packer *p, const struct value *map, const char *const *except) {
    const struct value *key = value_first(map);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct value *v = value_next(key);
        if (!listed(key, except)) {
            pack_value(p, key);
            pack_value(p, v);
        }
        key = value_next(v);
    }
}
