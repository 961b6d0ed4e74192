// Keras 3's weights (.weights.h5, and in a .keras file model.weights.h5): layers are groups /layers/NAME, called by their class in
// snake_case and numbered from the second of a class on; weights are numbered, too: NAME/vars/0, those of a recurrent layer's cell
// NAME/cell/vars/0, of what TimeDistributed wraps NAME/layer/vars/0. Only a .keras file tells the order of layers, by its config.json.
#include "formats/keras_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char root[] = "/layers/";

enum { MAX_LAYERS = 4096 }; // each is looked for among all others

// "SimpleRNN": "simple_rnn"
static char *snake_case(struct tensors *t, const char *name) {
    char *text = arena_calloc(&t->arena, 2 * strlen(name) + 1), *out = text;
    for (size_t i = 0; name[i]; i++) {
        bool begins_word =
            isupper((unsigned char)name[i]) && (islower((unsigned char)name[i + 1]) || islower((unsigned char)name[i - (i > 0)]));
        if (i && begins_word)
            *out++ = '_';
        *out++ = (char)tolower((unsigned char)name[i]);
    }
    return text;
}

// Is group that of a class, "lstm" or "lstm_12"?
static bool is_of_class(const char *group, const char *class_group) {
    size_t n = strlen(class_group);
    if (strncmp(group, class_group, n) != 0)
        return false;
    return !group[n] || (group[n] == '_' && group[n + 1] && strspn(group + n + 1, "0123456789") == strlen(group + n + 1));
}

// What is behind the group's name in a weight's, or NULL when it lies elsewhere.
static const char *within(const char *name, const char *group) {
    size_t n = strlen(group);
    bool is_in =
        strncmp(name, root, sizeof root - 1) == 0 && strncmp(name + sizeof root - 1, group, n) == 0 && name[sizeof root - 1 + n] == '/';
    return is_in ? name + sizeof root + n : NULL;
}

static void add_weight(struct keras_layer *l, const char *place, const struct stored *weight, bool is_embedding) {
    static const char *const parts[] = {"vars/", "layer/vars/", "cell/vars/"};
    const struct stored **own[] = {is_embedding ? &l->embeddings : &l->kernel, &l->bias}, **cell[] = {&l->kernel, &l->recurrent, &l->bias};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t n = strlen(parts[i]);
        bool in_cell = i == 2;
        if (strncmp(place, parts[i], n) != 0 || !isdigit((unsigned char)place[n]) || place[n + 1])
            continue;
        size_t number = (size_t)(place[n] - '0');
        const struct stored **slot = in_cell && number < 3 ? cell[number] : !in_cell && number < 2 ? own[number] : NULL;
        if (slot && !*slot && !(is_embedding && number)) {
            *slot = weight;
            return;
        }
    }
    l->odd = weight->name;
}

// Returns how many weights there are in the group.
static int add_weights(struct tensors *t, struct keras_layer *l, const char *group, bool is_embedding) {
    int count = 0;
    for (int i = 0; i < t->count; i++) {
        const char *place = within(t->list[i].name, group);
        if (place)
            add_weight(l, place, &t->list[i], is_embedding);
        if (place && (strncmp(place, "forward_layer/", 14) == 0 || strncmp(place, "backward_layer/", 15) == 0))
            l->class_name = "Bidirectional";
        count += place != NULL;
    }
    return count;
}

// --- By the configuration ---

static enum status configured(struct tensors *t, const struct value *entries, struct keras_layer *layers, struct error *error) {
    int placed = 0, all = 0;
    const char **classes = arena_calloc(&t->arena, (size_t)entries->count * sizeof *classes);
    for (uint32_t i = 0; i < entries->count; i++) {
        const struct value *entry = value_at(entries, i);
        int same = 0;
        classes[i] = snake_case(t, keras_text(t, entry, "class_name"));
        for (uint32_t k = 0; k < i; k++)
            same += strcmp(classes[k], classes[i]) == 0;
        const char *group = same ? tensors_text(t, "%s_%d", classes[i], same) : classes[i];
        struct keras_layer *l = &layers[i];
        l->name = keras_text(t, value_get(entry, "config"), "name");
        keras_read_class(t, l, entry);
        placed += add_weights(t, l, group, l->kind == KERAS_EMBEDDING);
    }
    for (int i = 0; i < t->count; i++)
        all += strncmp(t->list[i].name, root, sizeof root - 1) == 0;
    if (placed != all)
        return error_set(error, STATUS_DATA, "%d of its %d weights belong to no layer of config.json", all - placed, all);
    return STATUS_OK;
}

