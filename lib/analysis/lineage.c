#include "analysis/lineage.h"

#include "base/memory.h"
#include "math/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const lineage_how_names[] = {"root", "trained", "copied", "quantised", "pruned", "merged"};

static const double ROUNDING = 1e-6; // relative differences up to this are those of float arithmetic
static const double MEAN = 1e-5;     // what is left of a mean of two networks, relative to its norm, is below this,
static const double FAR = 1e-8;      // and its square as inner products have it below this

enum { MANY_VALUES = 65536, NEAREST = 512 /* candidates for the parents of a merge */ };

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
    return second > ROUNDING * ROUNDING * mean * mean ? fourth / (second * second) - 3 : 0;
}

// log2 of the number of distinct values, rounded up. A matrix of few numbers has few values without being quantised: only a number of
// values that is small beside that of the entries counts.
static int bits_of(const float *x, size_t n) {
    float *sorted = memory_alloc(n * sizeof *sorted);
    memcpy(sorted, x, n * sizeof *sorted);
    vectors_sort(sorted, n);
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

struct inference {
    const float *const *weights;
    const struct lineage_traits *traits;
    const struct lineage_options *options;
    double *products; // [n,n] inner products
    struct lineage_arc *arcs;
    int *next; // [n] of plain networks: the neighbour on the way to the root of the family's tree, or -1
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
    return result > 1e-6 * sum ? result : vectors_squared_distance(in->weights[i], in->weights[j], in->size);
}

static void find_products(struct inference *in) {
    for (int i = 0; i < in->n; i++)
        for (int j = 0; j <= i; j++)
            in->products[(size_t)i * (size_t)in->n + (size_t)j] = in->products[(size_t)j * (size_t)in->n + (size_t)i] =
                vectors_dot(in->weights[i], in->weights[j], in->size);
}

// --- Who is like whom ---

static bool related(const struct inference *in, int i, int j) {
    return cosine(in, i, j) > in->options->related;
}

static bool is_copy(const struct inference *in, int i, int j) {
    return squared(in, i, j) <= ROUNDING * ROUNDING * product(in, i, i);
}

static bool is_quantised(const struct lineage_traits *t) {
    return t->bits <= 16;
}

static bool is_pruned(const struct lineage_traits *t) {
    return t->zero_share >= 0.01;
}

// By how much the kurtosis of b is beyond that of a in the direction in which training moves it.
static double gain(const struct inference *in, int a, int b) {
    double rise = in->traits[b].kurtosis - in->traits[a].kurtosis;
    return in->options->direction == LINEAGE_RISING ? rise : -rise;
}

// --- Merges: w = a u + (1 - a) v ---

// a = <w - v, u - v> / |u - v|^2 is the share of u that comes nearest to w. Returns the distance that is left, relative to |w|; any number
// above `least` where it is more than that.
static double merge_residual(const struct inference *in, int w, int u, int v, double least, double *share) {
    double apart = squared(in, u, v);
    if (apart <= 0)
        return INFINITY;
    double a = (product(in, w, u) - product(in, w, v) - product(in, v, u) + product(in, v, v)) / apart, left = 0;
    if (a < 0.02 || a > 0.98)
        return INFINITY;
    double estimate = squared(in, w, v) - a * a * apart;
    *share = a;
    if (estimate > FAR * product(in, w, w)) // from a mean: no need to look at the weights themselves
        return INFINITY;
    for (size_t i = 0; i < in->size && left <= least * least * product(in, w, w); i++) {
        double d = (double)in->weights[w][i] - a * (double)in->weights[u][i] - (1 - a) * (double)in->weights[v][i];
        left += d * d;
    }
    return sqrt(left / product(in, w, w));
}

struct similar {
    double cosine;
    int index;
};

static int more_similar_first(const void *a, const void *b) {
    const struct similar *x = a, *y = b;
    return x->cosine != y->cosine ? (x->cosine < y->cosine) - (x->cosine > y->cosine) : (x->index > y->index) - (x->index < y->index);
}

// The networks that are similar to w, into found [n], the most similar first. Returns their number, at most NEAREST.
static int similar_ones(const struct inference *in, int w, struct similar *found) {
    int count = 0;
    for (int j = 0; j < in->n; j++)
        if (j != w && in->arcs[j].how == LINEAGE_ROOT && related(in, w, j))
            found[count++] = (struct similar){cosine(in, w, j), j};
    qsort(found, (size_t)count, sizeof *found, more_similar_first);
    return count < NEAREST ? count : NEAREST;
}

// --- Leaves: copies, merges, and what was quantised or pruned; networks are trained on from others, not from these ---

static const struct lineage_arc no_arc = {.parent = -1, .second = -1, .distance = NAN, .cosine = NAN, .margin = NAN, .how = LINEAGE_ROOT};

static void set_parent(const struct inference *in, int child, int parent, enum lineage_how how) {
    struct lineage_arc *arc = &in->arcs[child];
    arc->parent = parent;
    arc->how = how;
    arc->distance = sqrt(squared(in, child, parent));
    arc->cosine = cosine(in, child, parent);
    arc->margin = gain(in, parent, child);
}

static bool is_plain(const struct inference *in, int i) {
    return in->arcs[i].how == LINEAGE_ROOT && !is_quantised(&in->traits[i]) && !is_pruned(&in->traits[i]);
}

// Of two that are alike, is a the original? By time, if that is known; else the first.
static bool is_original(const struct inference *in, int a, int b) {
    const double *time = in->options->time;
    return time && time[a] != time[b] ? time[a] < time[b] : a < b;
}

// Of networks that are alike one is the original; of those that were quantised or pruned each has the parent of all.
static void find_copy(const struct inference *in, int i) {
    if (is_quantised(&in->traits[i]) || is_pruned(&in->traits[i]))
        return;
    int first = i;
    for (int j = 0; j < in->n; j++)
        if (j != i && is_copy(in, i, j) && is_plain(in, j) && is_original(in, j, first))
            first = j;
    if (first == i)
        return;
    set_parent(in, i, first, LINEAGE_COPIED);
    in->arcs[i].undecided = !in->options->time || in->options->time[first] == in->options->time[i];
}

// A mean of two networks is one to rounding; nothing else comes near to that. (u = (w - (1-a) v) / a is a mean of w and v with a share
// beyond 1, which does not count.)
static void find_merge(const struct inference *in, int w) {
    struct similar *near = memory_alloc((size_t)in->n * sizeof *near);
    int count = similar_ones(in, w, near);
    double least = MEAN;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++) {
            double share = 0, left = merge_residual(in, w, near[k].index, near[i].index, least, &share);
            if (left < least) {
                least = left;
                set_parent(in, w, near[share >= 0.5 ? k : i].index, LINEAGE_MERGED);
                in->arcs[w].second = near[share >= 0.5 ? i : k].index;
                in->arcs[w].share = share >= 0.5 ? share : 1 - share;
            }
        }
    free(near);
}

