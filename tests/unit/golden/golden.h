// Comparison with the reference arrays. Their README.md states, for every array, the largest absolute deviation and the largest relative
// deviation in Euclidean norm; an array passes when it meets both.
#ifndef UNIT_GOLDEN_H
#define UNIT_GOLDEN_H

#include "../check.h"
#include "../npy.h"
#include "nn/params.h"

#include <unistd.h>

// Times the README's advice. It allows a program with its own exp and tanh up to 5; ours needs none of that.
#define GOLDEN_FACTOR 1.0

struct golden_tolerance {
    double absolute, relative;
    bool of_change; // relative to the change against the start parameters
};

// The row | name | shape | type | meaning | noise | abs tol | rel L2 | of the folder's own README, or of the section "## folder/" of the
// one above.
static inline struct golden_tolerance golden_tolerance(const char *folder, const char *name) {
    const char *root = getenv("RNNPIPE_GOLDEN");
    char path[1024], heading[128], row[128], line[4096];
    snprintf(path, sizeof path, "%s/%s/README.md", root ? root : "tests/golden", folder);
    bool inside = access(path, R_OK) == 0;
    if (!inside)
        snprintf(path, sizeof path, "%s/README.md", root ? root : "tests/golden");
    snprintf(heading, sizeof heading, "## %s/\n", folder);
    snprintf(row, sizeof row, "| %s |", name);
    FILE *f = fopen(path, "r");
    if (!f)
        npy_fail(path, "missing");
    const bool own = inside;
    while (fgets(line, sizeof line, f)) {
        if (!own && strncmp(line, "## ", 3) == 0)
            inside = strcmp(line, heading) == 0;
        if (!inside || strncmp(line, row, strlen(row)) != 0)
            continue;
        struct golden_tolerance t = {0};
        char *at = line, *column[16] = {0};
        for (int i = 0; i < 16 && (column[i] = strsep(&at, "|")); i++) {
        }
        t.absolute = column[6] ? strtod(column[6], NULL) : 0;
        t.relative = column[7] ? strtod(column[7], &at) : 0;
        t.of_change = t.relative > 0 && strncmp(at, " D", 2) == 0;
        fclose(f);
        if (!(t.absolute > 0 && t.relative > 0))
            npy_fail(name, "no tolerance in README.md");
        return t;
    }
    fclose(f);
    npy_fail(name, "not in README.md");
    return (struct golden_tolerance){0};
}

static inline struct npy golden_load(const char *folder, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return npy_load(path);
}

// The largest of non-negative numbers, or NaN when one was.
static inline double golden_larger(double worst, double x) {
    return x > worst || isnan(x) ? x : worst;
}

// Compares x [n] with the stored array; start (may be NULL): the start parameters, for tolerances relative to the change.
static inline void golden_check(const char *folder, const char *name, const float *x, size_t n, const float *start) {
    struct npy stored = golden_load(folder, name);
    struct golden_tolerance allowed = golden_tolerance(folder, name);
    CHECK(stored.count == n && stored.floats, "%s/%s: %zu numbers against %zu stored", folder, name, n, stored.count);
    CHECK(!allowed.of_change || start, "%s/%s: its tolerance needs the start parameters", folder, name);
    double largest = 0, square = 0, reference = 0;
    for (size_t i = 0; i < n && n == stored.count; i++) {
        double d = (double)x[i] - stored.floats[i], s = (double)stored.floats[i] - (allowed.of_change && start ? start[i] : 0);
        largest = golden_larger(largest, fabs(d));
        square += d * d;
        reference += s * s;
    }
    double relative = sqrt(square) / sqrt(reference);
    printf("%-48s largest %7.1e = %4.2f x advised, relative %7.1e = %4.2f x advised\n", name, largest, largest / allowed.absolute, relative,
           relative / allowed.relative);
    CHECK(largest <= GOLDEN_FACTOR * allowed.absolute, "%s/%s: %g", folder, name, largest);
    CHECK(relative <= GOLDEN_FACTOR * allowed.relative, "%s/%s: %g", folder, name, relative);
    npy_free(&stored);
}

// Exchanges the first two dimensions: [A,B,cols] to [B,A,cols]; between the arrays' batch-major and the library's time-major order. Release
// with free.
static inline float *golden_swap(const float *x, size_t a, size_t b, size_t cols) {
    float *y = malloc(a * b * cols * sizeof *y);
    for (size_t i = 0; i < a; i++)
        for (size_t j = 0; j < b; j++)
            memcpy(y + (j * a + i) * cols, x + (i * b + j) * cols, cols * sizeof *y);
    return y;
}

// Compares x, time-major [T*B,cols], with a stored batch-major array [B,T,cols].
static inline void golden_check_sequence(const char *folder, const char *name, const float *x, size_t steps, size_t batch, size_t cols) {
    float *y = golden_swap(x, steps, batch, cols);
    golden_check(folder, name, y, steps * batch * cols, NULL);
    free(y);
}

// Columns `shift` .. `shift` + length - 2 of token rows [B,length], time-major as bytes. Release with free.
static inline uint8_t *golden_tokens(const int64_t *rows, size_t batch, size_t length, size_t shift) {
    uint8_t *y = malloc(batch * length);
    for (size_t b = 0; b < batch; b++)
        for (size_t t = 0; t + 1 < length; t++)
            y[t * batch + b] = (uint8_t)rows[b * length + t + shift];
    return y;
}

// The table of parameters must be the manifest's: "name shape offset count", in this order; the marked ones unused.
static inline void golden_check_manifest(const char *folder, const char *name, const struct params *table) {
    const char *root = getenv("RNNPIPE_GOLDEN");
    char path[1024], line[512], parameter[128];
    snprintf(path, sizeof path, "%s/%s/%s", root ? root : "tests/golden", folder, name);
    FILE *f = fopen(path, "r");
    if (!f)
        npy_fail(path, "missing");
    int at = 0;
    while (fgets(line, sizeof line, f)) {
        size_t offset, count;
        if (line[0] == '#' || sscanf(line, "%127s %*s %zu %zu", parameter, &offset, &count) != 3)
            continue;
        CHECK(at < table->count, "%s: %s is one too many", name, parameter);
        if (at >= table->count)
            break;
        const struct param *p = &table->list[at++];
        CHECK(strcmp(p->name, parameter) == 0 && p->offset == offset && p->size == count, "%s: %s against %s", name, p->name, parameter);
        CHECK(p->unused == (strstr(line, "# unused") != NULL), "%s: %s", name, p->name);
    }
    CHECK(at == table->count && at > 0, "%s: %d parameters of %d", name, at, table->count);
    fclose(f);
}

// The labels of an emulator/ case, time-major: next tokens, or the class that the target thinks most likely. Release with free.
static inline uint8_t *golden_labels(const char *folder, const struct npy *target) {
    size_t batch = target->shape[0], steps = target->shape[1], classes = target->shape[2];
    char name[64];
    snprintf(name, sizeof name, "%s/tokens", folder);
    if (strcmp(folder, "smnist") != 0) {
        struct npy tokens = golden_load("emulator", name);
        uint8_t *labels = golden_tokens(tokens.ints, batch, steps + 1, 1);
        npy_free(&tokens);
        return labels;
    }
    uint8_t *labels = calloc(batch, steps);
    for (size_t b = 0; b < batch; b++)
        for (size_t t = 0; t < steps; t++) {
            const float *row = target->floats + (b * steps + t) * classes;
            for (size_t c = 1; c < classes; c++)
                if (row[c] > row[labels[t * batch + b]])
                    labels[t * batch + b] = (uint8_t)c;
        }
    return labels;
}

#endif
