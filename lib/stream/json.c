#include "stream/json.h"

#include "base/memory.h"
#include "stream/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_text(struct text *out, const uint8_t *text, size_t size) {
    static const char hex[] = "0123456789abcdef";
    text_append(out, "\"", 1);
    size_t plain = 0; // where the run of bytes that need no escape begins
    for (size_t i = 0; i < size; i++) {
        uint8_t b = text[i];
        if (b >= 0x20 && b != '"' && b != '\\')
            continue;
        text_append(out, (const char *)text + plain, i - plain);
        plain = i + 1;
        char escape[] = {'\\', 'u', '0', '0', hex[b >> 4], hex[b & 15]};
        if (b == '"' || b == '\\')
            text_append(out, (char[]){'\\', (char)b}, 2);
        else if (b == '\n' || b == '\t')
            text_put(out, b == '\n' ? "\\n" : "\\t");
        else
            text_append(out, escape, sizeof escape);
    }
    text_append(out, (const char *)text + plain, size - plain);
    text_append(out, "\"", 1);
}

static void write_base64(struct text *out, const uint8_t *data, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text_append(out, "\"", 1);
    for (size_t i = 0; i < size; i += 3) {
        size_t n = size - i < 3 ? size - i : 3;
        uint32_t bits = (uint32_t)data[i] << 16 | (n > 1 ? (uint32_t)data[i + 1] << 8 : 0) | (n > 2 ? data[i + 2] : 0);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], n > 1 ? digits[bits >> 6 & 63] : '=', n > 2 ? digits[bits & 63] : '='};
        text_append(out, four, sizeof four);
    }
    text_append(out, "\"", 1);
}

// False when f is finite and still to be written.
static bool write_special(struct text *out, double f) {
    if (isnan(f))
        text_put(out, "\"NaN\"");
    else if (isinf(f))
        text_put(out, f > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    return !isfinite(f);
}

// Any decimal of 15 (6) digits survives a double (a float), so shorter forms need no trial: %g drops their zeros.
static void write_double(struct text *out, double f, bool point) {
    char text[40];
    if (write_special(out, f))
        return;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, f);
        if (strtod(text, NULL) == f)
            break;
    }
    text_put(out, text);
    if (point && !strpbrk(text, ".e"))
        text_put(out, ".0");
}

static void write_float(struct text *out, float f) {
    char text[40];
    if (write_special(out, (double)f))
        return;
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)f);
        if (strtof(text, NULL) == f)
            break;
    }
    text_put(out, text);
}

void json_write_item(struct text *out, const struct array *a, uint64_t i) {
    if (a->dtype == DTYPE_F8)
        write_double(out, array_real(a, i), false);
    else if (a->dtype == DTYPE_F2 || a->dtype == DTYPE_F4)
        write_float(out, (float)array_real(a, i));
    else if (a->dtype == DTYPE_U8)
        text_print(out, "%llu", (unsigned long long)array_integer(a, i));
    else
        text_print(out, "%lld", (long long)array_integer(a, i));
}

static void write_summary(struct text *out, const struct array *a) {
    if (a->count == 0) {
        text_put(out, ",\"min\":null,\"max\":null,\"mean\":null");
        return;
    }
    uint64_t least = 0, greatest = 0;
    double low = array_real(a, 0), high = low, sum = 0;
    for (uint64_t i = 0; i < a->count; i++) {
        double f = array_real(a, i);
        sum += f;
        if (!(f >= low) && !isnan(low)) { // a NaN is kept, so that it shows
            low = f;
            least = i;
        }
        if (!(f <= high) && !isnan(high)) {
            high = f;
            greatest = i;
        }
    }
    text_put(out, ",\"min\":");
    json_write_item(out, a, least);
    text_put(out, ",\"max\":");
    json_write_item(out, a, greatest);
    text_put(out, ",\"mean\":");
    double mean = sum / (double)a->count;
    if (!write_special(out, mean))
        text_print(out, "%.6g", mean);
}

// False when f has a fraction, or is too large to be told from its neighbours, and is still to be written.
static bool write_whole(struct text *out, double f) {
    if (!(fabs(f) < 0x1p53) || f != floor(f))
        return false;
    text_print(out, "%lld", (long long)f);
    return true;
}

static void write_canonical_item(struct text *out, const struct array *a, uint64_t i) {
    bool real = a->dtype == DTYPE_F2 || a->dtype == DTYPE_F4 || a->dtype == DTYPE_F8;
    if (!real || !write_whole(out, array_real(a, i)))
        json_write_item(out, a, i);
}

void json_write_part(struct text *out, const struct array *a, uint64_t first, uint64_t count) {
    text_put(out, count == 1 ? "" : "[");
    for (uint64_t i = 0; i < count; i++) {
        text_put(out, i ? "," : "");
        write_canonical_item(out, a, first + i);
    }
    text_put(out, count == 1 ? "" : "]");
}

static void write_data(struct text *out, const struct array *a, enum json_arrays arrays) {
    text_put(out, "[");
    for (uint64_t i = 0; i < a->count; i++) {
        if (i)
            text_put(out, ",");
        if (arrays == JSON_CANONICAL)
            write_canonical_item(out, a, i);
        else
            json_write_item(out, a, i);
    }
    text_put(out, "]");
}

