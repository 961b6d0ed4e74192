#include "rnn/align.h"

#include "rnn/assignment.h"
#include "base/memory.h"
#include "math/blas.h"
#include "math/vectors.h"
#include "rnn/align_local.h"
#include "rnn/symmetry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SWEEPS = 20, BALANCING = 50 };

// One of the two RNNs, and the order and signs in which its units are read: unit k of layer l is unit[l * H + k] times scale[l * H + k].
struct side {
    const float *weights;
    int *unit;
    float *scale;
};

struct search {
    const struct rnn_arch *arch;
    const struct params *table;
    struct side a, b;
    bool signs;
    bool known[RNN_MAX_LAYERS]; // is the order of the layer's units known yet?
    float *features[4];         // [H,width]: of the gates of a and b, and of what follows a unit's sign
    float *products;            // [H,H]
    double *score;              // [H,H]
    float *follows;             // [H,H], D
    int *chosen;                // [H]
};

static const float *part(const struct search *s, const struct side *side, int layer, enum rnn_part part) {
    return side->weights + s->table->list[rnn_param(s->arch, layer, part)].offset;
}

static int inputs_of(const struct search *s, int layer) {
    return layer ? s->arch->hidden : s->arch->input;
}

// --- What a unit looks like: numbers whose products with another unit's are summed ---

// Row u of block q as the units that are read are ordered: the biases (apart where the cell keeps them apart), the inputs, the own units.
// Columns of units of unknown order are left out.
static int row_features(float *f, const struct search *s, const struct side *side, int layer, int q, int u) {
    const struct cell *cell = s->arch->cell;
    int H = s->arch->hidden, I = inputs_of(s, layer), n = 0;
    size_t row = (size_t)(q * H + u);
    float input_bias = part(s, side, layer, B_IH)[row], own_bias = part(s, side, layer, B_HH)[row];
    bool apart = q >= cell->gates - cell->apart;
    f[n++] = apart ? input_bias : input_bias + own_bias;
    if (apart)
        f[n++] = own_bias;
    const float *w = part(s, side, layer, W_IH) + row * (size_t)I, *v = part(s, side, layer, W_HH) + row * (size_t)H;
    const int *before = side->unit + (layer - 1) * H, *own = side->unit + layer * H;
    const float *before_scale = side->scale + (layer - 1) * H, *own_scale = side->scale + layer * H;
    for (int c = 0; c < I && !layer; c++)
        f[n++] = w[c];
    for (int c = 0; c < I && layer && s->known[layer - 1]; c++)
        f[n++] = w[before[c]] * before_scale[c];
    for (int c = 0; c < H && s->known[layer]; c++)
        f[n++] = v[own[c]] * own_scale[c];
    return n;
}

// Column u of a matrix whose rows belong to the units of `layer`: by W_HH its own, by W_IH those of the layer above.
static int column_features(float *f, const struct search *s, const struct side *side, int layer, enum rnn_part which, int u) {
    const struct cell *cell = s->arch->cell;
    int H = s->arch->hidden, n = 0;
    const float *w = part(s, side, layer, which);
    for (int q = 0; q < cell->gates; q++)
        for (int k = 0; k < H; k++) {
            float scale = q == cell->candidate ? side->scale[layer * H + k] : 1;
            f[n++] = scale * w[(size_t)(q * H + side->unit[layer * H + k]) * (size_t)H + (size_t)u];
        }
    return n;
}

static int gate_features(float *f, const struct search *s, const struct side *side, int layer, int u) {
    int n = 0;
    for (int q = 0; q < s->arch->cell->gates; q++)
        if (q != s->arch->cell->candidate)
            n += row_features(f + n, s, side, layer, q, u);
    return n;
}

static int signed_features(float *f, const struct search *s, const struct side *side, int layer, int u) {
    int H = s->arch->hidden, n = row_features(f, s, side, layer, s->arch->cell->candidate, u);
    if (s->known[layer])
        n += column_features(f + n, s, side, layer, W_HH, u);
    if (layer + 1 < s->arch->layers)
        return s->known[layer + 1] ? n + column_features(f + n, s, side, layer + 1, W_IH, u) : n;
    const float *readout = side->weights + s->table->list[rnn_readout(s->arch)].offset;
    for (int o = 0; o < s->arch->output; o++)
        f[n++] = readout[(size_t)o * (size_t)H + (size_t)u];
    return n;
}

