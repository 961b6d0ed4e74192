#include "stream/json.h"

#include "base/memory.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 32, MAX_NUMBER = 400 };

struct json {
    const char *text;
    size_t size, at;
    int depth;
    struct packer *p;
    struct text scratch; // the text read last, without its escapes
    struct error *error;
};

static enum status refuse(struct json *j, const char *reason) {
    return error_set(j->error, STATUS_DATA, "column %zu: %s", j->at + 1, reason);
}

static void skip_blanks(struct json *j) {
    while (j->at < j->size && strchr(" \t\r\n", j->text[j->at]) && j->text[j->at])
        j->at++;
}

static bool at(const struct json *j, char c) {
    return j->at < j->size && j->text[j->at] == c;
}

// Takes this character, with blanks on both sides, if it comes next.
static bool take(struct json *j, char c) {
    skip_blanks(j);
    if (!at(j, c))
        return false;
    j->at++;
    skip_blanks(j);
    return true;
}

static bool take_word(struct json *j, const char *word) {
    size_t n = strlen(word);
    if (j->size - j->at < n || memcmp(j->text + j->at, word, n) != 0)
        return false;
    j->at += n;
    return true;
}

static void add_byte(struct json *j, unsigned byte) {
    text_append(&j->scratch, &(char){(char)byte}, 1);
}

