// Reads a reference array: npy_load("language/tasks") reads $RNNPIPE_GOLDEN/language/tasks.npy (default: tests/golden, seen from the
// project's root). A missing or unsuitable file ends the test. Release with npy_free.
#ifndef UNIT_NPY_H
#define UNIT_NPY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NPY_MAX_RANK = 8 };

struct npy {
    int rank;
    size_t shape[NPY_MAX_RANK], count;
    char type[8];    // as in the file: "<f4"
    float *floats;   // float16, float32, float64; NULL for integers
    double *doubles; // float64 only
    int64_t *ints;   // uint8, int16, int64; NULL for floats
};

static inline void npy_fail(const char *path, const char *why) {
    fprintf(stderr, "%s: %s (reference arrays: run from the project's root, or let RNNPIPE_GOLDEN name their folder)\n", path, why);
    exit(1);
}

static inline float npy_half(uint16_t h) {
    int exponent = h >> 10 & 31;
    float mantissa = (float)(h & 1023), scale = 5.9604644775390625e-08f; // 2^-24
    if (exponent == 31)
        return mantissa != 0 ? (float)strtod("nan", NULL) : h >> 15 ? -(float)strtod("inf", NULL) : (float)strtod("inf", NULL);
    if (exponent)
        mantissa += 1024;
    for (int e = 1; e < exponent; e++)
        scale *= 2;
    return (h >> 15 ? -scale : scale) * mantissa;
}

// The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
static inline void npy_header(struct npy *a, const char *header, const char *path) {
    const char *type = strstr(header, "'descr': '"), *shape = strstr(header, "'shape': (");
    if (!type || !shape || !strstr(header, "'fortran_order': False"))
        npy_fail(path, "no array in C order");
    sscanf(type, "'descr': '%7[^']'", a->type);
    a->count = 1;
    char *s = (char *)shape + strlen("'shape': (");
    while (*s >= '0' && *s <= '9') {
        if (a->rank == NPY_MAX_RANK)
            npy_fail(path, "too many dimensions");
        a->shape[a->rank] = strtoull(s, &s, 10);
        a->count *= a->shape[a->rank++];
        s += strspn(s, ", ");
    }
}

static inline void *npy_read(FILE *f, size_t size, const char *path) {
    void *data = calloc(size + 1, 1);
    if (!data || fread(data, 1, size, f) != size)
        npy_fail(path, "too short");
    return data;
}

static inline void npy_convert(struct npy *a, FILE *f, const char *path) {
    size_t n = a->count, item = (size_t)(a->type[2] - '0');
    void *raw = npy_read(f, n * item, path);
    int is_float = a->type[1] == 'f';
    if (is_float)
        a->floats = calloc(n + 1, sizeof *a->floats);
    if (!is_float)
        a->ints = calloc(n + 1, sizeof *a->ints);
    const char *type = a->type + 1;
    for (size_t k = 0; k < n; k++) {
        if (strcmp(type, "f2") == 0)
            a->floats[k] = npy_half(((uint16_t *)raw)[k]);
        else if (strcmp(type, "f4") == 0)
            a->floats[k] = ((float *)raw)[k];
        else if (strcmp(type, "f8") == 0)
            a->floats[k] = (float)((double *)raw)[k];
        else if (strcmp(type, "u1") == 0)
            a->ints[k] = ((uint8_t *)raw)[k];
        else if (strcmp(type, "i2") == 0)
            a->ints[k] = ((int16_t *)raw)[k];
        else if (strcmp(type, "i8") == 0)
            a->ints[k] = ((int64_t *)raw)[k];
        else
            npy_fail(path, "a type that npy.h does not read");
    }
    if (strcmp(type, "f8") == 0)
        a->doubles = raw;
    else
        free(raw);
}

static inline struct npy npy_load(const char *name) {
    const char *folder = getenv("RNNPIPE_GOLDEN");
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.npy", folder ? folder : "tests/golden", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        npy_fail(path, "missing");
    unsigned char *magic = npy_read(f, 10, path);
    if (memcmp(magic, "\x93NUMPY\x01", 7) != 0)
        npy_fail(path, "no .npy file of version 1");
    char *header = npy_read(f, magic[8] + 256u * magic[9], path);
    struct npy a = {0};
    npy_header(&a, header, path);
    npy_convert(&a, f, path);
    free(magic);
    free(header);
    fclose(f);
    return a;
}

static inline void npy_free(struct npy *a) {
    free(a->floats);
    free(a->doubles);
    free(a->ints);
    *a = (struct npy){0};
}

#endif