// --- The tree of a family: the shortest that connects its plain networks, hung up by its root ---

// Does a come before b, by time if that is known, else by kurtosis? Equal ones by number.
static bool precedes(const struct inference *in, int a, int b) {
    const double *time = in->options->time;
    if (time && time[a] != time[b])
        return time[a] < time[b];
    double g = gain(in, a, b);
    return fabs(g) > ROUNDING * (1 + fabs(in->traits[a].kurtosis)) ? g > 0 : a < b;
}

// The nearest relative that training can go on from, only of earlier ones if `earlier`; -1: none.
static int nearest_plain(const struct inference *in, int child, bool earlier) {
    int best = -1;
    double least = INFINITY;
    for (int j = 0; j < in->n; j++) {
        bool candidate = j != child && is_plain(in, j) && related(in, child, j) && (!earlier || precedes(in, j, child));
        double d = candidate ? squared(in, child, j) : INFINITY;
        if (d < least) {
            least = d;
            best = j;
        }
    }
    return best;
}

static void attach_derived(const struct inference *in, int i) {
    bool quantised = is_quantised(&in->traits[i]);
    if (in->arcs[i].how != LINEAGE_ROOT || (!quantised && !is_pruned(&in->traits[i])))
        return;
    int parent = nearest_plain(in, i, false);
    if (parent >= 0)
        set_parent(in, i, parent, quantised ? LINEAGE_QUANTISED : LINEAGE_PRUNED);
}