// Room for the features of one unit.
static int most_features(const struct rnn_arch *arch) {
    int G = arch->cell->gates, H = arch->hidden, I = arch->input > H ? arch->input : H;
    return G * (I + H + 2) + 2 * G * H + arch->output;
}

typedef int features_of(float *f, const struct search *s, const struct side *side, int layer, int u);

// out [H,H]: the products of all units of a with all of b.
static void multiply(float *out, struct search *s, features_of *of, float *fa, float *fb, int layer) {
    int H = s->arch->hidden, n = of(fa, s, &s->a, layer, 0);
    for (int u = 0; u < H; u++) {
        of(fa + (size_t)u * (size_t)n, s, &s->a, layer, u);
        of(fb + (size_t)u * (size_t)n, s, &s->b, layer, u);
    }
    if (n)
        blas_sgemm(PLAIN, TRANSPOSED, H, H, n, fa, (size_t)n, fb, (size_t)n, 0, out, (size_t)H);
    else
        memset(out, 0, (size_t)H * (size_t)H * sizeof *out);
}

// --- Sweeps ---

// Gives the units of one layer their best order and signs while those of its neighbours stay. Returns whether anything changed.
static bool improve_layer(struct search *s, int layer) {
    int H = s->arch->hidden;
    multiply(s->products, s, gate_features, s->features[0], s->features[1], layer);
    multiply(s->follows, s, signed_features, s->features[2], s->features[3], layer);
    for (int i = 0; i < H * H; i++)
        s->score[i] = (double)s->products[i] + (s->signs ? fabs((double)s->follows[i]) : (double)s->follows[i]);
    assignment_best(s->chosen, s->score, H);
    bool changed = !s->known[layer];
    for (int k = 0; k < H; k++) {
        int *unit = &s->b.unit[layer * H + k];
        float *scale = &s->b.scale[layer * H + k], sign = s->signs && s->follows[k * H + s->chosen[k]] < 0 ? -1 : 1;
        changed |= *unit != s->chosen[k] || *scale != sign;
        *unit = s->chosen[k];
        *scale = sign;
    }
    s->known[layer] = true;
    return changed;
}

static void read_side(float *out, const struct search *s, const struct side *side) {
    symmetry_apply(out, side->weights, s->arch, side->unit, side->scale);
}

static double objective(const struct search *s, float *scratch) {
    read_side(scratch, s, &s->b);
    return vectors_dot(scratch, s->a.weights, s->table->size);
}

// Sweeps over the layers until nothing changes, and leaves the best state that occurred (a step need not raise the objective, which is
// quadratic in a layer's order).
static int sweep(struct search *s, bool signs, double *best, float *scratch) {
    size_t units = (size_t)s->arch->layers * (size_t)s->arch->hidden;
    int *unit = memory_alloc(units * sizeof *unit), sweeps = 0;
    float *scale = memory_alloc(units * sizeof *scale);
    s->signs = signs;
    *best = -INFINITY;
    for (bool changed = true; changed && sweeps < MAX_SWEEPS; sweeps++) {
        changed = false;
        for (int l = 0; l < s->arch->layers; l++)
            changed |= improve_layer(s, l);
        double value = objective(s, scratch);
        if (value > *best) {
            *best = value;
            memcpy(unit, s->b.unit, units * sizeof *unit);
            memcpy(scale, s->b.scale, units * sizeof *scale);
        }
    }
    memcpy(s->b.unit, unit, units * sizeof *unit);
    memcpy(s->b.scale, scale, units * sizeof *scale);
    free(unit);
    free(scale);
    return sweeps;
}

static void begin(struct side *side, const struct rnn_arch *arch, const float *weights) {
    int H = arch->hidden, units = arch->layers * H;
    side->weights = weights;
    side->unit = memory_alloc((size_t)units * sizeof *side->unit);
    side->scale = memory_alloc((size_t)units * sizeof *side->scale);
    for (int i = 0; i < units; i++) {
        side->unit[i] = i % H;
        side->scale[i] = 1;
    }
}

