// Deep weight space networks see permutations of hidden units: layer by layer the features are permuted alike (equivariance), and the
// embedding stays what it is (invariance). Random RNNs, permutations, numbers of layers and sizes.
#include "encoders/dws_internal.h"

#include "rnn/symmetry.h"

#include "../alike.h"
#include "../check.h"

#include <stdlib.h>

enum { B = 2 };

struct subject {
    struct encoder *encoder;
    float *rnns[B], *permuted[B];
    int *permutations[RNN_MAX_LAYERS];
};

static float *filled(size_t n, float scale, struct rng *rng) {
    float *x = malloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = scale * rng_normal(rng);
    return x;
}

static struct subject subject_new(const struct rnn_arch *arch, const struct encoder_config *config, struct rng *rng) {
    struct subject s = {.encoder = encoder_new(encoder_type_find("dws"), config, arch, rng_u64(rng))};
    size_t P = s.encoder->rnn_table.size;
    int *index = malloc(P * sizeof *index);
    for (int l = 0; l < arch->layers; l++) {
        s.permutations[l] = malloc((size_t)arch->hidden * sizeof(int));
        rng_permutation(rng, s.permutations[l], arch->hidden);
    }
    symmetry_index(index, arch, s.permutations);
    for (int b = 0; b < B; b++) {
        s.rnns[b] = filled(P, 0.5f, rng);
        s.permuted[b] = malloc(P * sizeof(float));
        for (size_t i = 0; i < P; i++)
            s.permuted[b][i] = s.rnns[b][index[i]];
    }
    free(index);
    return s;
}

static void subject_free(struct subject *s) {
    for (int l = 0; l < s->encoder->arch.layers; l++)
        free(s->permutations[l]);
    for (int b = 0; b < B; b++) {
        free(s->rnns[b]);
        free(s->permuted[b]);
    }
    encoder_free(s->encoder);
}

static struct rnn_batch batch_of(const struct subject *s, struct rnn *room, float *const *rnns) {
    return alike(room, &s->encoder->arch, &s->encoder->rnn_table, B, (const float *const *)rnns, NULL);
}

// NaN when one was.
static double larger(double worst, double x) {
    return x > worst || isnan(x) ? x : worst;
}

static void test_invariance(const struct subject *s) {
    const struct encoder *e = s->encoder;
    struct weights w = {&e->table, e->values, NULL};
    struct rnn rnns[B], permuted[B];
    struct rnn_batch one = batch_of(s, rnns, s->rnns), other = batch_of(s, permuted, s->permuted);
    struct tape tape = {0};
    struct tensor *a = encoder_embed(&tape, e, &w, &one, NULL, NULL, NULL), *b = encoder_embed(&tape, e, &w, &other, NULL, NULL, NULL);
    double worst = 0;
    for (size_t i = 0; i < tensor_size(a); i++)
        worst = larger(worst, fabs(a->value[i] - b->value[i]));
    CHECK(worst <= 1e-5, "the embedding changes by %g (%d layers of %d units)", worst, e->arch.layers, e->arch.hidden);
    CHECK(!isnan(a->value[0]) && fabs(a->value[0] - a->value[e->config.z]) > 1e-6, "different RNNs, same embedding");
    tape_free(&tape);
}

// The largest deviation of permuted features [B*R*K,C] from those of the original, in units of the largest feature; orders may be NULL.
static double deviation(const struct tensor *original, const struct tensor *permuted, int rows, int cols, const int *row_order,
                        const int *col_order) {
    double worst = 0, largest = 0;
    size_t C = (size_t)original->cols;
    for (int b = 0; b < B; b++)
        for (int r = 0; r < rows; r++)
            for (int k = 0; k < cols; k++) {
                int from_row = row_order ? row_order[r] : r, from_col = col_order ? col_order[k] : k;
                const float *x = original->value + (size_t)((b * rows + from_row) * cols + from_col) * C;
                const float *y = permuted->value + (size_t)((b * rows + r) * cols + k) * C;
                for (size_t c = 0; c < C; c++) {
                    worst = larger(worst, fabs(x[c] - y[c]));
                    largest = fmax(largest, fabs(x[c]));
                }
            }
    return largest > 0 ? worst / largest : NAN;
}

static void test_equivariance(const struct subject *s) {
    const struct encoder *e = s->encoder;
    struct weights w = {&e->table, e->values, NULL};
    struct rnn rnns[B], permuted[B];
    struct rnn_batch one = batch_of(s, rnns, s->rnns), other = batch_of(s, permuted, s->permuted);
    struct tape tape = {0};
    struct dws_features a, b;
    dws_input(&tape, e, &one, &a);
    dws_input(&tape, e, &other, &b);
    for (int layer = 0; layer < e->config.layers; layer++) {
        dws_layer(&tape, e, &w, layer, &a);
        dws_layer(&tape, e, &w, layer, &b);
        for (int m = 0; m <= 2 * e->arch.layers; m++) {
            const int *row_order = m < 2 * e->arch.layers ? s->permutations[m / 2] : NULL;
            const int *col_order = m % 2 ? row_order : m > 0 ? s->permutations[m / 2 - 1] : NULL;
            const struct grid *g = &a.matrix[m];
            double of_matrix = deviation(g->x, b.matrix[m].x, g->rows, g->cols, row_order, col_order);
            double of_bias = deviation(a.bias[m], b.bias[m], g->rows, 1, row_order, NULL);
            CHECK(of_matrix <= 1e-5 && of_bias <= 1e-5, "layer %d, matrix %d: %g, %g", layer, m, of_matrix, of_bias);
        }
    }
    tape_free(&tape);
}

// What the last layer makes of means is the mean of what it makes of everything.
static void test_last_layer(const struct subject *s) {
    const struct encoder *e = s->encoder;
    struct weights w = {&e->table, e->values, NULL};
    struct rnn rnns[B];
    struct rnn_batch batch = batch_of(s, rnns, s->rnns);
    struct tape tape = {0};
    struct dws_features all, means;
    int last = e->config.layers - 1;
    dws_input(&tape, e, &batch, &all);
    for (int layer = 0; layer < last; layer++)
        dws_layer(&tape, e, &w, layer, &all);
    means = dws_pooled(&tape, e, &all);
    dws_layer(&tape, e, &w, last, &all);
    dws_layer(&tape, e, &w, last, &means);
    all = dws_pooled(&tape, e, &all);
    for (int m = 0; m <= 2 * e->arch.layers; m++) {
        CHECK(deviation(all.matrix[m].x, means.matrix[m].x, 1, 1, NULL, NULL) <= 1e-5, "matrix %d", m);
        CHECK(deviation(all.bias[m], means.bias[m], 1, 1, NULL, NULL) <= 1e-5, "bias %d", m);
    }
    tape_free(&tape);
}

int main(void) {
    struct rng rng = rng_make(11, 0, "dws");
    for (int i = 0; i < 24; i++) {
        const struct rnn_arch arch = {.cell = &cell_lstm,
                                      .input = 1 + (int)rng_below(&rng, 8),
                                      .hidden = 1 + (int)rng_below(&rng, 20),
                                      .layers = 1 + i % 3,
                                      .output = 1 + (int)rng_below(&rng, 8)};
        const struct encoder_config config = {
            .z = 5, .channels = 8 + (int)rng_below(&rng, 16), .layers = 1 + i / 3 % 4, .mlp_hidden = 9, .mlp_layers = i % 2};
        struct subject s = subject_new(&arch, &config, &rng);
        test_invariance(&s);
        test_equivariance(&s);
        test_last_layer(&s);
        subject_free(&s);
    }
    return check_report("encoders/dws");
}
