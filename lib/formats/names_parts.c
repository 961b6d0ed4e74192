// Weights that are stored in parts.
#include "formats/names_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct parts {
    const char *length, *direction; // of a name, what g and v end with
    bool in_parametrizations;       // "parametrizations.NAME.original0"
} forms[] = {{"_g", "_v", false}, {".original0", ".original1", true}};

static bool ends(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

// "a.parametrizations.weight.original0" -> "a.weight"; NULL when it has not that form.
static const char *name_of_whole(struct tensors *t, const char *name, const struct parts *form) {
    static const char word[] = "parametrizations.";
    size_t n = strlen(name) - strlen(form->length);
    if (!form->in_parametrizations)
        return tensors_text(t, "%.*s", (int)n, name);
    const char *at = strstr(name, word);
    if (!at)
        return NULL;
    const char *rest = at + sizeof word - 1;
    return tensors_text(t, "%.*s%.*s", (int)(at - name), name, (int)(n - (size_t)(rest - name)), rest);
}

// w = g v / |v|, rows by themselves: g [rows] or [rows,1], v [rows,cols].
static enum status normalise(struct tensors *t, const char *name, size_t scope, const struct stored *g, const struct stored *v,
                             struct error *error) {
    struct view lengths = view_of(g), directions = view_of(v);
    uint64_t rows = directions.rows, cols = directions.cols;
    struct storage *storage = tensors_storage(t, NULL, rows * cols * sizeof(float));
    float *w = (float *)storage->bytes, *length = memory_alloc(rows * sizeof *length);
    enum status status = view_read(&lengths, length, error);
    if (status == STATUS_OK)
        status = view_read(&directions, w, error);
    for (uint64_t r = 0; r < rows && status == STATUS_OK; r++) {
        double square = 0;
        for (uint64_t c = 0; c < cols; c++)
            square += (double)w[r * cols + c] * (double)w[r * cols + c];
        for (uint64_t c = 0; c < cols; c++)
            w[r * cols + c] = (float)((double)length[r] * (double)w[r * cols + c] / sqrt(square));
    }
    free(length);
    struct stored_place place = {.type = DTYPE_F4, .rank = 2, .shape = (uint64_t[]){rows, cols}, .storage = storage};
    return status == STATUS_OK ? tensors_add(t, name, scope, &place, error) : status;
}

static bool fit(const struct stored *g, const struct stored *v) {
    return tensor_type_is_float(g->type) && tensor_type_is_float(v->type) && v->rank == 2 && g->rank >= 1 && g->rank <= 2 &&
           g->shape[0] == v->shape[0] && g->count == g->shape[0] && v->count > 0;
}

static enum status join_normalised(struct tensors *t, int i, const struct parts *form, struct error *error) {
    const char *length = t->list[i].name;
    size_t stem = strlen(length) - strlen(form->length);
    const struct stored *v = tensors_find(t, tensors_text(t, "%.*s%s", (int)stem, length, form->direction));
    const char *whole = name_of_whole(t, length, form);
    if (!v || !whole || tensors_find(t, whole) || !fit(&t->list[i], v))
        return STATUS_OK;
    int k = (int)(v - t->list);
    size_t scope = t->list[i].scope;
    struct stored g_copy = t->list[i], v_copy = *v; // the list may move
    enum status status = normalise(t, whole, scope, &g_copy, &v_copy, error);
    t->list[i].replaced = t->list[k].replaced = true;
    return status;
}

// Pruning: w = NAME_orig * NAME_mask, element by element, vectors and matrices.
static enum status join_pruned(struct tensors *t, int i, struct error *error) {
    const char *name = t->list[i].name, *whole = tensors_text(t, "%.*s", (int)strlen(name) - 5, name);
    const struct stored *mask = tensors_find(t, tensors_text(t, "%s_mask", whole));
    struct stored orig = t->list[i];
    if (!mask || tensors_find(t, whole) || !tensor_type_is_float(orig.type) || !tensor_type_is_float(mask->type) || orig.rank < 1 ||
        orig.rank > 2 || mask->rank != orig.rank || memcmp(mask->shape, orig.shape, (size_t)orig.rank * sizeof *orig.shape) != 0)
        return STATUS_OK;
    struct view v = view_of(&orig), m = view_of(mask);
    struct storage *storage = tensors_storage(t, NULL, orig.count * sizeof(float));
    float *w = (float *)storage->bytes, *kept = memory_alloc((orig.count + 1) * sizeof *kept);
    enum status status = view_read(&v, w, error);
    if (status == STATUS_OK)
        status = view_read(&m, kept, error);
    for (uint64_t k = 0; k < orig.count && status == STATUS_OK; k++)
        w[k] *= kept[k];
    free(kept);
    t->list[i].replaced = t->list[mask - t->list].replaced = true;
    struct stored_place place = {.type = DTYPE_F4, .rank = orig.rank, .shape = orig.shape, .storage = storage};
    return status == STATUS_OK ? tensors_add(t, whole, orig.scope, &place, error) : status;
}

// NAME_raw stands for NAME when there is no other.
static void rename_raw(struct tensors *t, int i) {
    const char *name = t->list[i].name;
    const char *whole = tensors_text(t, "%.*s", (int)strlen(name) - 4, name);
    if (!tensors_find(t, whole))
        t->list[i].name = whole;
}

enum status names_join_parts(struct tensors *t, struct error *error) {
    enum status status = STATUS_OK;
    int count = t->count;
    for (int i = 0; i < count && status == STATUS_OK; i++) {
        if (ends(t->list[i].name, "_raw"))
            rename_raw(t, i);
        if (ends(t->list[i].name, "_orig"))
            status = join_pruned(t, i, error);
        for (size_t f = 0; f < sizeof forms / sizeof *forms && status == STATUS_OK; f++)
            if (ends(t->list[i].name, forms[f].length))
                status = join_normalised(t, i, &forms[f], error);
    }
    return status;
}
