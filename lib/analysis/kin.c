#include "analysis/kin.h"

#include "rnn/align.h"
#include "base/memory.h"
#include "math/kernels.h"
#include "math/vectors.h"
#include "rnn/symmetry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct kinship {
    float *const *weights;
    int n;
    const struct rnn_arch *arch;
    const struct kin_options *options;
    struct params table;
    float *fingerprints; // [n,width]
    size_t width;
    int *family; // [n] its first member's number
};

// --- Fingerprints ---

// The norms of the rows of one block of a matrix, sorted: [H].
static void row_norms(float *out, const float *block, int rows, int cols) {
    for (int r = 0; r < rows; r++)
        out[r] = (float)sqrt(kernels()->sum_squares(block + (size_t)r * (size_t)cols, (size_t)cols));
    vectors_sort(out, (size_t)rows);
}

// Of every layer and block the sorted norms of the rows of weight_ih and of weight_hh. (Of units that may be scaled these are not
// invariant, but those of the nearest relatives are still similar: what is tried is only what looks most promising.)
static void fingerprint(const struct kinship *k, float *out, const float *weights) {
    int H = k->arch->hidden;
    for (int l = 0; l < k->arch->layers; l++)
        for (int q = 0; q < k->arch->cell->gates; q++, out += 2 * H) {
            int I = l ? H : k->arch->input;
            row_norms(out, weights + k->table.list[rnn_param(k->arch, l, W_IH)].offset + (size_t)(q * H) * (size_t)I, H, I);
            row_norms(out + H, weights + k->table.list[rnn_param(k->arch, l, W_HH)].offset + (size_t)(q * H) * (size_t)H, H, H);
        }
}

static double apart(const struct kinship *k, int i, int j) {
    return vectors_squared_distance(k->fingerprints + (size_t)i * k->width, k->fingerprints + (size_t)j * k->width, k->width);
}

// --- Families ---

static void unite(struct kinship *k, int a, int b) {
    int low = a < b ? a : b, high = a < b ? b : a;
    for (int i = 0; i < k->n; i++)
        if (k->family[i] == high)
            k->family[i] = low;
}

static void find_families(struct kinship *k) {
    for (int i = 0; i < k->n; i++) {
        k->family[i] = i;
        for (int j = 0; j < i; j++)
            if (k->family[i] != k->family[j] && vectors_cosine(k->weights[i], k->weights[j], k->table.size) > k->options->related)
                unite(k, k->family[i], k->family[j]);
    }
}

static int family_size(const struct kinship *k, int family) {
    int size = 0;
    for (int i = 0; i < k->n; i++)
        size += k->family[i] == family;
    return size;
}

// --- Pairs to try ---

struct pair {
    int own, other; // members of the family and of another one
    double apart;
};

// The pairs of nearest fingerprints, nearest first; returns how many.
static int nearest_pairs(const struct kinship *k, int family, struct pair *pairs, int most) {
    int count = 0;
    for (int i = 0; i < k->n; i++)
        for (int j = 0; k->family[i] == family && j < k->n; j++) {
            if (k->family[j] == family)
                continue;
            struct pair pair = {i, j, apart(k, i, j)};
            int at = count;
            while (at > 0 && pairs[at - 1].apart > pair.apart)
                at--;
            if (at == most)
                continue;
            count += count < most;
            memmove(&pairs[at + 1], &pairs[at], (size_t)(count - 1 - at) * sizeof *pairs);
            pairs[at] = pair;
        }
    return count;
}

// All members of a family stand in one order, so what aligns one of them aligns all.
static int move_family(struct kinship *k, int family, const struct alignment *a) {
    float *moved = memory_alloc(k->table.size * sizeof *moved);
    int count = 0;
    for (int i = 0; i < k->n; i++) {
        if (k->family[i] != family)
            continue;
        symmetry_apply(moved, k->weights[i], k->arch, a->unit, a->scale);
        memcpy(k->weights[i], moved, k->table.size * sizeof *moved);
        count++;
    }
    free(moved);
    return count;
}

// Looks for a family that this one belongs to and moves it there; returns how many networks that changed. Of two families the smaller one
// moves.
static int join_family(struct kinship *k, int family, struct pair *pairs) {
    int count = nearest_pairs(k, family, pairs, k->options->candidates), own_size = family_size(k, family), moved = 0;
    float *scratch = memory_alloc(k->table.size * sizeof *scratch);
    for (int p = 0; p < count && !moved; p++) {
        int other = k->family[pairs[p].other];
        if (own_size > family_size(k, other) || (own_size == family_size(k, other) && family < other))
            continue; // the other one will look for this one
        struct alignment a = align(scratch, k->arch, k->weights[pairs[p].other], k->weights[pairs[p].own]);
        if (a.cosine_after > k->options->kin) {
            moved = move_family(k, family, &a);
            unite(k, family, other);
        }
        alignment_free(&a);
    }
    free(scratch);
    return moved;
}

int kin_align(float *const *weights, int n, const struct rnn_arch *arch, const struct kin_options *options) {
    struct kinship k = {.weights = weights, .n = n, .arch = arch, .options = options};
    struct pair *pairs = memory_alloc((size_t)(options->candidates + 1) * sizeof *pairs);
    rnn_params(&k.table, arch);
    k.width = 2 * (size_t)arch->layers * (size_t)arch->cell->gates * (size_t)arch->hidden;
    k.fingerprints = memory_alloc((size_t)n * k.width * sizeof(float));
    k.family = memory_alloc((size_t)n * sizeof *k.family);
    for (int i = 0; i < n; i++)
        fingerprint(&k, k.fingerprints + (size_t)i * k.width, weights[i]);
    find_families(&k);
    int changed = 0;
    for (int moved = 1; moved;) {
        moved = 0;
        for (int i = 0; i < n; i++)
            if (k.family[i] == i)
                moved += join_family(&k, i, pairs);
        changed += moved;
    }
    params_free(&k.table);
    free(k.fingerprints);
    free(k.family);
    free(pairs);
    return changed;
}
