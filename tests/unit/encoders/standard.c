// Standardised features and z: shift and scale are the data's, what comes of them has mean 0 and deviation 1, gradients are scaled.
#include "encoders/standard.h"

#include "subjects.h"

#include <math.h>

enum { COUNT = 12 };

static const struct rnn_arch arch = {.cell = &cell_lstm, .input = 3, .hidden = 4, .layers = 2, .output = 3};

static struct encoder *encoder_of(const char *type, bool standardised, bool z) {
    struct encoder_config config = encoder_defaults(encoder_type_find(type), &arch);
    config.standardised = standardised;
    config.standardise_z = z;
    config.ordered = encoder_has_key(encoder_type_find(type), "ordered");
    if (encoder_has_key(encoder_type_find(type), "channels"))
        config.channels = 3, config.layers = 2;
    if (encoder_has_key(encoder_type_find(type), "heads"))
        config.hidden = 6, config.layers = 1;
    return encoder_new(encoder_type_find(type), &config, &arch, 3);
}

// Of the features by two passes; and the same features, standardised.
static void test_fit(const char *type) {
    struct subjects s = subjects_new(&arch, COUNT, 5);
    for (int b = 0; b < COUNT; b++) // no tensor like the other, and one weight that is constant
        for (size_t i = 0; i < s.size; i++)
            s.weights[b][i] = i == 7 ? 0.25f : s.weights[b][i] * (1 + 0.01f * (float)i) + 0.02f * (float)i;
    struct encoder *e = encoder_of(type, true, false);
    struct rnn *room = malloc(COUNT * sizeof *room);
    struct rnn_batch batch = alike(room, &arch, &e->rnn_table, COUNT, (const float *const *)s.weights, NULL);
    struct standard_fit *fit = standard_fit_new(e);
    for (int b = 0; b < COUNT; b += 4) {
        struct rnn_batch part = rnn_batch_part(&batch, b, 4);
        standard_fit_add(fit, &part);
    }
    standard_fit_settle(fit);
    struct tape tape = {0};
    struct tensor *x = e->type->features(&tape, e, &batch);
    struct tensor *y =
        e->type->by_tensor ? standardised_by_tensor(&tape, e, e->standard, &e->rnn_table, x) : standardised(&tape, e, e->standard, x);
    int groups = e->type->by_tensor ? e->rnn_table.count : x->cols;
    for (int g = 0; g < groups; g++) {
        int first = e->type->by_tensor ? (int)e->rnn_table.list[g].offset : g, n = e->type->by_tensor ? (int)e->rnn_table.list[g].size : 1;
        double mean = 0, square = 0, before = 0, count = COUNT * n;
        for (int r = 0; r < COUNT; r++)
            for (int c = first; c < first + n; c++)
                mean += y->value[r * y->cols + c] / count, before += x->value[r * x->cols + c] / count;
        double spread = 0;
        for (int r = 0; r < COUNT; r++)
            for (int c = first; c < first + n; c++) {
                square += (y->value[r * y->cols + c] - mean) * (y->value[r * y->cols + c] - mean) / count;
                spread += (x->value[r * x->cols + c] - before) * (x->value[r * x->cols + c] - before) / count;
            }
        CHECK(fabs(mean) < 1e-4, "%s %d: mean %g", type, g, mean);
        CHECK(spread < 1e-10 || fabs(square - 1) < 1e-3, "%s %d: variance %g from %g", type, g, square, spread);
    }
    // another encoder is drawn anew, and measures nothing anew
    struct encoder *other = encoder_another(e, 4), *drawn = encoder_new(e->type, &e->config, &arch, 4);
    for (int i = 0; i < e->table.count; i++) {
        const struct param *p = &e->table.list[i];
        bool measured = i == e->standard || i == e->standard + 1;
        CHECK(memcmp(other->values + p->offset, (measured ? e : drawn)->values + p->offset, p->size * sizeof(float)) == 0, "%s: %s", type,
              p->name);
    }
    CHECK(other->seed == 4 && other->step == 0);
    encoder_free(other);
    encoder_free(drawn);
    tape_free(&tape);
    free(room);
    encoder_free(e);
    subjects_free(&s);
}

