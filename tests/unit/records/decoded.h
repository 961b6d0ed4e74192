// A record in memory: packed, then decoded; and variants of it with one key missing or replaced.
#ifndef UNIT_RECORDS_DECODED_H
#define UNIT_RECORDS_DECODED_H

#include "stream/field.h"
#include "stream/reader.h"

#include <stdio.h>
#include <stdlib.h>

struct decoded {
    struct packer *packer;
    struct value_nodes nodes;
};

static inline struct decoded decoded_new(void) {
    return (struct decoded){.packer = packer_new()};
}

static inline void decoded_free(struct decoded *d) {
    packer_free(d->packer);
    free(d->nodes.node);
}

// What has been packed.
static inline const struct value *decoded_root(struct decoded *d) {
    size_t size;
    struct error error;
    const uint8_t *bytes = packer_bytes(d->packer, &size);
    if (value_decode(bytes, size, 32, &d->nodes, &error) != STATUS_OK) {
        fprintf(stderr, "decoded.h: %s\n", error.text);
        exit(1);
    }
    return d->nodes.node;
}

// The map without the key.
static inline const struct value *decoded_without(struct decoded *d, const struct value *map, const char *key) {
    packer_clear(d->packer);
    pack_map(d->packer);
    pack_rest(d->packer, map, (const char *const[]){key, NULL});
    pack_end(d->packer);
    return decoded_root(d);
}

// The map with the key's value replaced by another one.
static inline const struct value *decoded_with(struct decoded *d, const struct value *map, const char *key, const struct value *v) {
    packer_clear(d->packer);
    pack_map(d->packer);
    pack_rest(d->packer, map, (const char *const[]){key, NULL});
    pack_key(d->packer, key);
    pack_value(d->packer, v);
    pack_end(d->packer);
    return decoded_root(d);
}

static inline const struct value *decoded_with_text(struct decoded *d, const struct value *map, const char *key, const char *text) {
    struct decoded v = decoded_new();
    pack_str(v.packer, text);
    const struct value *root = decoded_with(d, map, key, decoded_root(&v));
    decoded_free(&v);
    return root;
}

static inline const struct value *decoded_with_int(struct decoded *d, const struct value *map, const char *key, int64_t i) {
    struct decoded v = decoded_new();
    pack_i64(v.packer, i);
    const struct value *root = decoded_with(d, map, key, decoded_root(&v));
    decoded_free(&v);
    return root;
}

#endif
