// Whole encoders with given parameters on given RNNs: embeddings, probing sequences, and the gradients of sum(unit embedding * R).
#include "encoders/encoder.h"

#include "../alike.h"
#include "golden.h"

static const struct encoder_case {
    const char *folder, *type, *rnns;
    struct rnn_arch arch;
    struct encoder_config config;
} cases[] = {
#define PROBING(M, SOFTMAX)                                                                                                                \
    { .z = 16, .hidden = 24, .layers = 2, .mlp_hidden = 16, .mlp_layers = 1, .length = 7, .probes = M, .residual = 1, .softmax = SOFTMAX }
    {"interactive_p1",
     "interactive",
     "rnn_params_formal",
     {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6},
     PROBING(1, 1)},
    {"interactive_p2",
     "interactive",
     "rnn_params_formal",
     {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6},
     PROBING(2, 1)},
    {"interactive_smnist",
     "interactive",
     "rnn_params_smnist",
     {.cell = &cell_lstm, .input = 16, .hidden = 16, .layers = 2, .output = 10},
     PROBING(1, 0)},
    {"noninteractive_p1",
     "noninteractive",
     "rnn_params_formal",
     {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6},
     PROBING(1, 1)},
    {"noninteractive_p2",
     "noninteractive",
     "rnn_params_formal",
     {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6},
     PROBING(2, 1)},
    {"layerwise_statistics",
     "stats",
     "rnn_params_formal",
     {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6},
     {.z = 16, .mlp_hidden = 16, .mlp_layers = 1}},
    {"flat",
     "flat",
     "rnn_params_formal",
     {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6},
     {.z = 16, .hidden = 8, .layers = 3}},
    {"parameter_transformer",
     "transformer",
     "rnn_params_formal",
     {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6},
     {.z = 16, .hidden = 16, .layers = 2, .heads = 2}},
    {"nf",
     "dws",
     "rnn_params_formal",
     {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6},
     {.z = 16, .channels = 6, .layers = 2, .mlp_hidden = 16, .mlp_layers = 1}},
};

enum { B = 3, MAX_LENGTH = 16 };

static struct npy load(const struct encoder_case *c, const char *what) {
    char name[64];
    snprintf(name, sizeof name, "%s/%s", c->folder, what);
    return golden_load("encoders", name);
}

static void check(const struct encoder_case *c, const char *what, const float *x, size_t n) {
    char name[64];
    snprintf(name, sizeof name, "%s/%s", c->folder, what);
    golden_check("encoders", name, x, n, NULL);
}

// Stored as [B,K,M,width]; the trace holds [K][B*M,width].
static void check_trace(const struct encoder_case *c, const char *what, struct tensor **trace) {
    size_t K = (size_t)c->config.length, row = tensor_size(trace[0]) / B;
    float *x = malloc(B * K * row * sizeof *x);
    for (size_t b = 0; b < B; b++)
        for (size_t k = 0; k < K; k++)
            memcpy(x + (b * K + k) * row, trace[k]->value + b * row, row * sizeof *x);
    check(c, what, x, B * K * row);
    free(x);
}

static void run(const struct encoder_case *c, struct encoder *e, float *weights, const struct npy *seed) {
    size_t P = e->rnn_table.size;
    float *grad = calloc(e->table.size, sizeof *grad), *grad_rnn = calloc(B * P, sizeof *grad_rnn);
    const float *subjects[B];
    float *grads[B];
    for (size_t b = 0; b < B; b++) {
        subjects[b] = weights + b * P;
        grads[b] = grad_rnn + b * P;
    }
    struct rnn room[B];
    struct rnn_batch batch = alike(room, &c->arch, &e->rnn_table, B, subjects, grads);
    struct weights w = {&e->table, e->values, grad};
    struct tensor *inputs[MAX_LENGTH], *answers[MAX_LENGTH], *raw;
    struct encoder_trace trace = {inputs, answers};
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct tensor *z = encoder_embed(&tape, e, &w, &batch, NULL, &trace, &raw);
    double loss = 0;
    for (size_t i = 0; i < seed->count; i++) {
        loss += (double)z->value[i] * seed->floats[i];
        z->grad[i] = seed->floats[i];
    }
    tape_backward(&tape);
    check(c, "embedding_raw", raw->value, tensor_size(raw));
    check(c, "embedding_unit", z->value, tensor_size(z));
    check(c, "loss", &(float){(float)loss}, 1);
    check(c, "grad_params", grad, e->table.size);
    check(c, "grad_rnn", grad_rnn, B * P);
    if (c->config.length) {
        check_trace(c, "probing_inputs", inputs);
        check_trace(c, "probing_outputs", answers);
    }
    tape_free(&tape);
    free(grad);
    free(grad_rnn);
}

// The same RNNs with their hidden units in another order.
static void run_permuted(const struct encoder_case *c, struct encoder *e) {
    struct npy permuted = load(c, "permuted_rnn_params");
    const float *subjects[B];
    for (size_t b = 0; b < B; b++)
        subjects[b] = permuted.floats + b * e->rnn_table.size;
    struct rnn room[B];
    struct rnn_batch batch = alike(room, &c->arch, &e->rnn_table, B, subjects, NULL);
    struct weights w = {&e->table, e->values, NULL};
    struct tensor *raw;
    struct tape tape = {0};
    encoder_embed(&tape, e, &w, &batch, NULL, NULL, &raw);
    check(c, "permuted_embedding_raw", raw->value, tensor_size(raw));
    tape_free(&tape);
    npy_free(&permuted);
}

static void test_case(const struct encoder_case *c) {
    struct encoder *e = encoder_new(encoder_type_find(c->type), &c->config, &c->arch, 1);
    struct npy params = load(c, "params"), weights = golden_load("encoders", c->rnns), seed = load(c, "R");
    CHECK(params.count == e->table.size && weights.count == B * e->rnn_table.size, "%s", c->folder);
    char manifest[64];
    snprintf(manifest, sizeof manifest, "%s/manifest.txt", c->folder);
    golden_check_manifest("encoders", manifest, &e->table);
    memcpy(e->values, params.floats, e->table.size * sizeof(float));
    run(c, e, weights.floats, &seed);
    if (strcmp(c->type, "dws") == 0)
        run_permuted(c, e);
    encoder_free(e);
    npy_free(&params);
    npy_free(&weights);
    npy_free(&seed);
}

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        test_case(&cases[i]);
    return check_report("golden/encoders");
}
