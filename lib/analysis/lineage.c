#include "analysis/lineage.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const lineage_how_names[] = {"root", "trained", "copied", "quantised", "pruned", "merged"};

static const double ROUNDING = 1e-6; // relative differences up to this are those of float arithmetic

enum { MANY_VALUES = 65536, NEAREST = 12 /* candidates for the parents of a merge */ };

// --- Traits ---

static double excess_kurtosis(const float *x, size_t n) {
    double mean = 0, second = 0, fourth = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = ((double)x[i] - mean) * ((double)x[i] - mean);
        second += d / (double)n;
        fourth += d * d / (double)n;
    }
    return second > 0 ? fourth / (second * second) - 3 : 0;
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// log2 of the number of distinct values, rounded up. A matrix of few numbers has few values without being quantised: only a number of
// values that is small beside that of the entries counts.
static int bits_of(const float *x, size_t n) {
    float *sorted = memory_alloc(n * sizeof *sorted);
    memcpy(sorted, x, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    size_t values = 1;
    for (size_t i = 1; i < n; i++)
        values += sorted[i] != sorted[i - 1];
    free(sorted);
    return values > MANY_VALUES || values > n / 2 ? 32 : (int)ceil(log2((double)values));
}

struct lineage_traits lineage_traits(const struct params *table, const float *weights, const bool *chosen) {
    struct lineage_traits traits = {.bits = 32};
    size_t zeros = 0, entries = 0;
    for (int i = 0; i < table->count; i++) {
        const struct param *p = &table->list[i];
        const float *x = weights + p->offset;
        if (chosen[i])
            traits.kurtosis += excess_kurtosis(x, p->size);
        if (p->rank < 2)
            continue;
        int bits = bits_of(x, p->size);
        traits.bits = bits < traits.bits ? bits : traits.bits;
        entries += p->size;
        for (size_t k = 0; k < p->size; k++)
            zeros += x[k] == 0;
    }
    traits.zero_share = entries ? (double)zeros / (double)entries : 0;
    return traits;
}

// --- Distances ---

static double dot(const float *a, const float *b, size_t size) {
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= size; i += 4)
        for (size_t k = 0; k < 4; k++)
            sum[k] += (double)a[i + k] * (double)b[i + k];
    for (; i < size; i++)
        sum[0] += (double)a[i] * (double)b[i];
    return sum[0] + sum[1] + sum[2] + sum[3];
}

static double distance_squared(const float *a, const float *b, size_t size) {
    double sum = 0;
    for (size_t i = 0; i < size; i++) {
        double d = (double)a[i] - (double)b[i];
        sum += d * d;
    }
    return sum;
}

struct inference {
    const float *const *weights;
    const struct lineage_traits *traits;
    const struct lineage_options *options;
    double *products; // [n,n] inner products
    struct lineage_arc *arcs;
    int n;
    size_t size;
};

static double product(const struct inference *in, int i, int j) {
    return in->products[(size_t)i * (size_t)in->n + (size_t)j];
}

static double cosine(const struct inference *in, int i, int j) {
    double norms = sqrt(product(in, i, i) * product(in, j, j));
    return norms > 0 ? product(in, i, j) / norms : i == j;
}

// |x - y|^2 = |x|^2 + |y|^2 - 2 <x, y>; where that cancels, it is computed from the difference.
static double squared(const struct inference *in, int i, int j) {
    double sum = product(in, i, i) + product(in, j, j), result = sum - 2 * product(in, i, j);
    return result > 1e-6 * sum ? result : distance_squared(in->weights[i], in->weights[j], in->size);
}

static void find_products(struct inference *in) {
    for (int i = 0; i < in->n; i++)
        for (int j = 0; j <= i; j++)
            in->products[(size_t)i * (size_t)in->n + (size_t)j] = in->products[(size_t)j * (size_t)in->n + (size_t)i] =
                dot(in->weights[i], in->weights[j], in->size);
}

// --- Who can be whose parent ---

