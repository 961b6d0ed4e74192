// Parents from weights alone: a made-up family in which everything that can be done to a network was done once.
#include "analysis/lineage.h"

#include "../check.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 24, SIZE = 3 * N * N + N, NETS = 16 };
static struct params table;
static const bool chosen[] = {false, true, true, false};
static float weights[NETS][SIZE];
static int parent[NETS], count;

static void declare(void) {
    for (int i = 0; i < 3; i++)
        params_add(&table, INIT_UNIFORM, 1, 2, (int[]){N, N}, "matrix%d", i);
    params_add(&table, INIT_UNIFORM, 1, 1, (int[]){N}, "bias");
}

static int add(int from) {
    if (from >= 0)
        memcpy(weights[count], weights[from], sizeof weights[count]);
    parent[count] = from;
    return count++;
}

static int start(struct rng *rng) {
    int i = add(-1);
    params_init(&table, weights[i], rng);
    return i;
}

// Training moves few weights far: the kurtosis rises.
static int trained(int from, int moved, struct rng *rng) {
    int i = add(from);
    for (int k = 0; k < moved; k++)
        weights[i][rng_below(rng, SIZE)] += 3 * rng_normal(rng);
    return i;
}

static int quantised(int from, int levels) {
    int i = add(from);
    for (int k = 0; k < SIZE; k++)
        weights[i][k] = roundf(weights[i][k] * (float)levels / 8) * 8 / (float)levels;
    return i;
}

static int pruned(int from, double share) {
    int i = add(from);
    for (int k = 0; k < SIZE; k++)
        if (fabsf(weights[i][k]) < (float)share)
            weights[i][k] = 0;
    return i;
}

static void test_family(void) {
    struct rng rng = rng_make(1, 0, "lineage");
    int a = start(&rng), b = trained(a, 10, &rng), c = trained(b, 10, &rng), sibling = trained(b, 12, &rng), q = quantised(c, 64),
        p = pruned(sibling, 0.2), merge = add(c), stranger = start(&rng), d = trained(stranger, 15, &rng), copy = add(d);
    for (int k = 0; k < SIZE; k++)
        weights[merge][k] = 0.625f * weights[c][k] + 0.375f * weights[sibling][k];

    struct lineage_traits traits[NETS];
    const float *list[NETS];
    struct lineage_arc arcs[NETS];
    for (int i = 0; i < count; i++) {
        list[i] = weights[i];
        traits[i] = lineage_traits(&table, weights[i], chosen);
    }
    struct lineage_options options = {.related = 0.25, .margin = 0.1};
    lineage_infer(arcs, list, traits, count, SIZE, &options);

    for (int i = 0; i < count; i++)
        CHECK(arcs[i].parent == parent[i], "of %d: %d against %d", i, arcs[i].parent, parent[i]);
    CHECK(arcs[a].how == LINEAGE_ROOT && arcs[stranger].how == LINEAGE_ROOT && arcs[b].how == LINEAGE_TRAINED);
    CHECK(arcs[q].how == LINEAGE_QUANTISED && arcs[p].how == LINEAGE_PRUNED && arcs[copy].how == LINEAGE_COPIED && arcs[copy].undecided);
    CHECK(arcs[merge].how == LINEAGE_MERGED && arcs[merge].second == sibling);
    CHECK_CLOSE(arcs[merge].share, 0.625, 1e-4);
    CHECK(!arcs[b].undecided && !arcs[c].undecided && arcs[b].margin > 0.1);
    CHECK(arcs[a].family == 0 && arcs[merge].family == 0 && arcs[p].family == 0 && arcs[stranger].family == 1 && arcs[copy].family == 1);
    CHECK_CLOSE(arcs[copy].distance, 0, 0);

    // Falling, the chain is read from its other end; with times given, kurtosis does not matter.
    options.direction = LINEAGE_FALLING;
    lineage_infer(arcs, list, traits, 3, SIZE, &options);
    CHECK(arcs[a].parent == b && arcs[b].parent == c && arcs[c].parent == -1);
    options.time = (const double[]){0, 1, 2};
    lineage_infer(arcs, list, traits, 3, SIZE, &options);
    CHECK(arcs[a].parent == -1 && arcs[b].parent == a && arcs[c].parent == b && !arcs[c].undecided);
}

static void test_traits(void) {
    float x[SIZE];
    struct rng rng = rng_make(2, 0, "lineage");
    for (int k = 0; k < SIZE; k++)
        x[k] = rng_uniform(&rng, -1, 1);
    struct lineage_traits t = lineage_traits(&table, x, chosen);
    CHECK_CLOSE(t.kurtosis, 2 * -1.2, 0.15); // a uniform distribution's is -1.2
    CHECK(t.bits == 32 && t.zero_share == 0);
    for (int k = 0; k < SIZE; k++)
        x[k] = (float)((k % 4) - 1);
    t = lineage_traits(&table, x, chosen);
    CHECK(t.bits == 2);
    CHECK_CLOSE(t.zero_share, 0.25, 1e-3);
    for (int k = 0; k < SIZE; k++)
        x[k] = 0.1F;
    t = lineage_traits(&table, x, chosen);
    CHECK(t.kurtosis == 0, "%g", t.kurtosis); // of what does not vary, whatever its mean is rounded to
}

int main(void) {
    declare();
    test_family();
    test_traits();
    params_free(&table);
    return check_report("analysis/lineage");
}
