#include "stream/compare.h"

#include "stream/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 60 }; // bytes of each of two values in a description

// A comparison on its way through both trees.
struct walk {
    struct comparison *out;
    struct tolerance tolerance;
    char path[256];
};

static void compare(struct walk *w, const struct value *a, const struct value *b);

// --- Where ---

// Puts another step at the end of the path, and returns its old length, to be given to leave().
static size_t enter(struct walk *w, const uint8_t *text, size_t size) {
    size_t old = strlen(w->path), at = old;
    if (at && at < sizeof w->path - 1)
        w->path[at++] = '.';
    for (size_t i = 0; i < size && at < sizeof w->path - 1; i++)
        w->path[at++] = text[i] < 0x20 || text[i] == 0x7f ? '?' : (char)text[i];
    w->path[at] = '\0';
    return old;
}

static size_t enter_key(struct walk *w, const struct value *key) {
    if (key->type == VALUE_STR || key->type == VALUE_BIN)
        return enter(w, key->data, key->size);
    struct text text = {0};
    json_write(&text, key, JSON_SUMMARISED);
    size_t old = enter(w, (const uint8_t *)text.bytes, text.size);
    free(text.bytes);
    return old;
}

static size_t enter_index(struct walk *w, uint64_t index) {
    char text[24];
    return enter(w, (const uint8_t *)text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)index));
}

static void leave(struct walk *w, size_t old) {
    w->path[old] = '\0';
}

// --- What ---

// Counts a difference; true when it is the first one, which has to be described.
static bool differ(struct walk *w) {
    if (w->out->differences++)
        return false;
    memcpy(w->out->path, w->path, sizeof w->path);
    return true;
}

static void differ_in(struct walk *w, const char *what) {
    if (differ(w))
        snprintf(w->out->what, sizeof w->out->what, "%s", what);
}

static void describe(struct walk *w, const struct text *a, const struct text *b) {
    int shown_a = a->size < SHOWN ? (int)a->size : SHOWN, shown_b = b->size < SHOWN ? (int)b->size : SHOWN;
    snprintf(w->out->what, sizeof w->out->what, "%.*s%s against %.*s%s", shown_a, a->bytes, a->size > SHOWN ? "..." : "", shown_b, b->bytes,
             b->size > SHOWN ? "..." : "");
}

static void differ_values(struct walk *w, const struct value *a, const struct value *b) {
    struct text text[2] = {0};
    if (!differ(w))
        return;
    json_write(&text[0], a, JSON_SUMMARISED);
    json_write(&text[1], b, JSON_SUMMARISED);
    describe(w, &text[0], &text[1]);
    free(text[0].bytes);
    free(text[1].bytes);
}

// --- Numbers ---

// long double: differences of 64-bit integers are exact, where it has as many bits.
static bool numbers_equal(struct walk *w, long double a, long double b) {
    if (a == b)
        return true;
    long double size = fmaxl(fabsl(a), fabsl(b)), absolute = fabsl(a - b), relative = absolute / size;
    if (!isfinite(a) || !isfinite(b))
        absolute = relative = (long double)INFINITY;
    w->out->absolute = fmax(w->out->absolute, (double)absolute);
    w->out->relative = fmax(w->out->relative, (double)relative);
    return absolute < (long double)INFINITY &&
           absolute <= fmaxl((long double)w->tolerance.absolute, (long double)w->tolerance.relative * size);
}

static bool is_number(const struct value *v) {
    return v->type == VALUE_UINT || v->type == VALUE_INT || v->type == VALUE_FLOAT;
}

static long double number(const struct value *v) {
    return v->type == VALUE_UINT ? (long double)v->u : v->type == VALUE_INT ? (long double)v->i : (long double)v->f;
}

static long double item(const struct array *a, uint64_t i) {
    switch (a->dtype) {
    case DTYPE_F2:
    case DTYPE_F4:
    case DTYPE_F8:
        return (long double)array_real(a, i);
    case DTYPE_U8:
        return (long double)(uint64_t)array_integer(a, i);
    default:
        return (long double)array_integer(a, i);
    }
}

static void differ_items(struct walk *w, const struct array *a, const struct array *b, uint64_t i) {
    if (w->out->differences) {
        w->out->differences++;
        return;
    }
    size_t old = strlen(w->path);
    uint64_t rest = i, stride = a->count;
    for (int k = 0; k < a->rank; k++) {
        stride /= a->shape[k];
        enter_index(w, rest / stride);
        rest %= stride;
    }
    struct text text[2] = {0};
    json_write_item(&text[0], a, i);
    json_write_item(&text[1], b, i);
    differ(w);
    describe(w, &text[0], &text[1]);
    free(text[0].bytes);
    free(text[1].bytes);
    leave(w, old);
}