// With shift 0 and scale 1, an encoder is the same as without.
static void test_identity(const char *type) {
    struct subjects s = subjects_new(&arch, 3, 5);
    struct encoder *plain = encoder_of(type, false, false), *with = encoder_of(type, encoder_has_key(plain->type, "standardised"), true);
    float *a = subjects_embed(&s, plain, NULL), *b = subjects_embed(&s, with, NULL);
    CHECK(memcmp(a, b, (size_t)(3 * plain->config.z) * sizeof *a) == 0, "%s", type);
    CHECK(memcmp(plain->values, with->values, plain->table.size * sizeof(float)) == 0 && with->table.size > plain->table.size);
    free(a);
    free(b);
    encoder_free(plain);
    encoder_free(with);
    subjects_free(&s);
}

static void test_follow(void) {
    enum { ROWS = 50 };
    struct encoder *e = encoder_of("stats", false, true);
    int Z = e->config.z;
    float *z = malloc((size_t)(ROWS * Z) * sizeof *z);
    struct rng rng = rng_make(1, 0, "test");
    for (uint64_t step = 1; step <= 300; step++) {
        for (int i = 0; i < ROWS * Z; i++)
            z[i] = 5 + (float)(i % Z) + 0.01f * rng_normal(&rng);
        standard_follow_z(e, z, ROWS, step);
        const float *shift = e->values + e->table.list[e->z_standard].offset, *scale = e->values + e->table.list[e->z_standard + 1].offset;
        for (int c = 0; c < Z; c++) {
            double mean = 0, square = 0;
            for (int r = 0; r < ROWS; r++)
                mean += z[r * Z + c] / (double)ROWS;
            for (int r = 0; r < ROWS; r++)
                square += (z[r * Z + c] - mean) * (z[r * Z + c] - mean) / ROWS;
            bool right = step == 1 ? fabs(scale[c] * sqrt(square) - 1) < 1e-3 : step < 50 || fabs(scale[c] * 0.01 - 1) < 0.05;
            CHECK(fabs(shift[c] - 5 - c) < 0.01 && right, "step %d: %g %g", (int)step, (double)shift[c], (double)scale[c]);
        }
    }
    // The gradient of y = (x - shift) scale.
    struct tape tape = {0};
    tape_reset(&tape, true);
    float *grad = calloc((size_t)(ROWS * Z), sizeof *grad);
    struct tensor *y = standardised(&tape, e, e->z_standard, tape_leaf(&tape, ROWS, Z, z, grad));
    for (int i = 0; i < ROWS * Z; i++)
        y->grad[i] = (float)i;
    tape_backward(&tape);
    const float *scale = e->values + e->table.list[e->z_standard + 1].offset;
    for (int i = 0; i < ROWS * Z; i++)
        CHECK(grad[i] == (float)i * scale[i % Z]);
    tape_free(&tape);
    free(grad);
    free(z);
    encoder_free(e);
}

// Units keep their order in training where RNNs are ordered, and don't elsewhere.
static void test_ordered(const char *type) {
    struct subjects s = subjects_new(&arch, 2, 5);
    struct encoder *e = encoder_of(type, false, false);
    for (int ordered = 0; ordered < 2; ordered++) {
        struct rng rng = rng_make(4, 0, "test");
        e->config.ordered = ordered;
        float *a = subjects_embed(&s, e, NULL), *b = subjects_embed(&s, e, &rng);
        bool equal = memcmp(a, b, (size_t)(2 * e->config.z) * sizeof *a) == 0;
        CHECK(equal == (bool)ordered, "%s %d", type, ordered);
        free(a);
        free(b);
    }
    encoder_free(e);
    subjects_free(&s);
}

// A transformer whose units keep their order embeds in training as it does in inference where nothing is dropped, and otherwise doesn't.
static void test_dropout(void) {
    struct subjects s = subjects_new(&arch, 2, 5);
    struct encoder *e = encoder_of("transformer", false, false);
    CHECK(e->config.dropout);
    e->config.ordered = 1;
    for (int dropout = 0; dropout < 2; dropout++) {
        struct rng rng = rng_make(4, 0, "test");
        e->config.dropout = dropout;
        float *a = subjects_embed(&s, e, NULL), *b = subjects_embed(&s, e, &rng);
        CHECK((memcmp(a, b, (size_t)(2 * e->config.z) * sizeof *a) == 0) == !dropout, "%d", dropout);
        free(a);
        free(b);
    }
    encoder_free(e);
    subjects_free(&s);
}

int main(void) {
    const char *const readers[] = {"flat", "stats", "transformer", "dws"};
    for (int i = 0; i < 4; i++)
        test_fit(readers[i]);
    const struct encoder_type *type;
    for (int i = 0; (type = encoder_type_at(i)); i++)
        test_identity(type->name);
    test_follow();
    test_ordered("flat");
    test_dropout();
    return check_report("encoders/standard");
}
