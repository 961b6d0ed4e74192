// What stands before and behind a recurrent module: an embedding and a read-out, found by their shapes and, where shapes don't decide,
// names.
#include "formats/names_internal.h"

#include <string.h>
#include <strings.h>

// A matrix NAME.weight, perhaps with its NAME.bias.
struct linear {
    const struct stored *weight, *bias;
    bool named_embedding, named_readout;
};

static const char *const embedding_words[] = {"emb", "lookup", "wte", "encoder", "token", NULL};
static const char *const readout_words[] = {"fc", "lin", "out", "head", "dense", "decod", "class", "proj", "pred", "logit", "read", NULL};

static bool has_word(const char *name, const char *const *words) {
    for (; *words; words++)
        if (strcasestr(name, *words))
            return true;
    return false;
}

static bool ends_with_weight(const char *name) {
    return strcmp(names_last(name), "weight") == 0;
}

// What is beside the recurrent module, in the same dict, and nothing has taken yet. Integers are counters or positions, but for a matrix
// that is called a weight: that is quantized.
static bool is_free(const struct search *s, int i) {
    const struct stored *tensor = &s->t->list[i];
    const char *scope = s->chosen[0]->scope;
    bool is_number =
        tensor->type != TENSOR_OTHER && !tensor_type_is_float(tensor->type) && !(tensor->rank >= 2 && ends_with_weight(tensor->name));
    return !s->used[i] && !tensor->replaced && !is_number && tensor->scope == strlen(scope) &&
           strncmp(tensor->name, scope, tensor->scope) == 0 && names_below(tensor, s->choice->name);
}

static struct linear linear_of(struct search *s, const struct stored *weight) {
    struct linear l = {.weight = weight};
    const char *last = names_last(weight->name);
    const char *module = tensors_text(s->t, "%.*s", (int)(last - weight->name), weight->name);
    if (ends_with_weight(weight->name))
        l.bias = tensors_find(s->t, tensors_text(s->t, "%sbias", module));
    // The innermost name alone: "decoder.embedding.weight" is an embedding.
    size_t n = strlen(module);
    const char *inner = n ? names_last(tensors_text(s->t, "%.*s", (int)n - 1, module)) : "";
    l.named_embedding = has_word(inner, embedding_words);
    l.named_readout = !l.named_embedding && has_word(inner, readout_words);
    return l;
}

// --- Chosen by name ---

static bool is_chosen(const struct stored *tensor, const char *name) {
    const char *inner = tensor->name + tensor->scope;
    size_t n = strlen(name);
    const char *const names[] = {tensor->name, inner};
    for (int i = 0; i < 2; i++)
        if (strncmp(names[i], name, n) == 0 && (names[i][n] == '\0' || strcmp(names[i] + n, ".weight") == 0))
            return true;
    return false;
}

static enum status find_chosen(struct search *s, const char *option, const char *name, uint64_t cols, struct linear *out) {
    for (int i = 0; i < s->t->count; i++) {
        const struct stored *tensor = &s->t->list[i];
        if (tensor->replaced || !is_chosen(tensor, name))
            continue;
        if (!tensor_type_is_float(tensor->type) || tensor->rank != 2 || tensor->shape[1] != cols)
            return error_set(s->error, STATUS_DATA, "%s %s: '%.200s' is %s %s, no matrix of floats with %llu columns", option, name,
                             tensor->name, tensor->type_name, tensors_shape_text(s->t, tensor), (unsigned long long)cols);
        *out = linear_of(s, tensor);
        return STATUS_OK;
    }
    return error_set(s->error, STATUS_DATA, "%s %s: there is no such tensor (--list shows what there is)", option, name);
}

// --- Found by shape ---

static bool fits_embedding(const struct search *s, const struct linear *l) {
    return l->weight->shape[1] == s->out->input && !l->bias && !l->named_readout;
}

static bool fits_readout(const struct search *s, const struct linear *l) {
    return l->weight->shape[1] == s->out->hidden && !l->named_embedding;
}

// May be both: an embedding of as many numbers as there are units, or a read-out without biases.
static bool is_ambiguous(const struct search *s, const struct linear *l) {
    return fits_embedding(s, l) && fits_readout(s, l);
}

static enum status several(struct search *s, struct listing *listing, const char *what, const char *option) {
    return error_set(s->error, STATUS_DATA, "more than one matrix may be %s: %s; choose by %s NAME (or none)", what, listing_text(listing),
                     option);
}

// The one matrix that fits, if there is one: out->weight stays NULL otherwise.
static enum status find_fitting(struct search *s, bool (*fits)(const struct search *s, const struct linear *l), const char *what,
                                const char *option, struct linear *out) {
    struct listing listing = {0};
    for (int i = 0; i < s->t->count; i++) {
        const struct stored *tensor = &s->t->list[i];
        if (!is_free(s, i) || tensor->rank != 2 || !ends_with_weight(tensor->name) || !tensor_type_is_float(tensor->type))
            continue;
        struct linear l = linear_of(s, tensor);
        if (!fits(s, &l))
            continue;
        if (is_ambiguous(s, &l) && !s->choice->readout && !s->choice->embedding)
            return error_set(s->error, STATUS_DATA,
                             "'%.200s' %s may be an embedding before the RNN or a read-out behind it: say --readout or --embedding",
                             tensor->name, tensors_shape_text(s->t, tensor));
        listing_add(&listing, s->t, tensor);
        *out = l;
    }
    return listing.count > 1 ? several(s, &listing, what, option) : STATUS_OK;
}