static void side_free(struct side *side) {
    free(side->unit);
    free(side->scale);
}

// Twice: with signs from the start, and with signs from where permutations alone end; either may end in the better optimum. Leaves the
// better one in s->b.
static int search_best(struct search *s, float *scratch) {
    struct side first = s->b, second;
    double of_first, of_second, plain;
    bool can_flip = s->arch->cell->symmetry == CELL_SIGNS;
    int sweeps = sweep(s, can_flip, &of_first, scratch);
    if (!can_flip)
        return sweeps;
    begin(&second, s->arch, s->b.weights);
    s->b = second;
    memset(s->known, 0, sizeof s->known);
    sweep(s, false, &plain, scratch);
    int again = sweep(s, true, &of_second, scratch);
    bool better = of_second > of_first;
    side_free(better ? &first : &second);
    s->b = better ? second : first;
    return better ? again : sweeps;
}

static void search_run(struct search *s, int *sweeps) {
    size_t H = (size_t)s->arch->hidden, room = H * (size_t)most_features(s->arch);
    float *scratch = memory_alloc(s->table->size * sizeof *scratch);
    for (int i = 0; i < 4; i++)
        s->features[i] = memory_alloc(room * sizeof(float));
    s->products = memory_alloc(H * H * sizeof *s->products);
    s->follows = memory_alloc(H * H * sizeof *s->follows);
    s->score = memory_alloc(H * H * sizeof *s->score);
    s->chosen = memory_alloc(H * sizeof *s->chosen);
    *sweeps = search_best(s, scratch);
    for (int i = 0; i < 4; i++)
        free(s->features[i]);
    free(s->products);
    free(s->follows);
    free(s->score);
    free(s->chosen);
    free(scratch);
}

// --- Units that may be scaled are brought to a scale of their own first: what comes in is as large as what goes out ---

static double incoming(const float *weights, const struct rnn_arch *arch, const struct params *table, int layer, int unit) {
    size_t I = (size_t)(layer ? arch->hidden : arch->input), u = (size_t)unit;
    const float *w = weights + table->list[rnn_param(arch, layer, W_IH)].offset + u * I;
    const float *b = weights + table->list[rnn_param(arch, layer, B_IH)].offset;
    return vectors_dot(w, w, I) + (double)b[u] * (double)b[u];
}

static double outgoing(const float *weights, const struct rnn_arch *arch, const struct params *table, int layer, int unit) {
    bool last = layer + 1 == arch->layers;
    const float *w = weights + table->list[last ? rnn_readout(arch) : rnn_param(arch, layer + 1, W_IH)].offset;
    int rows = last ? arch->output : arch->hidden;
    double sum = 0;
    for (int r = 0; r < rows; r++) {
        double x = (double)w[(size_t)r * (size_t)arch->hidden + (size_t)unit];
        sum += x * x;
    }
    return sum;
}

// scale [layers,H] such that the RNN, scaled by it, has units whose incoming and outgoing weights are of equal norm; recurrent weights,
// which every unit's scale touches on both sides, do not count. Units that nothing comes into or goes out of stay.
static void balance(float *scale, const float *weights, const struct rnn_arch *arch, const struct params *table, const int *identity) {
    int units = arch->layers * arch->hidden;
    float *now = memory_alloc(table->size * sizeof *now);
    for (int i = 0; i < units; i++)
        scale[i] = 1;
    for (int round = 0; round < BALANCING; round++) {
        symmetry_apply(now, weights, arch, identity, scale);
        for (int i = 0; i < units; i++) {
            double in = incoming(now, arch, table, i / arch->hidden, i % arch->hidden);
            double out = outgoing(now, arch, table, i / arch->hidden, i % arch->hidden);
            if (in > 0 && out > 0)
                scale[i] *= (float)pow(out / in, 0.125); // a quarter of the way in norms, as the layers above and below move, too
        }
    }
    free(now);
}

// --- All of it ---