static void write_array(struct text *out, const struct array *a, enum json_arrays arrays) {
    if (arrays == JSON_CANONICAL && a->rank == 1) {
        write_data(out, a, arrays);
        return;
    }
    text_print(out, "{\"dtype\":\"%s\",\"shape\":[", dtype_name(a->dtype));
    for (int i = 0; i < a->rank; i++)
        text_print(out, "%s%llu", i ? "," : "", (unsigned long long)a->shape[i]);
    text_put(out, "]");
    if (arrays == JSON_SUMMARISED) {
        write_summary(out, a);
        text_put(out, "}");
        return;
    }
    text_put(out, ",\"data\":");
    write_data(out, a, arrays);
    text_put(out, "}");
}

static void write_key(struct text *out, const struct value *key) {
    if (key->type == VALUE_STR) {
        write_text(out, key->data, key->size);
        return;
    }
    struct text text = {0};
    json_write(&text, key, JSON_WHOLE);
    write_text(out, (const uint8_t *)text.bytes, text.size);
    free(text.bytes);
}

struct pair {
    struct text key;
    const struct value *value;
};

static int by_key(const void *left, const void *right) {
    const struct text *a = &((const struct pair *)left)->key, *b = &((const struct pair *)right)->key;
    int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

static void write_sorted(struct text *out, const struct value *map) {
    struct pair *pairs = memory_calloc(map->count, sizeof *pairs);
    const struct value *v = value_first(map);
    for (uint32_t i = 0; i < map->count; i++, v = value_next(v)) {
        write_key(&pairs[i].key, v);
        pairs[i].value = v = value_next(v);
    }
    qsort(pairs, map->count, sizeof *pairs, by_key);
    text_put(out, "{");
    for (uint32_t i = 0; i < map->count; i++) {
        if (i)
            text_put(out, ",");
        text_append(out, pairs[i].key.bytes, pairs[i].key.size);
        text_put(out, ":");
        json_write(out, pairs[i].value, JSON_CANONICAL);
        free(pairs[i].key.bytes);
    }
    text_put(out, "}");
    free(pairs);
}

static void write_map(struct text *out, const struct value *map, enum json_arrays arrays) {
    struct array a;
    const struct value *nd = value_get(map, "nd");
    if (nd && nd->type == VALUE_BOOL && array_read(map, &a, NULL) == STATUS_OK) {
        if (nd->boolean) {
            write_array(out, &a, arrays);
            return;
        }
        if (arrays == JSON_CANONICAL) {
            write_canonical_item(out, &a, 0);
            return;
        }
        text_print(out, "{\"dtype\":\"%s\",\"scalar\":", dtype_name(a.dtype));
        json_write_item(out, &a, 0);
        text_put(out, "}");
        return;
    }
    if (arrays == JSON_CANONICAL) {
        write_sorted(out, map);
        return;
    }
    const struct value *v = value_first(map);
    text_put(out, "{");
    for (uint32_t i = 0; i < map->count; i++) {
        if (i)
            text_put(out, ",");
        write_key(out, v);
        text_put(out, ":");
        v = value_next(v);
        json_write(out, v, arrays);
        v = value_next(v);
    }
    text_put(out, "}");
}

static void write_list(struct text *out, const struct value *list, enum json_arrays arrays) {
    const struct value *v = value_first(list);
    text_put(out, "[");
    for (uint32_t i = 0; i < list->count; i++, v = value_next(v)) {
        if (i)
            text_put(out, ",");
        json_write(out, v, arrays);
    }
    text_put(out, "]");
}

void json_write(struct text *out, const struct value *v, enum json_arrays arrays) {
    switch (v->type) {
    case VALUE_NIL:
        text_put(out, "null");
        break;
    case VALUE_BOOL:
        text_put(out, v->boolean ? "true" : "false");
        break;
    case VALUE_UINT:
        text_print(out, "%llu", (unsigned long long)v->u);
        break;
    case VALUE_INT:
        text_print(out, "%lld", (long long)v->i);
        break;
    case VALUE_FLOAT:
        if (arrays != JSON_CANONICAL || !write_whole(out, v->f))
            write_double(out, v->f, arrays != JSON_CANONICAL);
        break;
    case VALUE_STR:
        write_text(out, v->data, v->size);
        break;
    case VALUE_EXT:
        text_print(out, "{\"ext\":%d,\"base64\":", (int8_t)v->data[-1]); // the type is the byte before the data
        write_base64(out, v->data, v->size);
        text_put(out, "}");
        break;
    case VALUE_BIN:
        text_put(out, "{\"base64\":");
        write_base64(out, v->data, v->size);
        text_put(out, "}");
        break;
    case VALUE_ARRAY:
        write_list(out, v, arrays);
        break;
    case VALUE_MAP:
        write_map(out, v, arrays);
        break;
    }
}

enum status json_write_packed(struct text *out, const struct packer *p, enum json_arrays arrays, struct error *error) {
    struct value_nodes nodes = {0};
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    enum status status = value_decode(bytes, size, 0, &nodes, error);
    if (status == STATUS_OK)
        json_write(out, nodes.node, arrays);
    free(nodes.node);
    return status;
}