// --- By the names of groups ---

static enum keras_kind kind_of_group(const struct keras_layer *l) {
    static const char *const recurrent[] = {"lstm", "gru", "simple_rnn", "rnn"};
    for (size_t i = 0; i < sizeof recurrent / sizeof *recurrent; i++)
        if (is_of_class(l->name, recurrent[i]))
            return KERAS_RNN;
    if (is_of_class(l->name, "embedding") && l->embeddings && !l->odd)
        return KERAS_EMBEDDING;
    bool is_dense = is_of_class(l->name, "dense") || is_of_class(l->name, "time_distributed");
    return is_dense && l->kernel && l->kernel->rank == 2 && !l->recurrent && !l->odd ? KERAS_DENSE : KERAS_OTHER;
}

static int number_of(const char *group) {
    const char *digits = strrchr(group, '_');
    return digits ? atoi(digits + 1) : 0;
}

// Embedding, recurrent layers, Dense; with others among them, whose place nobody knows, nothing stands beside the recurrent ones but these.
static int place_of(const struct keras_layer *l) {
    static const int places[] = {[KERAS_RNN] = 1, [KERAS_OTHER] = 2, [KERAS_EMBEDDING] = 3, [KERAS_DENSE] = 4};
    return l->kind == KERAS_EMBEDDING && l->alone ? 0 : places[l->kind];
}

static int by_place(const void *a, const void *b) {
    const struct keras_layer *x = a, *y = b;
    int order = place_of(x) - place_of(y);
    return order ? order : number_of(x->name) - number_of(y->name);
}

static bool is_known(const struct keras_layer *layers, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (strcmp(layers[i].name, name) == 0)
            return true;
    return false;
}

static int guessed(struct tensors *t, struct keras_layer *layers) {
    int count = 0;
    bool alone = true;
    for (int i = 0; i < t->count; i++) {
        const char *name = t->list[i].name;
        if (strncmp(name, root, sizeof root - 1) != 0)
            continue;
        name += sizeof root - 1;
        name = tensors_text(t, "%.*s", (int)strcspn(name, "/"), name);
        if (is_known(layers, count, name))
            continue;
        if (count == MAX_LAYERS)
            return MAX_LAYERS + 1;
        struct keras_layer *l = &layers[count++];
        *l = (struct keras_layer){.name = name, .guessed = true};
        add_weights(t, l, name, is_of_class(name, "embedding"));
        l->kind = kind_of_group(l);
        alone &= l->kind != KERAS_OTHER;
    }
    for (int i = 0; i < count; i++)
        layers[i].alone = alone;
    qsort(layers, (size_t)count, sizeof *layers, by_place);
    return count;
}

bool keras3_is(const struct tensors *t) {
    for (int i = 0; i < t->count; i++)
        if (strncmp(t->list[i].name, root, sizeof root - 1) == 0)
            return true;
    return false;
}

enum status keras3_layers(struct tensors *t, const struct value *entries, struct keras_layer **out, int *count, struct error *error) {
    bool is_configured = entries && entries->type == VALUE_ARRAY;
    *out = arena_calloc(&t->arena, (MAX_LAYERS + 1) * sizeof **out);
    *count = !is_configured ? guessed(t, *out) : entries->count <= MAX_LAYERS ? (int)entries->count : MAX_LAYERS + 1;
    if (*count > MAX_LAYERS)
        return error_set(error, STATUS_DATA, "more than %d layers", MAX_LAYERS);
    return is_configured ? configured(t, entries, *out, error) : STATUS_OK;
}
