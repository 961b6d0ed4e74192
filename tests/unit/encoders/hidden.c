// Hidden-state probing: neither the order of units nor their signs matter, in training as in inference; states do.
#include "encoders/encoder.h"

#include "../check.h"
#include "base/memory.h"
#include "rnn/forms.h"
#include "rnn/symmetry.h"

#include <stdlib.h>
#include <string.h>

enum { Z = 6, MAX = 4000 };

static struct encoder *make(const struct rnn_arch *arch) {
    const struct encoder_type *type = encoder_type_find("hidden");
    struct encoder_config c = encoder_defaults(type, arch);
    CHECK(c.probes == 16 && c.length == 22 && c.hidden == 128 && c.layers == 2 && type->sees_states);
    c.z = Z, c.hidden = 8, c.mlp_hidden = 9, c.probes = 3, c.length = 5;
    return encoder_new(type, &c, arch, 3);
}

static void embed(const struct encoder *e, const struct rnn_arch *arch, const float *weights, float *z) {
    struct weights w = {&e->table, e->values, NULL};
    struct tape tape = {0};
    struct params table = {0};
    rnn_params(&table, arch);
    struct rnn rnn = {.arch = arch, .table = &table, .weights = weights};
    struct tensor *out = encoder_embed(&tape, e, &w, &(struct rnn_batch){&rnn, 1}, NULL, NULL, NULL);
    memcpy(z, out->value, Z * sizeof *z);
    tape_free(&tape);
    params_free(&table);
}

static double distance(const float *a, const float *b) {
    double most = 0;
    for (int i = 0; i < Z; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

static void test_invariance(const char *cell, bool rescale) {
    const struct rnn_arch arch = {.cell = cell_find(cell), .input = 4, .hidden = 7, .layers = 2, .output = 4};
    static float weights[MAX], other[MAX];
    int unit[14];
    float scale[14], z[Z], hidden[Z], changed[Z];
    struct rng rng = rng_make(4, 0, cell);
    struct encoder *e = make(&arch);
    size_t size = rnn_size(&arch);
    for (size_t i = 0; i < size; i++)
        weights[i] = 0.7f * rng_normal(&rng);
    symmetry_random(unit, scale, &arch, true, rescale, &rng);
    symmetry_apply(other, weights, &arch, unit, scale);
    embed(e, &arch, weights, z);
    embed(e, &arch, other, hidden);
    CHECK(memcmp(weights, other, size * sizeof *weights) != 0 && distance(z, hidden) < 2e-6, "%s: %g", cell, distance(z, hidden));

    // A unit whose column of the read-out is zero, in the last layer, without a way back: answers stay, states change, and so does z.
    struct params table = {0};
    rnn_params(&table, &arch);
    for (int round = 0; round < 2; round++) {
        float *readout = weights + table.list[rnn_readout(&arch)].offset, *hh = weights + table.list[rnn_param(&arch, 1, W_HH)].offset;
        for (int o = 0; o < arch.output; o++)
            readout[o * arch.hidden] = 0;
        for (int r = 0; r < arch.hidden * arch.cell->gates; r++)
            hh[r * arch.hidden] = 0;
        if (round)
            weights[table.list[rnn_param(&arch, 1, W_IH)].offset + (size_t)(arch.cell->candidate * arch.hidden * arch.hidden)] += 1;
        embed(e, &arch, weights, round ? changed : z);
    }
    CHECK(distance(z, changed) > 1e-5, "%s: an unread unit is not seen", cell);
    params_free(&table);
    encoder_free(e);
}

int main(void) {
    test_invariance("lstm", true);
    test_invariance("gru", true);
    test_invariance("rnn_tanh", true);
    test_invariance("rnn_relu", false);
    return check_report("encoders/hidden");
}
