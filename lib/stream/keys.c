#include "stream/keys.h"

#include "base/utf8.h"

#include <string.h>

static enum status pack_key_of(struct packer *p, const struct value *key, enum keys keys, struct error *error) {
    if (keys != KEYS_STR || key->type != VALUE_BIN)
        return pack_with_keys(p, key, keys, error);
    if (!utf8_valid(key->data, key->size))
        return error_set(error, STATUS_DATA, "a key that is bin and no UTF-8 can't be written as str");
    pack_str_n(p, (const char *)key->data, key->size);
    return STATUS_OK;
}

static enum status pack_map_of(struct packer *p, const struct value *map, enum keys keys, struct error *error) {
    pack_map(p);
    const struct value *key = value_first(map);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < map->count && status == STATUS_OK; i++) {
        const struct value *v = value_next(key);
        status = pack_key_of(p, key, keys, error);
        if (status == STATUS_OK)
            status = pack_with_keys(p, v, keys, error);
        key = value_next(v);
    }
    pack_end(p);
    return status;
}

enum status pack_with_keys(struct packer *p, const struct value *v, enum keys keys, struct error *error) {
    struct array array;
    struct error no_array;
    if (v->type == VALUE_ARRAY) {
        enum status status = STATUS_OK;
        pack_list(p);
        const struct value *item = value_first(v);
        for (uint32_t i = 0; i < v->count && status == STATUS_OK; i++, item = value_next(item))
            status = pack_with_keys(p, item, keys, error);
        pack_end(p);
        return status;
    }
    if (v->type != VALUE_MAP) {
        pack_value(p, v);
        return STATUS_OK;
    }
    if (keys == KEYS_STR || array_read(v, &array, &no_array) != STATUS_OK)
        return pack_map_of(p, v, keys, error);
    if (array_is(v))
        pack_array(p, array.dtype, array.rank, array.shape, array.data);
    else
        pack_scalar(p, array.dtype, array.data);
    return STATUS_OK;
}
