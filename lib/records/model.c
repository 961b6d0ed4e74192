#include "records/model.h"

#include <math.h>
#include <string.h>

enum status model_record_read(const struct value *root, struct model_record *out, struct error *error) {
    *out = (struct model_record){.root = root};
    const char *of = "model record";
    enum status status = field_text(root, "kind", of, out->kind, error);
    if (status == STATUS_OK && value_get(root, "type"))
        status = field_text(root, "type", of, out->type, error);
    if (status == STATUS_OK && value_get(root, "config"))
        status = field_map(root, "config", of, &out->config, error);
    if (status == STATUS_OK && value_get(root, "arch")) {
        const struct value *arch;
        status = field_map(root, "arch", of, &arch, error);
        if (status == STATUS_OK)
            status = arch_read(arch, &out->arch, error);
        out->has_arch = status == STATUS_OK;
    }
    if (status == STATUS_OK)
        status = field_map(root, "weights", of, &out->weights, error);
    if (status == STATUS_OK && value_get(root, "seed"))
        status = field_u64(root, "seed", of, &out->seed, error);
    if (status == STATUS_OK && value_get(root, "step"))
        status = field_u64(root, "step", of, &out->step, error);
    return status;
}

// The index of `word` in "a|b|c", or -1; and the other way round.
static int choice_index(const char *choices, const struct value *word) {
    for (int index = 0;; index++) {
        size_t length = strcspn(choices, "|");
        if ((word->type == VALUE_STR || word->type == VALUE_BIN) && word->size == length && memcmp(word->data, choices, length) == 0)
            return index;
        if (!choices[length])
            return -1;
        choices += length + 1;
    }
}

static const char *choice_word(const char *choices, int index, size_t *length) {
    while (index-- > 0)
        choices += strcspn(choices, "|") + 1;
    *length = strcspn(choices, "|");
    return choices;
}

static enum status range_read(const struct value *v, const struct config_key *key, struct error *error) {
    double low, high;
    if (v->type != VALUE_ARRAY || v->count != 2 || !value_to_double(value_at(v, 0), &low) || !value_to_double(value_at(v, 1), &high) ||
        !(low < high) || !isfinite((float)low) || !isfinite((float)high))
        return error_set(error, STATUS_DATA, "config: key '%s' is no list of two numbers, the lower one first", key->name);
    key->range[0] = low;
    key->range[1] = high;
    return STATUS_OK;
}

static enum status config_key_read(const struct value *config, const struct config_key *key, struct error *error) {
    const struct value *v = value_get(config, key->name);
    if (!v)
        return STATUS_OK;
    if (key->choices) {
        int index = choice_index(key->choices, v);
        if (index < 0)
            return error_set(error, STATUS_DATA, "config: key '%s' is none of %s", key->name, key->choices);
        *key->target = index;
        return STATUS_OK;
    }
    if (key->range)
        return range_read(v, key, error);
    bool flag;
    if (key->flag && value_to_bool(v, &flag)) {
        *key->target = flag;
        return STATUS_OK;
    }
    return field_int(config, key->name, "config", key->flag ? 0 : key->low, key->flag ? 1 : key->high, key->target, error);
}

enum status config_read(const struct value *config, const struct config_key *keys, struct error *error) {
    for (const struct config_key *key = keys; key->name; key++) {
        enum status status = config_key_read(config, key, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

void config_pack(struct packer *p, const struct config_key *keys) {
    pack_map(p);
    for (const struct config_key *key = keys; key->name; key++) {
        if ((key->range && !(key->range[0] < key->range[1])) || (key->seldom && *key->target == key->usual))
            continue;
        pack_key(p, key->name);
        if (key->range) {
            pack_list(p);
            pack_double(p, key->range[0]);
            pack_double(p, key->range[1]);
            pack_end(p);
        } else if (key->choices) {
            size_t length;
            const char *word = choice_word(key->choices, *key->target, &length);
            pack_str_n(p, word, length);
        } else if (key->flag) {
            pack_bool(p, *key->target);
        } else {
            pack_i64(p, *key->target);
        }
    }
    pack_end(p);
}

void model_pack(struct packer *p, uint64_t seed, uint64_t step, const struct config_key *keys, const struct rnn_arch *arch,
                const struct params *table, const float *values) {
    pack_key(p, "seed");
    pack_u64(p, seed);
    pack_key(p, "step");
    pack_u64(p, step);
    pack_key(p, "config");
    config_pack(p, keys);
    if (arch) {
        pack_key(p, "arch");
        arch_pack(p, arch);
    }
    pack_key(p, "weights");
    weights_pack(p, table, values);
}