// When times are known: the nearest relative that is earlier.
static void find_earlier(const struct inference *in, int child) {
    int best = nearest_plain(in, child, true);
    if (best < 0)
        return;
    in->next[child] = best;
    in->arcs[child].undecided = in->options->time[best] == in->options->time[child] && gain(in, best, child) < in->options->margin;
}

// Prim's algorithm from the root: in->next [n] becomes each network's neighbour on the way to the root, -1 for the root. Edges are between
// relatives only.
static void span_family(const struct inference *in, int root, double *distance, bool *done) {
    for (int i = 0; i < in->n; i++)
        distance[i] = INFINITY;
    for (int at = root; at >= 0;) {
        int nearest = -1;
        done[at] = true;
        for (int j = 0; j < in->n; j++) {
            if (done[j] || !is_plain(in, j))
                continue;
            double d = related(in, at, j) ? squared(in, at, j) : INFINITY;
            if (d < distance[j]) {
                distance[j] = d;
                in->next[j] = at;
            }
            if (distance[j] < INFINITY && (nearest < 0 || distance[j] < distance[nearest]))
                nearest = j;
        }
        at = nearest;
    }
}

// The whole tree would hang the other way if another one were its root: arcs between the root and one whose kurtosis is within the margin
// of the root's are undecided.
static void doubt(const struct inference *in, int root) {
    for (int i = 0; i < in->n; i++) {
        int top = i;
        while (in->next[top] >= 0)
            top = in->next[top];
        if (!is_plain(in, i) || top != root || gain(in, root, i) >= in->options->margin)
            continue;
        for (int k = i; k != root; k = in->next[k])
            in->arcs[k].undecided = true;
    }
}

static void find_trees(const struct inference *in) {
    double *distance = memory_alloc((size_t)in->n * sizeof *distance);
    bool *done = memory_calloc((size_t)in->n, sizeof *done);
    for (;;) {
        int root = -1;
        for (int i = 0; i < in->n; i++)
            if (!done[i] && is_plain(in, i) && (root < 0 || precedes(in, i, root)))
                root = i;
        if (root < 0)
            break;
        span_family(in, root, distance, done);
        doubt(in, root);
    }
    free(distance);
    free(done);
}

static void find_parents(const struct inference *in) {
    for (int i = 0; i < in->n; i++)
        in->next[i] = -1;
    if (in->options->time) {
        for (int i = 0; i < in->n; i++)
            if (is_plain(in, i))
                find_earlier(in, i);
    } else {
        find_trees(in);
    }
    for (int i = 0; i < in->n; i++) // what is plain was decided before any arc is set
        attach_derived(in, i);
    for (int i = 0; i < in->n; i++)
        if (in->next[i] >= 0)
            set_parent(in, i, in->next[i], LINEAGE_TRAINED);
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
    in.next = memory_alloc((size_t)n * sizeof *in.next);
    find_products(&in);
    for (int i = 0; i < n; i++)
        arcs[i] = no_arc;
    for (int i = 0; i < n; i++)
        find_copy(&in, i);
    for (int i = 0; i < n; i++)
        if (is_plain(&in, i))
            find_merge(&in, i);
    find_parents(&in);
    number_families(arcs, &in);
    free(in.products);
    free(in.next);
}