static enum status find_linear(struct search *s, const char *option, const char *chosen, uint64_t cols,
                               bool (*fits)(const struct search *s, const struct linear *l), const char *what, struct linear *out) {
    enum status status;
    *out = (struct linear){0};
    if (network_is_none(chosen))
        return STATUS_OK;
    if (chosen)
        status = find_chosen(s, option, chosen, cols, out);
    else
        status = find_fitting(s, fits, what, option, out);
    if (status == STATUS_OK && out->weight)
        s->used[out->weight - s->t->list] = true;
    return status;
}

// --- The rest ---

static enum status take_readout(struct search *s, const struct linear *l) {
    struct network *out = s->out;
    out->output = l->weight ? l->weight->shape[0] : out->hidden;
    out->readout_bias = (struct view){.rows = out->output, .cols = 1};
    if (!l->weight) {
        network_note(out, "no read-out: it becomes the identity, so that the outputs are the states h of the last layer");
        return STATUS_OK;
    }
    out->readout = view_of(l->weight);
    if (!l->bias)
        return STATUS_OK;
    if (!tensor_type_is_float(l->bias->type) || l->bias->rank != 1 || l->bias->shape[0] != out->output)
        return error_set(s->error, STATUS_DATA, "'%.200s' is %s %s, where %llu floats were expected", l->bias->name, l->bias->type_name,
                         tensors_shape_text(s->t, l->bias), (unsigned long long)out->output);
    out->readout_bias = view_of(l->bias);
    s->used[l->bias - s->t->list] = true;
    return STATUS_OK;
}

static void take_embedding(struct search *s, const struct linear *l) {
    if (!l->weight)
        return;
    s->out->embedding = view_of(l->weight);
    network_note(s->out, tensors_text(s->t, "the embedding %s %s is folded into the first layer: inputs are its %llu tokens",
                                      l->weight->name, tensors_shape_text(s->t, l->weight), (unsigned long long)l->weight->shape[0]));
}

// Part of the recurrent module itself, of a name that has no place: an initial state, a normalisation, a peephole. No choice helps there.
static bool is_inside(const struct search *s, const struct stored *tensor) {
    for (int i = 0; i < s->chosen_count; i++) {
        size_t n = strlen(s->chosen[i]->prefix);
        if (n > strlen(s->chosen[i]->scope) && strncmp(tensor->name, s->chosen[i]->prefix, n) == 0)
            return true;
    }
    return false;
}

static enum status check_left(struct search *s) {
    struct listing left = {0};
    for (int i = 0; i < s->t->count; i++) {
        const struct stored *tensor = &s->t->list[i];
        if (!is_free(s, i))
            continue;
        if (is_inside(s, tensor))
            return error_set(s->error, STATUS_DATA,
                             "'%.200s' belongs to the recurrent layer, but has no place in the cells that are known here", tensor->name);
        listing_add(&left, s->t, tensor);
    }
    if (left.count == 0)
        return STATUS_OK;
    if (s->choice->rnn || s->choice->readout) {
        network_note(s->out, tensors_text(s->t, "left out: %s", listing_text(&left)));
        return STATUS_OK;
    }
    return error_set(
        s->error, STATUS_DATA,
        "more is in it than an RNN with one linear read-out (and an embedding before it): %s. --rnn %s imports that part alone and "
        "leaves the rest out",
        listing_text(&left), *s->out->name ? s->out->name : "''");
}

// --embedding none: one that there is, and that is no read-out, is left out; nothing else is.
static void leave_embedding(struct search *s) {
    struct linear l = {0};
    struct error ignored, *error = s->error;
    s->error = &ignored;
    if (find_linear(s, "--embedding", NULL, s->out->input, fits_embedding, "the embedding", &l) == STATUS_OK && l.weight)
        network_note(s->out, tensors_text(s->t, "left out: %s, the embedding", l.weight->name));
    s->error = error;
}

enum status names_find_rest(struct search *s) {
    struct linear readout, embedding;
    enum status status = find_linear(s, "--embedding", s->choice->embedding, s->out->input, fits_embedding, "the embedding", &embedding);
    if (status == STATUS_OK)
        status = find_linear(s, "--readout", s->choice->readout, s->out->hidden, fits_readout, "the read-out", &readout);
    if (status == STATUS_OK)
        status = take_readout(s, &readout);
    if (status != STATUS_OK)
        return status;
    if (network_is_none(s->choice->embedding))
        leave_embedding(s);
    take_embedding(s, &embedding);
    return check_left(s);
}
