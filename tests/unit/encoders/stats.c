// Layer-wise statistics do not depend on the order of hidden units. (Their values: golden/encoders; their gradients: grad/gradients.)
#include "subjects.h"

#include <math.h>

static void test_invariance(const struct rnn_arch *arch, bool apart, uint64_t seed) {
    enum { COUNT = 3 };
    const struct encoder_type *type = encoder_type_find("stats");
    struct encoder_config config = encoder_defaults(type, arch);
    config.per_gate = config.per_input = apart;
    struct encoder *e = encoder_new(type, &config, arch, seed);
    struct subjects s = subjects_new(arch, COUNT, seed);
    struct rng rng = rng_make(seed, 0, "permutations");
    for (int repeat = 0; repeat < 5; repeat++) {
        struct subjects p = subjects_permuted(&s, &rng);
        double d = subjects_difference(subjects_embed(&s, e, NULL), subjects_embed(&p, e, NULL), COUNT * config.z);
        CHECK(d <= 1e-5, "%d x %d: %g", arch->layers, arch->hidden, d);
        subjects_free(&p);
    }
    subjects_free(&s);
    encoder_free(e);
}

// Without hidden layers, and with a map that passes a statistic on, the raw embedding is that statistic.
static void test_values(void) {
    static const float w[] = {3, -1, -0.0f, 7, 2, 2, -5, 0.5f}; // lstm.weight_ih_l0 [4,2] of {2, 1, 1, 1}
    static const double expected[] = {1.0625, 11.8883929, -5, -0.25, 1.25, 2.25, 7};
    const struct rnn_arch arch = {.cell = &cell_lstm, .input = 2, .hidden = 1, .layers = 1, .output = 1};
    const struct encoder_type *type = encoder_type_find("stats");
    struct encoder_config config = {.z = 42};
    struct encoder *e = encoder_new(type, &config, &arch, 1);
    struct subjects s = subjects_new(&arch, 1, 1);
    memcpy(s.weights[0], w, sizeof w);
    CHECK(e->table.count == 2 && e->table.list[0].size == 42 * 42);
    memset(e->values, 0, e->table.size * sizeof(float));
    for (int i = 0; i < 42; i++)
        e->values[i * 43] = 1;
    struct rnn room[1];
    struct rnn_batch batch = alike(room, &arch, &e->rnn_table, 1, (const float *const *)s.weights, NULL);
    struct weights weights = {&e->table, e->values, NULL};
    struct tape tape = {0};
    struct tensor *raw;
    encoder_embed(&tape, e, &weights, &batch, NULL, NULL, &raw);
    for (int i = 0; i < 7; i++)
        CHECK_CLOSE(raw->value[i], expected[i], 1e-6);
    float bias = s.weights[0][s.size - 1]; // the last parameter has a single number
    CHECK_CLOSE(raw->value[36], 0, 0);
    for (int i = 35; i < 42; i++)
        CHECK(i == 36 || raw->value[i] == bias);
    s.weights[0][3] = NAN;
    tape_reset(&tape, false);
    CHECK(isnan(encoder_embed(&tape, e, &weights, &batch, NULL, NULL, &raw)->value[0]), "NaN stays NaN");
    tape_free(&tape);
    subjects_free(&s);
    encoder_free(e);
}

// Statistics y [7] against those of the rows and columns of x [.,cols] that are told; returns the next ones.
static const float *check_part(const float *y, const float *x, int first_row, int rows, int cols, int first, int width, const char *what) {
    double mean = 0, square = 0, least = INFINITY, greatest = -INFINITY, n = (double)rows * width;
    for (int r = first_row; r < first_row + rows; r++)
        for (int c = first; c < first + width; c++) {
            double v = x[r * cols + c];
            mean += v / n;
            square += v * v;
            least = fmin(least, v);
            greatest = fmax(greatest, v);
        }
    CHECK_CLOSE(y[0], mean, 1e-6);
    CHECK_CLOSE(y[1], n > 1 ? (square - n * mean * mean) / (n - 1) : 0, 1e-5);
    CHECK(y[2] == (float)least && y[6] == (float)greatest, "%s: %g %g", what, y[2], y[6]);
    return y + 7;
}

// Each gate's rows, each column of the first layer's inputs, each row of the read-out, in the order of the parameters.
static void test_parts(const struct rnn_arch *arch, bool per_gate, bool per_input) {
    const struct encoder_type *type = encoder_type_find("stats");
    struct encoder_config config = {.z = 2, .per_gate = per_gate, .per_input = per_input};
    struct encoder *e = encoder_new(type, &config, arch, 1);
    struct subjects s = subjects_new(arch, 2, 9);
    struct rnn room[2];
    struct rnn_batch batch = alike(room, arch, &e->rnn_table, 2, (const float *const *)s.weights, NULL);
    struct tape tape = {0};
    struct tensor *features = type->features(&tape, e, &batch);
    const float *y = features->value;
    int G = arch->cell->gates, gates = per_gate ? G : 1, N = arch->hidden, readout = rnn_readout(arch);
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < e->rnn_table.count; i++) {
            const struct param *p = &e->rnn_table.list[i];
            const float *x = s.weights[b] + p->offset;
            int rows = p->shape[0], cols = p->rank > 1 ? p->shape[1] : 1, outputs = per_input && i >= readout ? rows : 1;
            bool columns = per_input && i == 0;
            for (int g = 0; g < gates && i < readout; g++)
                for (int c = 0; c < (columns ? cols : 1); c++)
                    y = check_part(y, x, g * rows / gates, rows / gates, cols, c, columns ? 1 : cols, p->name);
            for (int o = 0; o < outputs && i >= readout; o++)
                y = check_part(y, x, o * rows / outputs, rows / outputs, cols, 0, cols, p->name);
            CHECK(i >= readout || rows == G * N, "%s", p->name);
        }
    CHECK(y == features->value + 2 * features->cols && features->cols == type->feature_count(e), "%d features", features->cols);
    tape_free(&tape);
    subjects_free(&s);
    encoder_free(e);
}

int main(void) {
    static const struct rnn_arch archs[] = {{.cell = &cell_lstm, .input = 6, .hidden = 32, .layers = 2, .output = 6},
                                            {.cell = &cell_lstm, .input = 16, .hidden = 32, .layers = 2, .output = 10},
                                            {.cell = &cell_lstm, .input = 3, .hidden = 17, .layers = 3, .output = 2},
                                            {.cell = &cell_lstm, .input = 2, .hidden = 5, .layers = 1, .output = 7},
                                            {.cell = &cell_gru, .input = 3, .hidden = 6, .layers = 2, .output = 4},
                                            {.cell = &cell_lstm, .input = 1, .hidden = 1, .layers = 1, .output = 1}};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
        for (int apart = 0; apart <= 1; apart++)
            test_invariance(&archs[i], apart, i + 1);
    test_values();
    for (int flags = 0; flags < 4; flags++) {
        test_parts(&archs[2], flags & 1, flags & 2);
        test_parts(&(struct rnn_arch){.cell = &cell_gru, .input = 3, .hidden = 6, .layers = 2, .output = 4}, flags & 1, flags & 2);
    }
    return check_report("encoders/stats");
}
