// Linear probe generators: what each depth has for parameters, probes of any depth, and probes that are never trained.
#include "nn/adamw.h"
#include "subjects.h"

enum { K = 5, M = 3, COUNT = 2 };
static const struct rnn_arch arch = {.cell = &cell_lstm, .input = 4, .hidden = 6, .layers = 2, .output = 4};

static struct encoder *make(int layers, int fixed) {
    const struct encoder_type *type = encoder_type_find("linear");
    struct encoder_config config = encoder_defaults(type, &arch);
    CHECK(config.layers == 2 && config.probes == 16 && config.length == 22 && config.hidden == 128 && config.softmax && !config.fixed);
    config.length = K;
    config.probes = M;
    config.hidden = 9;
    config.mlp_hidden = 11;
    config.layers = layers;
    config.fixed = fixed;
    return encoder_new(type, &config, &arch, 1);
}

static void test_table(int layers) {
    struct encoder *e = make(layers, 0);
    const struct param *p = e->table.list;
    CHECK(e->table.count == 1 + 2 * layers + 4 && strcmp(p->name, "codes") == 0);
    CHECK(p->shape[0] == M && p->shape[1] == (layers ? 32 : K * arch.input));
    for (int l = 0; l < layers; l++) {
        char name[64];
        snprintf(name, sizeof name, "generator.%d.weight", l);
        CHECK(strcmp(p[1 + 2 * l].name, name) == 0);
        CHECK(p[1 + 2 * l].shape[1] == (l ? 9 : 32) && p[1 + 2 * l].shape[0] == (l < layers - 1 ? 9 : K * arch.input));
    }
    CHECK(params_cols(&p[1 + 2 * layers]) == K * M * arch.output);
    encoder_free(e);
}

// One pass over COUNT RNNs with, unless NULL, the gradient of the sum of z; inputs [K][COUNT*M,I] are copied to `inputs`.
static void pass(const struct encoder *e, float *grad, float inputs[K][COUNT * M * 4]) {
    struct subjects s = subjects_new(&arch, COUNT, 1);
    struct rnn room[COUNT];
    struct rnn_batch batch = alike(room, &arch, &e->rnn_table, COUNT, (const float *const *)s.weights, NULL);
    struct weights w = {&e->table, e->values, grad};
    struct tensor *in[K], *out[K];
    struct encoder_trace trace = {in, out};
    struct tape tape = {0};
    tape_reset(&tape, grad != NULL);
    struct tensor *z = encoder_embed(&tape, e, &w, &batch, NULL, &trace, NULL);
    for (size_t i = 0; z->grad && i < tensor_size(z); i++)
        z->grad[i] = 1;
    tape_backward(&tape);
    for (int t = 0; t < K; t++) {
        CHECK(in[t]->rows == COUNT * M && in[t]->cols == arch.input && out[t]->rows == COUNT * M && out[t]->cols == arch.output);
        memcpy(inputs[t], in[t]->value, sizeof inputs[t]);
    }
    tape_free(&tape);
    subjects_free(&s);
}

// Sequence m of step t is the softmax of numbers t * I ... of what the maps make of code m, alike for all RNNs.
static void test_probes(int layers) {
    struct encoder *e = make(layers, 0);
    float inputs[K][COUNT * M * 4], x[64], y[64];
    pass(e, NULL, inputs);
    for (int m = 0; m < M; m++) {
        int width = params_cols(&e->table.list[0]);
        memcpy(x, e->values + m * width, (size_t)width * sizeof *x);
        for (int l = 0; l < layers; l++) {
            const struct param *p = &e->table.list[1 + 2 * l];
            for (int o = 0; o < p->shape[0]; o++) {
                double sum = e->values[p[1].offset + (size_t)o];
                for (int i = 0; i < p->shape[1]; i++)
                    sum += (double)x[i] * e->values[p->offset + (size_t)(o * p->shape[1] + i)];
                y[o] = (float)sum;
            }
            memcpy(x, y, sizeof x);
        }
        for (int t = 0; t < K; t++) {
            double total = 0;
            for (int i = 0; i < 4; i++)
                total += exp(x[t * 4 + i]);
            for (int b = 0; b < COUNT; b++)
                for (int i = 0; i < 4; i++)
                    CHECK_CLOSE(inputs[t][(b * M + m) * 4 + i], exp(x[t * 4 + i]) / total, 1e-5);
        }
    }
    encoder_free(e);
}

// Fixed probes get no gradient and no decay; all else does.
static void test_fixed(int layers, int fixed) {
    struct encoder *e = make(layers, fixed);
    size_t n = e->table.size, probes = e->table.list[1 + 2 * layers].offset, bytes = n * sizeof(float);
    float *grad = calloc(n, sizeof *grad), *before = malloc(bytes), inputs[K][COUNT * M * 4];
    memcpy(before, e->values, bytes);
    pass(e, grad, inputs);
    struct adamw adamw;
    adamw_init(&adamw, &e->table, 0.1);
    adamw_update(&adamw, e->values, grad, 0.01, 1);
    size_t trained = 0;
    for (size_t i = 0; i < probes; i++)
        trained += grad[i] != 0 || e->values[i] != before[i];
    CHECK(fixed ? trained == 0 : trained > 0, "%zu", trained);
    CHECK(memcmp(e->values + probes, before + probes, bytes - probes * sizeof(float)) != 0);
    adamw_free(&adamw);
    free(grad);
    free(before);
    encoder_free(e);
}

// Sizes that a record may declare, whose products are beyond int: refused, nothing is allocated for them.
static void test_large(void) {
    static const struct {
        int input, output, length, probes, hidden;
        bool fits;
    } sizes[] = {{4, 4, 22, 16, 128, true},       {4096, 4096, 4096, 256, 128, false}, {4096, 65536, 4096, 256, 128, false},
                 {65536, 2, 4096, 1, 128, false}, {1024, 16, 1024, 16, 65536, false},  {2, 65536, 4096, 8, 128, false},
                 {1024, 1024, 1024, 16, 64, true}};
    const struct encoder_type *type = encoder_type_find("linear");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct rnn_arch large = {.cell = &cell_lstm, .input = sizes[i].input, .hidden = 4, .layers = 1, .output = sizes[i].output};
        struct encoder_config c = encoder_defaults(type, &large);
        struct error error = {0};
        c.length = sizes[i].length;
        c.probes = sizes[i].probes;
        c.hidden = sizes[i].hidden;
        c.mlp_hidden = 4;
        enum status status = encoder_check(type, &c, &large, &error);
        CHECK(status == (sizes[i].fits ? STATUS_OK : STATUS_DATA), "%zu: %s", i, error.text);
        CHECK(sizes[i].fits || strstr(error.text, "more than 2147483647"), "%s", error.text);
    }
}

int main(void) {
    for (int layers = 0; layers <= 4; layers++) {
        test_table(layers);
        test_probes(layers);
        test_fixed(layers, 0);
        test_fixed(layers, 1);
    }
    test_large();
    return check_report("encoders/linear");
}