static void add_utf8(struct json *j, uint32_t c) {
    if (c < 0x80) {
        add_byte(j, c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    add_byte(j, (0xf00u >> more & 0xf0) | c >> 6 * more); // 110xxxxx, 1110xxxx, 11110xxx
    while (more--)
        add_byte(j, 0x80 | (c >> 6 * more & 63));
}

static bool read_hex4(struct json *j, uint32_t *out) {
    *out = 0;
    for (int i = 0; i < 4; i++, j->at++) {
        const char *digits = "0123456789abcdef";
        char c = j->at < j->size ? j->text[j->at] : '\0';
        const char *digit = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c) : NULL;
        if (!digit)
            return false;
        *out = *out << 4 | (uint32_t)(digit - digits);
    }
    return true;
}

// What follows a backslash.
static bool read_escape(struct json *j) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = j->at < j->size ? j->text[j->at++] : '\0';
    const char *plain = c ? strchr(from, c) : NULL;
    if (plain) {
        add_byte(j, (unsigned char)to[plain - from]);
        return true;
    }
    uint32_t unit, low;
    if (c != 'u' || !read_hex4(j, &unit))
        return false;
    if (unit >= 0xd800 && unit < 0xdc00) { // a surrogate pair
        if (!take_word(j, "\\u") || !read_hex4(j, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
        return false;
    }
    add_utf8(j, unit);
    return true;
}

// A text into the scratch. That its bytes are UTF-8 is for the reader of the record to check.
static enum status read_text(struct json *j) {
    j->scratch.size = 0;
    if (!at(j, '"'))
        return refuse(j, "a text is expected");
    for (j->at++; j->at < j->size;) {
        unsigned char c = (unsigned char)j->text[j->at++];
        if (c == '"')
            return STATUS_OK;
        if (c < 0x20)
            return refuse(j, "a control character in a text");
        if (c != '\\')
            add_byte(j, c);
        else if (!read_escape(j))
            return refuse(j, "a wrong escape in a text");
    }
    return refuse(j, "a text without end");
}

static bool text_is(const struct json *j, const char *text) {
    return j->scratch.size == strlen(text) && memcmp(j->scratch.bytes, text, j->scratch.size) == 0;
}

struct number {
    enum { UNSIGNED, NEGATIVE, REAL } type;
    uint64_t u;
    int64_t i;
    double f;     // of any type
    float single; // where it was asked for: the nearest float, which (float)f may miss by one place: that is rounded twice
};

static size_t digits(const char *s) {
    return strspn(s, "0123456789");
}

static bool text_to_special(const struct json *j, double *out) {
    if (text_is(j, "NaN"))
        *out = NAN;
    else if (text_is(j, "Infinity") || text_is(j, "-Infinity"))
        *out = j->scratch.bytes[0] == '-' ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

static enum status read_number(struct json *j, struct number *out, bool single) {
    char s[MAX_NUMBER + 1];
    size_t n = 0;
    while (n < MAX_NUMBER && j->at + n < j->size && strchr("+-.eE0123456789", j->text[j->at + n]) && j->text[j->at + n])
        n++;
    memcpy(s, j->text + j->at, n);
    s[n] = '\0';
    size_t sign = s[0] == '-', whole = digits(s + sign), end = sign + whole;
    bool good = whole && !(s[sign] == '0' && whole > 1), real = false;
    if (good && s[end] == '.') {
        size_t fraction = digits(s + end + 1);
        good = fraction > 0;
        end += 1 + fraction;
        real = true;
    }
    if (good && (s[end] == 'e' || s[end] == 'E')) {
        end += 1 + (s[end + 1] == '+' || s[end + 1] == '-');
        size_t exponent = digits(s + end);
        good = exponent > 0;
        end += exponent;
        real = true;
    }
    if (!good || end != n)
        return refuse(j, "a value is expected");
    errno = 0;
    out->f = strtod(s, NULL);
    out->single = single ? strtof(s, NULL) : 0;
    out->type = real ? REAL : sign ? NEGATIVE : UNSIGNED;
    if (!isfinite(out->f))
        return refuse(j, "a number that is too large");
    errno = 0;
    if (out->type == UNSIGNED)
        out->u = strtoull(s, NULL, 10);
    else if (out->type == NEGATIVE)
        out->i = strtoll(s, NULL, 10);
    if (errno == ERANGE)
        return refuse(j, "an integer of more than 64 bits");
    j->at += n;
    return STATUS_OK;
}

static int base64_digit(unsigned char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// The rest of {"base64": after the key.
static enum status read_base64(struct json *j) {
    enum status status = read_text(j);
    if (status != STATUS_OK)
        return status;
    struct text *s = &j->scratch;
    size_t padding = 0, size = 0;
    while (padding < 2 && padding < s->size && s->bytes[s->size - 1 - padding] == '=')
        padding++;
    if (s->size % 4 || !take(j, '}'))
        return refuse(j, "no base64");
    uint32_t bits = 0;
    for (size_t i = 0; i < s->size - padding; i++) {
        int digit = base64_digit((unsigned char)s->bytes[i]);
        if (digit < 0)
            return refuse(j, "no base64");
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4)
            s->bytes[size++] = (char)(bits >> (6 - 2 * (i % 4))); // in place: writing stays behind reading
    }
    pack_bin(j->p, s->bytes, size);
    return STATUS_OK;
}

// Stores a number as an item; false when it does not fit.
static bool store(enum dtype dtype, const struct number *n, void *item) {
    static const struct {
        int64_t low;
        uint64_t high;
    } range[DTYPE_COUNT] = {
        [DTYPE_U1] = {0, UINT8_MAX},         [DTYPE_U2] = {0, UINT16_MAX},        [DTYPE_U4] = {0, UINT32_MAX},
        [DTYPE_U8] = {0, UINT64_MAX},        [DTYPE_I1] = {INT8_MIN, INT8_MAX},   [DTYPE_I2] = {INT16_MIN, INT16_MAX},
        [DTYPE_I4] = {INT32_MIN, INT32_MAX}, [DTYPE_I8] = {INT64_MIN, INT64_MAX}, [DTYPE_BOOL] = {0, 1},
    };
    float f = n->single;
    if ((dtype == DTYPE_F4 || dtype == DTYPE_F2) && isfinite(n->f) && !isfinite(f))
        return false;
    if (dtype == DTYPE_F8) {
        memcpy(item, &n->f, 8);
    } else if (dtype == DTYPE_F4) {
        memcpy(item, &f, 4);
    } else if (dtype == DTYPE_F2) {
        if (isfinite(f) && fabsf(f) >= 65520) // would round to infinity
            return false;
        uint16_t half;
        array_halves(&f, 1, &half);
        memcpy(item, &half, 2);
    } else {
        if (n->type == REAL || (n->type == NEGATIVE ? n->i < range[dtype].low : n->u > range[dtype].high))
            return false;
        memcpy(item, n->type == NEGATIVE ? (const void *)&n->i : &n->u, dtype_size(dtype)); // little-endian: the low bytes come first
    }
    return true;
}

static enum status read_item(struct json *j, enum dtype dtype, void *item) {
    struct number n = {.type = REAL};
    enum status status;
    if (!at(j, '"'))
        status = read_number(j, &n, dtype == DTYPE_F4 || dtype == DTYPE_F2);
    else if ((status = read_text(j)) == STATUS_OK && !text_to_special(j, &n.f))
        status = refuse(j, "a text among numbers");
    else
        n.single = (float)n.f;
    if (status == STATUS_OK && !store(dtype, &n, item))
        status = refuse(j, "a number that does not fit the dtype");
    return status;
}

static enum status read_key(struct json *j, const char *key, const char *otherwise) {
    enum status status = take(j, ',') ? read_text(j) : refuse(j, otherwise);
    if (status == STATUS_OK && (!text_is(j, key) || !take(j, ':')))
        status = refuse(j, otherwise);
    return status;
}

static enum status read_shape(struct json *j, uint64_t *shape, int *rank, uint64_t *count) {
    *rank = 0;
    *count = 1;
    if (!take(j, '['))
        return refuse(j, "a shape is expected");
    while (!take(j, ']')) {
        struct number n;
        if (*rank && !take(j, ','))
            return refuse(j, "a comma is expected");
        enum status status = read_number(j, &n, false);
        if (status != STATUS_OK)
            return status;
        if (n.type != UNSIGNED || *rank == ARRAY_MAX_RANK || __builtin_mul_overflow(*count, n.u, count))
            return refuse(j, "no shape of an array");
        shape[(*rank)++] = n.u;
    }
    return STATUS_OK;
}

// The items of an array; memory grows with what is read, not with what the shape says.
static enum status read_data(struct json *j, enum dtype dtype, int rank, const uint64_t *shape, uint64_t count) {
    size_t size = dtype_size(dtype), capacity = 64;
    uint64_t n = 0;
    uint8_t *data = memory_alloc(capacity * size);
    enum status status = take(j, '[') ? STATUS_OK : refuse(j, "data are expected");
    while (status == STATUS_OK && !take(j, ']')) {
        if (n == capacity) {
            data = memory_realloc(data, capacity * size, 2 * capacity * size);
            capacity *= 2;
        }
        if (n && !take(j, ','))
            status = refuse(j, "a comma is expected");
        else
            status = read_item(j, dtype, data + n++ * size);
    }
    if (status == STATUS_OK && n != count)
        status = refuse(j, "not as many data as the shape says");
    if (status == STATUS_OK && !take(j, '}'))
        status = refuse(j, "the end of an array is expected");
    if (status == STATUS_OK)
        pack_array(j->p, dtype, rank, shape, data);
    free(data);
    return status;
}

// msgpack-numpy writes a scalar as {nd: false, type, data} with bin keys.
static enum status read_scalar(struct json *j, enum dtype dtype) {
    uint8_t item[8];
    enum status status = read_item(j, dtype, item);
    if (status == STATUS_OK && !take(j, '}'))
        status = refuse(j, "the end of a scalar is expected");
    if (status != STATUS_OK)
        return status;
    pack_map(j->p);
    pack_bin(j->p, "nd", 2);
    pack_bool(j->p, false);
    pack_bin(j->p, "type", 4);
    pack_str(j->p, dtype_name(dtype));
    pack_bin(j->p, "data", 4);
    pack_bin(j->p, item, dtype_size(dtype));
    pack_end(j->p);
    return STATUS_OK;
}

// After `{"dtype":`. *is_array is false, and nothing read, when it is an ordinary map.
static enum status read_array(struct json *j, bool *is_array) {
    static const char summary[] = "an array without data; summarised arrays can't be read back";
    size_t start = j->at;
    int dtype = 0;
    *is_array = false;
    if (!at(j, '"'))
        return STATUS_OK;
    enum status status = read_text(j);
    while (status == STATUS_OK && dtype < DTYPE_COUNT && !text_is(j, dtype_name((enum dtype)dtype)))
        dtype++;
    if (status == STATUS_OK && dtype < DTYPE_COUNT && take(j, ',') && (status = read_text(j)) == STATUS_OK)
        *is_array = (text_is(j, "shape") || text_is(j, "scalar")) && take(j, ':');
    if (status == STATUS_OK && !*is_array)
        j->at = start;
    if (status != STATUS_OK || !*is_array)
        return status;
    if (text_is(j, "scalar"))
        return read_scalar(j, (enum dtype)dtype);
    uint64_t shape[ARRAY_MAX_RANK], count;
    int rank;
    if ((status = read_shape(j, shape, &rank, &count)) == STATUS_OK)
        status = read_key(j, "data", summary);
    return status == STATUS_OK ? read_data(j, (enum dtype)dtype, rank, shape, count) : status;
}

static enum status read_value(struct json *j);

// After `{`: bin and arrays, which are written as maps of a fixed form. *done is false, and nothing read, when it is an ordinary map.
static enum status read_special(struct json *j, bool *done) {
    size_t start = j->at;
    *done = false;
    if (!at(j, '"'))
        return STATUS_OK;
    enum status status = read_text(j);
    if (status == STATUS_OK && take(j, ':')) {
        if (text_is(j, "ext"))
            return refuse(j, "extension types can't be read back");
        if (text_is(j, "dtype"))
            status = read_array(j, done);
        else if ((*done = text_is(j, "base64")))
            status = read_base64(j);
    }
    if (!*done)
        j->at = start;
    return status;
}

// After `{`.
static enum status read_map(struct json *j) {
    bool done;
    enum status status = read_special(j, &done);
    if (status != STATUS_OK || done)
        return status;
    pack_map(j->p);
    bool empty = take(j, '}');
    while (!empty) {
        if ((status = read_text(j)) != STATUS_OK)
            return status;
        pack_str_n(j->p, j->scratch.bytes, j->scratch.size);
        if (!take(j, ':'))
            return refuse(j, "a colon is expected");
        if ((status = read_value(j)) != STATUS_OK)
            return status;
        if (take(j, '}'))
            break;
        if (!take(j, ','))
            return refuse(j, "a comma or the end of a map is expected");
    }
    pack_end(j->p);
    return STATUS_OK;
}

// After `[`.
static enum status read_list(struct json *j) {
    pack_list(j->p);
    bool empty = take(j, ']');
    while (!empty) {
        enum status status = read_value(j);
        if (status != STATUS_OK)
            return status;
        if (take(j, ']'))
            break;
        if (!take(j, ','))
            return refuse(j, "a comma or the end of a list is expected");
    }
    pack_end(j->p);
    return STATUS_OK;
}

static enum status read_scalar_value(struct json *j) {
    enum status status;
    struct number n;
    if (at(j, '"')) {
        if ((status = read_text(j)) != STATUS_OK)
            return status;
        if (text_to_special(j, &n.f))
            pack_double(j->p, n.f);
        else
            pack_str_n(j->p, j->scratch.bytes, j->scratch.size);
    } else if (take_word(j, "null")) {
        pack_nil(j->p);
    } else if (take_word(j, "true")) {
        pack_bool(j->p, true);
    } else if (take_word(j, "false")) {
        pack_bool(j->p, false);
    } else {
        if ((status = read_number(j, &n, false)) != STATUS_OK)
            return status;
        if (n.type == REAL)
            pack_double(j->p, n.f);
        else if (n.type == NEGATIVE)
            pack_i64(j->p, n.i);
        else
            pack_u64(j->p, n.u);
    }
    return STATUS_OK;
}

static enum status read_value(struct json *j) {
    if (j->depth == MAX_DEPTH)
        return refuse(j, "nested deeper than 32 levels");
    j->depth++;
    enum status status = take(j, '{') ? read_map(j) : take(j, '[') ? read_list(j) : read_scalar_value(j);
    j->depth--;
    return status;
}

enum status json_read(struct packer *p, const char *text, size_t size, struct error *error) {
    struct json j = {.text = text, .size = size, .p = p, .error = error};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) // a byte order mark, as Windows' editors put it
        j.at = 3;
    enum status status = read_value(&j);
    skip_blanks(&j);
    if (status == STATUS_OK && j.at != size)
        status = refuse(&j, "something follows the value");
    free(j.scratch.bytes);
    return status;
}
