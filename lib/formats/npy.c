#include "formats/npy.h"

#include "formats/readers_internal.h"

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

// --- As tensors: an array alone, or many in a zip file ---

static void fortran_steps(const struct npy *npy, int64_t *step) {
    uint64_t all = 1;
    for (int i = 0; i < npy->rank && i < ARRAY_MAX_RANK; i++) {
        step[i] = (int64_t)all;
        all *= npy->shape[i]; // an overflow is found by tensors_add, which multiplies the same numbers
    }
}

static enum status add_array(struct tensors *t, const char *name, const uint8_t *bytes, size_t size, struct error *error) {
    struct npy npy;
    int64_t step[ARRAY_MAX_RANK];
    enum status status = npy_header_read(bytes, size, &npy, error);
    if (status != STATUS_OK)
        return error_prefix(error, "%.200s", name);
    const char *type_name = npy.type != TENSOR_OTHER ? NULL : tensors_text(t, "%s", npy.type_name);
    if (npy.type_name[0] == '>')
        type_name = tensors_text(t, "%s, big-endian (write it by .astype('<%s'))", npy.type_name, npy.type_name + 1);
    else if (strcmp(npy.type_name, "|O") == 0)
        type_name = "|O, pickled Python objects";
    fortran_steps(&npy, step);
    struct stored_place place = {.type = npy.type,
                                 .type_name = type_name,
                                 .rank = npy.rank,
                                 .shape = npy.shape,
                                 .step = npy.fortran_order ? step : NULL,
                                 .storage = tensors_storage(t, bytes + npy.data, size - npy.data)};
    return tensors_add(t, name, 0, &place, error);
}

enum status npy_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    t->kind = "a .npy array";
    return add_array(t, "array", bytes, size, error);
}

// Members are unpacked at once: in what place the header leaves the data is not known before.
static enum status add_member(struct tensors *t, uint64_t index, struct error *error) {
    struct zip_entry entry;
    enum status status = zip_entry_at(t->zip, index, &entry, error);
    if (status != STATUS_OK)
        return status;
    size_t length = strlen(entry.name);
    if (length < 4 || strcmp(entry.name + length - 4, ".npy") != 0)
        return STATUS_OK;
    struct storage *s = tensors_storage(t, NULL, entry.size);
    status = zip_read(t->zip, index, (uint8_t *)s->bytes, entry.size, error);
    return status == STATUS_OK ? add_array(t, tensors_text(t, "%.*s", (int)length - 4, entry.name), s->bytes, entry.size, error) : status;
}

enum status npz_read(struct tensors *t, struct error *error) {
    enum status status = STATUS_OK;
    t->kind = "a .npz file";
    for (uint64_t i = 0; i < zip_count(t->zip) && status == STATUS_OK; i++)
        status = add_member(t, i, error);
    return status;
}