// Quantising and pruning lose what no training step loses, so what has lost more came later; each can only be a parent of what has lost as
// much.
static int loss_rank(const struct lineage_traits *of) {
    enum { PRUNED_FROM = 1 }; // per cent of exact zeros
    int rank = of->bits <= 16 ? 64 - of->bits : 0;
    return of->zero_share * 100 >= PRUNED_FROM ? rank + (int)(of->zero_share * 100) : rank;
}

static bool is_quantised(const struct lineage_traits *child, const struct lineage_traits *parent) {
    return child->bits <= 16 && child->bits < parent->bits;
}

static bool is_pruned(const struct lineage_traits *child, const struct lineage_traits *parent) {
    return child->zero_share >= 0.01 && child->zero_share > parent->zero_share + 0.005;
}

// By how much the kurtosis of b is beyond that of a in the direction in which training moves it.
static double gain(const struct inference *in, int a, int b) {
    double rise = in->traits[b].kurtosis - in->traits[a].kurtosis;
    return in->options->direction == LINEAGE_RISING ? rise : -rise;
}

// A total order in which parents come before their children, so that no cycle can arise: what is earlier, then what has lost less, then
// what has the kurtosis of an earlier one; equal ones by number.
static bool ordered(const struct inference *in, int a, int b) {
    int lost_a = loss_rank(&in->traits[a]), lost_b = loss_rank(&in->traits[b]);
    const double *time = in->options->time;
    if (time && time[a] != time[b])
        return time[a] < time[b];
    if (lost_a != lost_b)
        return lost_a < lost_b;
    double g = gain(in, a, b);
    return fabs(g) > ROUNDING * (1 + fabs(in->traits[a].kurtosis)) ? g > 0 : a < b;
}

// Averaging lowers the kurtosis, so a merge comes before what comes after both of its parents, whatever its own.
static bool precedes(const struct inference *in, int a, int b) {
    const struct lineage_arc *arc = &in->arcs[a];
    return arc->how == LINEAGE_MERGED ? ordered(in, arc->parent, b) && ordered(in, arc->second, b) : ordered(in, a, b);
}

static bool related(const struct inference *in, int i, int j) {
    return cosine(in, i, j) > in->options->related;
}

static int nearest_predecessor(const struct inference *in, int child) {
    int best = -1;
    double least = INFINITY;
    for (int j = 0; j < in->n; j++) {
        if (j == child || !precedes(in, j, child) || !related(in, child, j))
            continue;
        double d = squared(in, child, j);
        if (d < least) {
            least = d;
            best = j;
        }
    }
    return best;
}

// --- Merges: w = a u + (1 - a) v ---

// a = <w - v, u - v> / |u - v|^2 is the share of u that comes nearest to w. Returns the distance that is left, relative to |w|.
static double merge_residual(const struct inference *in, int w, int u, int v, double *share) {
    double apart = squared(in, u, v);
    if (apart <= 0)
        return INFINITY;
    double a = (product(in, w, u) - product(in, w, v) - product(in, v, u) + product(in, v, v)) / apart, left = 0;
    if (a < 0.02 || a > 0.98)
        return INFINITY;
    double estimate = squared(in, w, v) - a * a * apart;
    *share = a;
    if (estimate > 1e-6 * product(in, w, w)) // far from a mean: no need to look at the weights themselves
        return sqrt(estimate / product(in, w, w));
    for (size_t i = 0; i < in->size; i++) {
        double d = (double)in->weights[w][i] - a * (double)in->weights[u][i] - (1 - a) * (double)in->weights[v][i];
        left += d * d;
    }
    return sqrt(left / product(in, w, w));
}

// The networks that are most similar to w, at most NEAREST of them, the most similar first.
static int similar_ones(const struct inference *in, int w, int *found) {
    int count = 0;
    for (int j = 0; j < in->n; j++) {
        int at = count;
        while (at > 0 && cosine(in, w, found[at - 1]) < cosine(in, w, j))
            at--;
        if (j == w || at == NEAREST || !related(in, w, j))
            continue;
        count += count < NEAREST;
        memmove(&found[at + 1], &found[at], (size_t)(count - 1 - at) * sizeof *found);
        found[at] = j;
    }
    return count;
}

