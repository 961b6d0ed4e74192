#include "encoders/identity.h"

#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct encoder_identity encoder_identity(const struct encoder *e) {
    struct encoder_identity id = {.seed = e->seed, .step = e->step, .has_crc32 = true};
    snprintf(id.type, sizeof id.type, "%s", e->type->name);
    id.crc32 = hash_crc32(0, e->values, e->table.size * sizeof *e->values);
    return id;
}

enum status encoder_identity_read(const struct value *map, struct encoder_identity *out, struct error *error) {
    *out = (struct encoder_identity){0};
    if (field_line(map, "type", "encoder", out->type, error) != STATUS_OK ||
        (value_get(map, "seed") && field_u64(map, "seed", "encoder", &out->seed, error) != STATUS_OK) ||
        (value_get(map, "step") && field_u64(map, "step", "encoder", &out->step, error) != STATUS_OK))
        return error->status;
    out->has_crc32 = value_get(map, "crc32") != NULL;
    return out->has_crc32 ? field_u64(map, "crc32", "encoder", &out->crc32, error) : STATUS_OK;
}

void encoder_identity_pack(struct packer *p, const struct encoder_identity *id) {
    pack_map(p);
    pack_key(p, "type");
    pack_str(p, id->type);
    pack_key(p, "seed");
    pack_u64(p, id->seed);
    pack_key(p, "step");
    pack_u64(p, id->step);
    if (id->has_crc32) {
        pack_key(p, "crc32");
        pack_u64(p, id->crc32);
    }
    pack_end(p);
}

bool encoder_identity_equal(const struct encoder_identity *a, const struct encoder_identity *b) {
    return strcmp(a->type, b->type) == 0 && a->seed == b->seed && a->step == b->step &&
           (!a->has_crc32 || !b->has_crc32 || a->crc32 == b->crc32);
}

const char *encoder_identity_text(const struct encoder_identity *id, char out[IDENTITY_TEXT_SIZE]) {
    int n = snprintf(out, IDENTITY_TEXT_SIZE, "'%s' of seed %" PRIu64 ", step %" PRIu64, id->type, id->seed, id->step);
    if (id->has_crc32)
        snprintf(out + n, (size_t)(IDENTITY_TEXT_SIZE - n), ", crc32 %08" PRIx64, id->crc32);
    return out;
}
