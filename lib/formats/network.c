#include "formats/network.h"

#include "base/textlist.h"
#include "formats/network_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum status find(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) {
    switch (t->form) {
    case FORM_KERAS:
        return network_of_keras(t, choice, out, error);
    case FORM_ONNX:
        return network_of_onnx(t, choice, out, error);
    default:
        return network_of_names(t, choice, out, error);
    }
}

enum status network_find(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) {
    *out = (struct network){0};
    enum status status = find(t, choice, out, error);
    const char *by_embedding = out->embedding.tensor ? "tokens" : NULL;
    out->reads = choice->reads ? choice->reads : t->reads ? t->reads : by_embedding;
    out->answers = choice->answers ? choice->answers : t->answers;
    if (status == STATUS_OK && by_embedding && strcmp(out->reads, by_embedding) != 0)
        return error_set(error, STATUS_DATA, "it reads tokens, those of the embedding '%.200s', and no %s (--embedding none leaves it out)",
                         out->embedding.tensor->name, out->reads);
    return status;
}

void network_note(struct network *n, const char *text) {
    if (n->note_count < NETWORK_MAX_NOTES)
        n->notes[n->note_count++] = text;
}

bool network_is_listed(const char *list, const char *name) {
    const char *one;
    for (size_t size; textlist_next(&list, &one, &size);)
        if (strlen(name) == size && strncmp(one, name, size) == 0)
            return true;
    return false;
}

bool network_is_none(const char *chosen) {
    return chosen && strcmp(chosen, "none") == 0;
}

// --- Views ---

struct view view_of(const struct stored *s) {
    struct view v = {.tensor = s, .first = s->first, .rows = 1, .cols = 1, .row_step = 1, .col_step = 1};
    if (s->rank >= 1) {
        v.rows = s->shape[0];
        v.row_step = s->step[0];
    }
    if (s->rank >= 2) {
        v.cols = s->shape[1];
        v.col_step = s->step[1];
    }
    return v;
}

struct view view_transposed(struct view v) {
    struct view t = v;
    t.rows = v.cols, t.cols = v.rows;
    t.row_step = v.col_step, t.col_step = v.row_step;
    return t;
}

static float item_at(int type, const uint8_t *bytes, uint64_t place) {
    struct array one = {.dtype = (enum dtype)type, .count = 1, .data = bytes + place * tensor_type_size(type)};
    float f = 0;
    if (type == TENSOR_BF16) {
        uint16_t high;
        memcpy(&high, one.data, sizeof high);
        uint32_t bits = (uint32_t)high << 16;
        memcpy(&f, &bits, sizeof f);
    } else {
        array_to_floats(&one, 0, 1, &f);
    }
    return f;
}

enum status view_read(const struct view *v, float *out, struct error *error) {
    if (!v->tensor) {
        memset(out, 0, v->rows * v->cols * sizeof *out);
        return STATUS_OK;
    }
    enum status status = storage_load(v->tensor->storage, error);
    if (status != STATUS_OK)
        return error_prefix(error, "%.200s", v->tensor->name);
    uint64_t rows = v->blocks ? v->rows / (uint64_t)v->blocks : v->rows; // of a block
    for (uint64_t r = 0; r < v->rows; r++) {
        uint64_t from = v->blocks ? v->order[r / rows] * rows + r % rows : r;
        for (uint64_t c = 0; c < v->cols; c++) {
            int64_t place = (int64_t)v->first + (int64_t)from * v->row_step + (int64_t)c * v->col_step;
            float f = item_at(v->tensor->type, v->tensor->storage->bytes, (uint64_t)place);
            if (!isfinite(f))
                return error_set(error, STATUS_DATA, "%.200s: a weight is not finite", v->tensor->name);
            out[r * v->cols + c] = f;
        }
    }
    return STATUS_OK;
}

// --- Listings ---

void listing_add_text(struct listing *l, const char *text) {
    size_t n = strlen(text);
    l->count++;
    if (l->shown < l->count - 1 || l->size + n + 2 > sizeof l->text - 24)
        return;
    l->size += (size_t)snprintf(l->text + l->size, sizeof l->text - l->size, "%s%s", l->shown ? ", " : "", text);
    l->shown++;
}

void listing_add(struct listing *l, struct tensors *t, const struct stored *s) {
    if (s->type == TENSOR_OTHER)
        listing_add_text(l, tensors_text(t, "%s (%s)", s->name, s->type_name));
    else if (!tensor_type_is_float(s->type))
        listing_add_text(l, tensors_text(t, "%s %s of %s", s->name, tensors_shape_text(t, s), s->type_name));
    else
        listing_add_text(l, tensors_text(t, "%s %s", s->name, tensors_shape_text(t, s)));
}

const char *listing_text(struct listing *l) {
    if (l->shown < l->count)
        snprintf(l->text + l->size, sizeof l->text - l->size, "%s%d %s", l->shown ? " and " : "", l->count - l->shown,
                 l->shown ? "more" : "tensors");
    return l->text;
}