static void compare_arrays(struct walk *w, const struct array *a, const struct array *b) {
    char what[64];
    if (a->dtype != b->dtype) {
        snprintf(what, sizeof what, "type %s against %s", dtype_name(a->dtype), dtype_name(b->dtype));
        differ_in(w, what);
    } else if (a->rank != b->rank || memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) != 0) {
        differ_in(w, "other shape");
    } else {
        for (uint64_t i = 0; i < a->count; i++)
            if (!numbers_equal(w, item(a, i), item(b, i)))
                differ_items(w, a, b, i);
    }
}

// --- Containers ---

static bool is_text(const struct value *v) {
    return v->type == VALUE_STR || v->type == VALUE_BIN;
}

static bool same_key(const struct value *a, const struct value *b) {
    if (is_text(a) && is_text(b))
        return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
    if (a->type == b->type && (a->type == VALUE_UINT || a->type == VALUE_INT))
        return a->u == b->u;
    return a->type == b->type && a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

// The key's value in the map, or NULL. The search begins at *hint, a pair of the map, and goes around; afterwards it is the pair behind the
// one found, so that maps of the same order are searched once.
static const struct value *find(const struct value *map, const struct value *key, const struct value **hint, uint32_t *place) {
    for (uint32_t i = 0; i < map->count; i++) {
        const struct value *candidate = *hint, *v = value_next(candidate);
        *place = *place + 1 == map->count ? 0 : *place + 1;
        *hint = *place ? value_next(v) : value_first(map);
        if (same_key(candidate, key))
            return v;
    }
    return NULL;
}

// What only one of the maps has; returns how many keys both have. When `both` is set, values of common keys are compared.
static uint32_t walk_keys(struct walk *w, const struct value *map, const struct value *other, bool both, const char *alone) {
    const struct value *key = value_first(map), *hint = value_first(other);
    uint32_t common = 0, place = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct value *v = value_next(key), *match = find(other, key, &hint, &place);
        size_t old = enter_key(w, key);
        if (!match)
            differ_in(w, alone);
        else if (both)
            compare(w, v, match);
        common += match != NULL;
        leave(w, old);
        key = value_next(v);
    }
    return common;
}

static void compare_maps(struct walk *w, const struct value *a, const struct value *b) {
    struct array x, y;
    if (array_read(a, &x, NULL) == STATUS_OK && array_read(b, &y, NULL) == STATUS_OK)
        compare_arrays(w, &x, &y);
    else if (walk_keys(w, a, b, true, "only in the first") < b->count)
        walk_keys(w, b, a, false, "only in the second");
}

static void compare_lists(struct walk *w, const struct value *a, const struct value *b) {
    char what[64];
    if (a->count != b->count) {
        snprintf(what, sizeof what, "%u items against %u", a->count, b->count);
        differ_in(w, what);
        return;
    }
    const struct value *x = value_first(a), *y = value_first(b);
    for (uint32_t i = 0; i < a->count; i++, x = value_next(x), y = value_next(y)) {
        size_t old = enter_index(w, i);
        compare(w, x, y);
        leave(w, old);
    }
}

static bool same_bytes(const struct value *a, const struct value *b) {
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static void compare(struct walk *w, const struct value *a, const struct value *b) {
    bool equal = a->type == b->type;
    if (is_number(a) && is_number(b)) {
        equal = numbers_equal(w, number(a), number(b));
    } else if (equal && a->type == VALUE_MAP) {
        compare_maps(w, a, b);
    } else if (equal && a->type == VALUE_ARRAY) {
        compare_lists(w, a, b);
    } else if (equal && a->type != VALUE_NIL) {
        equal = a->type == VALUE_BOOL ? a->boolean == b->boolean : same_bytes(a, b);
        equal = equal && (a->type != VALUE_EXT || a->data[-1] == b->data[-1]); // the type is the byte before the data
    }
    if (!equal)
        differ_values(w, a, b);
}

void value_compare(const struct value *a, const struct value *b, struct tolerance tolerance, struct comparison *out) {
    *out = (struct comparison){0};
    struct walk w = {.out = out, .tolerance = tolerance};
    compare(&w, a, b);
}
