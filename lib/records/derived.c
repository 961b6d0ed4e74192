#include "records/derived.h"

#include <string.h>

static bool left_out(const struct value *key, const struct derivation *d) {
    bool behaviour = value_is(key, "metrics") || value_is(key, "rollouts");
    return value_is(key, "alignment") || value_is(key, "parent") || value_is(key, "second") || value_is(key, "how") ||
           value_is(key, "name") || (behaviour && !d->same);
}

static void pack_reference(struct packer *p, const char *key, struct rnn_name name) {
    pack_key(p, key);
    pack_map(p);
    rnn_name_pack(p, name);
    pack_end(p);
}

void derived_pack(struct packer *p, const struct rnn_record *parent, const struct params *table, const float *weights,
                  const struct derivation *d) {
    pack_map(p);
    const struct value *key = value_first(parent->root), *v;
    for (uint32_t i = 0; i < parent->root->count; i++, key = value_next(v)) {
        v = value_next(key);
        if (left_out(key, d))
            continue;
        pack_value(p, key);
        if (value_is(key, "run"))
            pack_u64(p, d->run);
        else if (value_is(key, "weights"))
            weights_pack(p, table, weights);
        else
            pack_value(p, v);
    }
    pack_reference(p, "parent", rnn_record_name(parent));
    if (d->second)
        pack_reference(p, "second", *d->second);
    pack_key(p, "how");
    pack_str(p, d->how);
    pack_end(p);
}