// m = bias_ih + bias_hh is split as near to the reference's two as may be: u' = (m + u - v) / 2, v' = (m - u + v) / 2.
static void split_biases(float *aligned, const float *reference, const struct rnn_arch *arch, const struct params *table) {
    size_t n = (size_t)(arch->cell->gates - arch->cell->apart) * (size_t)arch->hidden;
    for (int l = 0; l < arch->layers; l++) {
        size_t ih = table->list[rnn_param(arch, l, B_IH)].offset, hh = table->list[rnn_param(arch, l, B_HH)].offset;
        for (size_t i = 0; i < n; i++) {
            float m = aligned[ih + i] + aligned[hh + i], u = reference[ih + i], v = reference[hh + i];
            aligned[ih + i] = (m + u - v) / 2;
            aligned[hh + i] = (m - u + v) / 2;
        }
    }
}

static float *merged_copy(const float *weights, const struct rnn_arch *arch, const struct params *table) {
    float *copy = memory_alloc(table->size * sizeof *copy);
    memcpy(copy, weights, table->size * sizeof *copy);
    symmetry_merge_biases(copy, arch);
    return copy;
}

// Scales of units: b is searched in its balanced form, and ends in the scale of a's.
static void search_scaled(struct search *s, const float *a, const float *b, int *sweeps) {
    size_t size = s->table->size, units = (size_t)s->arch->layers * (size_t)s->arch->hidden;
    float *balanced_a = memory_alloc(size * sizeof(float)), *balanced_b = memory_alloc(size * sizeof(float));
    float *scale_a = memory_alloc(units * sizeof(float)), *scale_b = memory_alloc(units * sizeof(float));
    balance(scale_a, a, s->arch, s->table, s->a.unit);
    balance(scale_b, b, s->arch, s->table, s->a.unit);
    symmetry_apply(balanced_a, a, s->arch, s->a.unit, scale_a);
    symmetry_apply(balanced_b, b, s->arch, s->a.unit, scale_b);
    s->a.weights = balanced_a;
    s->b.weights = balanced_b;
    search_run(s, sweeps);
    for (size_t i = 0; i < units; i++) {
        size_t layer = i / (size_t)s->arch->hidden;
        s->b.scale[i] = scale_b[layer * (size_t)s->arch->hidden + (size_t)s->b.unit[i]] / scale_a[i];
    }
    free(balanced_a);
    free(balanced_b);
    free(scale_a);
    free(scale_b);
}

// What was found or, where that is no nearer, the RNN as it is, is the start of the local search.
static void improve(struct side *found, const struct rnn_arch *arch, const float *a, const float *b) {
    struct side untouched;
    begin(&untouched, arch, b);
    double plain = align_fit_scales(arch, a, b, untouched.unit, untouched.scale);
    if (!(align_fit_scales(arch, a, b, found->unit, found->scale) < plain)) {
        struct side worse = *found;
        *found = untouched;
        untouched = worse;
    }
    side_free(&untouched);
    align_local(arch, a, b, found->unit, found->scale);
}

struct alignment align(float *aligned, const struct rnn_arch *arch, const float *reference, const float *other) {
    struct params table = {0};
    struct alignment result = {.layers = arch->layers, .hidden = arch->hidden};
    rnn_params(&table, arch);
    float *a = merged_copy(reference, arch, &table), *b = merged_copy(other, arch, &table);
    struct search s = {.arch = arch, .table = &table};
    begin(&s.a, arch, a);
    begin(&s.b, arch, b);
    if (arch->cell->symmetry == CELL_SCALES)
        search_scaled(&s, a, b, &result.sweeps);
    else
        search_run(&s, &result.sweeps);
    improve(&s.b, arch, a, b);
    result.unit = s.b.unit;
    result.scale = s.b.scale;
    result.cosine_before = vectors_cosine(a, b, table.size);
    result.distance_before = sqrt(vectors_squared_distance(a, b, table.size));
    symmetry_apply(aligned, b, arch, result.unit, result.scale);
    result.cosine_after = vectors_cosine(a, aligned, table.size);
    result.distance_after = sqrt(vectors_squared_distance(a, aligned, table.size));
    symmetry_apply(aligned, other, arch, result.unit, result.scale);
    split_biases(aligned, reference, arch, &table);
    side_free(&s.a);
    free(a);
    free(b);
    params_free(&table);
    return result;
}

void alignment_free(struct alignment *a) {
    free(a->unit);
    free(a->scale);
    *a = (struct alignment){0};
}
