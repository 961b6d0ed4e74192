// What reads what in a functional model: the configuration's inbound_nodes, where each tensor that a layer reads is a list [layer, node,
// output, ...], with other things around it that differ between Keras 2 and 3.
#include "formats/keras_internal.h"

#include <string.h>

struct source {
    const struct value *layer; // the name of the layer whose output it is
    uint64_t output;           // which of them: of a recurrent layer 0 its answers, 1 the last h, 2 the last c
    int count;                 // sources that were found
};

static bool is_number(const struct value *v) {
    return v && v->type == VALUE_UINT;
}

static void find_sources(const struct value *v, struct source *out) {
    if (!v || (v->type != VALUE_ARRAY && v->type != VALUE_MAP))
        return;
    bool is_map = v->type == VALUE_MAP;
    const struct value *first = v->count ? value_first(v) : NULL;
    if (!is_map && v->count >= 3 && first->type == VALUE_STR && is_number(value_at(v, 1)) && is_number(value_at(v, 2))) {
        out->layer = first;
        out->output = value_at(v, 2)->u;
        out->count++;
        return;
    }
    const struct value *item = first;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct value *inner = is_map ? value_next(item) : item;
        find_sources(inner, out);
        item = value_next(inner);
    }
}

// The layer that one reads, past those that compute nothing; -1: none that is in the list.
static int layer_below(const struct keras_layer *layers, int count, int at, struct source *source) {
    for (int steps = 0; steps <= count; steps++) {
        *source = (struct source){0};
        find_sources(layers[at].inbound, source);
        int from = -1;
        for (int i = 0; i < count && source->layer && from < 0; i++)
            from = value_is(source->layer, layers[i].name) ? i : -1;
        if (from < 0 || source->count != 1 || layers[from].kind != KERAS_NOTHING)
            return from;
        at = from;
    }
    return -1;
}

enum status keras_check_graph(struct tensors *t, const struct keras_layer *layers, int count, const bool *used, struct error *error) {
    int below = -1;
    for (int i = 0; i < count; i++) {
        struct source source = {0};
        if (!used[i])
            continue;
        find_sources(layers[i].inbound, &source);
        if (source.count > 1)
            return error_set(error, STATUS_DATA, "layer '%.200s': it reads %d tensors (more than a sequence, or several)", layers[i].name,
                             source.count);
        int from = source.count ? layer_below(layers, count, i, &source) : below;
        if (below >= 0 && (from != below || source.output > 1))
            return error_set(error, STATUS_DATA, "layer '%.200s': it reads output %llu of %s, not the states h of '%.200s'", layers[i].name,
                             (unsigned long long)source.output, from < 0 ? "the input" : tensors_text(t, "'%s'", layers[from].name),
                             layers[below].name);
        below = i;
    }
    return STATUS_OK;
}