// A mean of two networks is one to rounding; nothing else comes near to that. (u = (w - (1-a) v) / a is a mean of w and v with a share
// beyond 1, which does not count.)
static void find_merge(const struct inference *in, int w, struct lineage_arc *arc) {
    int near[NEAREST], count = similar_ones(in, w, near);
    double least = 1e-5;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < count; k++) {
            double share = 0, left = i == k ? INFINITY : merge_residual(in, w, near[i], near[k], &share);
            if (left < least && share >= 0.5) {
                least = left;
                *arc = (struct lineage_arc){.parent = near[i], .second = near[k], .share = share, .how = LINEAGE_MERGED};
            }
        }
}

// --- Arcs ---

static enum lineage_how how_made(const struct inference *in, int child, int parent, double distance) {
    if (distance <= ROUNDING * sqrt(product(in, child, child)))
        return LINEAGE_COPIED;
    if (is_quantised(&in->traits[child], &in->traits[parent]))
        return LINEAGE_QUANTISED;
    return is_pruned(&in->traits[child], &in->traits[parent]) ? LINEAGE_PRUNED : LINEAGE_TRAINED;
}

static const struct lineage_arc no_arc = {.parent = -1, .second = -1, .distance = NAN, .cosine = NAN, .margin = NAN, .how = LINEAGE_ROOT};

static void measure(const struct inference *in, int child) {
    struct lineage_arc *arc = &in->arcs[child];
    if (arc->parent < 0)
        return;
    arc->distance = sqrt(squared(in, child, arc->parent));
    arc->cosine = cosine(in, child, arc->parent);
    arc->margin = gain(in, arc->parent, child);
}

static void find_parent(const struct inference *in, int child) {
    struct lineage_arc *arc = &in->arcs[child];
    const double *time = in->options->time;
    if (arc->how == LINEAGE_MERGED || (arc->parent = nearest_predecessor(in, child)) < 0)
        return;
    measure(in, child);
    arc->how = how_made(in, child, arc->parent, arc->distance);
    bool told = time && time[arc->parent] != time[child];
    arc->undecided = !told && (arc->how == LINEAGE_COPIED || (arc->how == LINEAGE_TRAINED && arc->margin < in->options->margin));
}

static int root_of(const int *up, int i) {
    while (up[i] != i)
        i = up[i];
    return i;
}

// Families are the connected parts of the graph of related pairs, numbered in order of their first members.
static void number_families(struct lineage_arc *arcs, const struct inference *in) {
    int *up = memory_alloc((size_t)in->n * sizeof *up), families = 0;
    for (int i = 0; i < in->n; i++) {
        up[i] = i;
        for (int j = 0; j < i; j++)
            if (related(in, i, j)) {
                int a = root_of(up, i), b = root_of(up, j);
                up[a > b ? a : b] = a > b ? b : a;
            }
    }
    for (int i = 0; i < in->n; i++)
        arcs[i].family = root_of(up, i) == i ? families++ : arcs[root_of(up, i)].family;
    free(up);
}

void lineage_infer(struct lineage_arc *arcs, const float *const *weights, const struct lineage_traits *traits, int n, size_t size,
                   const struct lineage_options *options) {
    struct inference in = {.weights = weights, .traits = traits, .options = options, .arcs = arcs, .n = n, .size = size};
    in.products = memory_alloc((size_t)n * (size_t)n * sizeof(double));
    find_products(&in);
    for (int i = 0; i < n; i++) {
        arcs[i] = no_arc;
        find_merge(&in, i, &arcs[i]);
        measure(&in, i);
    }
    for (int i = 0; i < n; i++)
        find_parent(&in, i);
    number_families(arcs, &in);
    free(in.products);
}
