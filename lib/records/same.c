#include "records/same.h"

#include "stream/json.h"

#include <stdlib.h>
#include <string.h>

static bool same_number(const struct value *a, const struct value *b, const char *key) {
    uint64_t x = 0, y = 0;
    value_to_u64(value_get(a, key), &x);
    value_to_u64(value_get(b, key), &y);
    return x == y;
}

static bool same_meaning(const struct value *x, const struct value *y) {
    struct text text[2] = {0};
    if (x->length == y->length && memcmp(x->bytes, y->bytes, x->length) == 0)
        return true;
    json_write(&text[0], x, JSON_CANONICAL);
    json_write(&text[1], y, JSON_CANONICAL);
    bool same = text[0].size == text[1].size && memcmp(text[0].bytes, text[1].bytes, text[0].size) == 0;
    free(text[0].bytes);
    free(text[1].bytes);
    return same;
}

static bool same_field(const struct value *a, const struct value *b, const char *key) {
    const struct value *x = value_get(a, key), *y = value_get(b, key);
    return !x == !y && (!x || same_meaning(x, y));
}

bool same_snapshot(const struct value *a, const struct value *b) {
    return same_number(a, b, "run") && same_number(a, b, "step") && same_field(a, b, "task");
}

bool same_rnn(const struct value *a, const struct value *b, bool any_step) {
    return same_number(a, b, "run") && (any_step || same_number(a, b, "step")) && same_field(a, b, "seed") && same_field(a, b, "task") &&
           same_field(a, b, "name");
}
