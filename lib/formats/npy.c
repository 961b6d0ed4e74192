#include "formats/npy.h"

#include "formats/tensors.h"

#include <stdio.h>
#include <string.h>

static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

// The text of the header while it is read.
struct text {
    const char *at, *end;
};

static void skip_blanks(struct text *t) {
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t'))
        t->at++;
}

static bool accept(struct text *t, char c) {
    skip_blanks(t);
    bool is_there = t->at < t->end && *t->at == c;
    t->at += is_there;
    return is_there;
}

static bool accept_word(struct text *t, const char *word) {
    size_t n = strlen(word);
    skip_blanks(t);
    bool is_there = (size_t)(t->end - t->at) >= n && memcmp(t->at, word, n) == 0;
    t->at += is_there ? n : 0;
    return is_there;
}

// A text in quotation marks of either kind; longer ones than fit are cut.
static bool read_quoted(struct text *t, char *out, size_t capacity) {
    char quote = accept(t, '\'') ? '\'' : accept(t, '"') ? '"' : '\0';
    const char *end = quote ? memchr(t->at, quote, (size_t)(t->end - t->at)) : NULL;
    if (!end)
        return false;
    snprintf(out, capacity, "%.*s", (int)(end - t->at), t->at);
    t->at = end + 1;
    return true;
}

static bool read_size(struct text *t, uint64_t *out) {
    skip_blanks(t);
    const char *begin = t->at;
    for (*out = 0; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, (uint64_t)(*t->at - '0'), out))
            return false;
    accept(t, 'L'); // Python 2
    return t->at > begin;
}

static bool read_shape(struct text *t, struct npy *out) {
    if (!accept(t, '('))
        return false;
    while (!accept(t, ')')) {
        uint64_t size;
        if (!read_size(t, &size))
            return false;
        if (out->rank < ARRAY_MAX_RANK)
            out->shape[out->rank] = size;
        out->rank += out->rank <= ARRAY_MAX_RANK;
        if (!accept(t, ',')) {
            return accept(t, ')');
        }
    }
    return true;
}

static void find_type(struct npy *out) {
    out->type = TENSOR_OTHER;
    for (int i = 0; i < DTYPE_COUNT; i++)
        if (strcmp(out->type_name, dtype_name((enum dtype)i)) == 0)
            out->type = i;
}

// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
static bool read_dict(struct text *t, struct npy *out) {
    char key[16];
    unsigned seen = 0;
    if (!accept(t, '{'))
        return false;
    while (!accept(t, '}')) {
        if (!read_quoted(t, key, sizeof key) || !accept(t, ':'))
            return false;
        if (strcmp(key, "descr") == 0) { // a list stands for a structured type
            if (!read_quoted(t, out->type_name, sizeof out->type_name))
                return false;
            seen |= 1;
        } else if (strcmp(key, "fortran_order") == 0) {
            out->fortran_order = accept_word(t, "True");
            if (!out->fortran_order && !accept_word(t, "False"))
                return false;
            seen |= 2;
        } else if (strcmp(key, "shape") == 0 && !(seen & 4)) {
            if (!read_shape(t, out))
                return false;
            seen |= 4;
        } else {
            return false;
        }
        if (!accept(t, ',') && !(t->at < t->end && *t->at == '}'))
            return false;
    }
    return seen == 7;
}

enum status npy_header_read(const uint8_t *bytes, size_t size, struct npy *out, struct error *error) {
    *out = (struct npy){0};
    if (size < 10 || memcmp(bytes, magic, sizeof magic) != 0)
        return error_set(error, STATUS_DATA, "no .npy array");
    size_t width = bytes[6] == 1 ? 2 : 4, length = 0;
    if (bytes[6] < 1 || bytes[6] > 3)
        return error_set(error, STATUS_DATA, "a .npy array of version %d, which is not known", bytes[6]);
    if (size >= 8 + width)
        memcpy(&length, bytes + 8, width);
    if (size < 8 + width || length > size - 8 - width)
        return error_set(error, STATUS_DATA, "the .npy header is cut off");
    struct text text = {(const char *)bytes + 8 + width, (const char *)bytes + 8 + width + length};
    if (!read_dict(&text, out))
        return error_set(error, STATUS_DATA, "the .npy header can't be read (structured types are not supported)");
    find_type(out);
    out->data = 8 + width + length;
    return STATUS_OK;
}

size_t npy_header_write(enum dtype type, int rank, const uint64_t *shape, char out[NPY_HEADER_SIZE]) {
    enum { BEGIN = 10 };
    char *text = out + BEGIN;
    size_t room = NPY_HEADER_SIZE - BEGIN;
    int n = snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (", dtype_name(type));
    for (int i = 0; i < rank; i++)
        n += snprintf(text + n, room - (size_t)n, "%s%llu%s", i ? " " : "", (unsigned long long)shape[i],
                      i < rank - 1 || rank == 1 ? "," : "");
    n += snprintf(text + n, room - (size_t)n, "), }");
    size_t size = (BEGIN + (size_t)n + 1 + 63) / 64 * 64;
    memset(text + n, ' ', size - BEGIN - (size_t)n);
    out[size - 1] = '\n';
    memcpy(out, magic, sizeof magic);
    out[6] = 1, out[7] = 0;
    out[8] = (char)((size - BEGIN) & 0xff), out[9] = (char)((size - BEGIN) >> 8);
    return size;
}
