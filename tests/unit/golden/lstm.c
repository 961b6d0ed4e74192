// A two-layer LSTM with a read-out: outputs, final states, loss and gradient, for tokens and for dense inputs.
#include "nn/recurrent.h"

#include "golden.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "rnn/rnn.h"

struct network {
    const char *name;
    struct rnn_arch arch;
    struct npy params;
    struct params table;
    struct tape tape;
    float *grad;
    struct weights w;
};

static void network_open(struct network *n) {
    char file[64];
    snprintf(file, sizeof file, "%s_params", n->name);
    n->params = golden_load("lstm", file);
    rnn_params(&n->table, &n->arch);
    CHECK(n->table.size == n->params.count);
    n->grad = calloc(n->table.size, sizeof(float));
    n->w = (struct weights){&n->table, n->params.floats, n->grad};
    tape_reset(&n->tape, true);
}

static void network_close(struct network *n) {
    npy_free(&n->params);
    params_free(&n->table);
    tape_free(&n->tape);
    free(n->grad);
}

static void check(const struct network *n, const char *what, const float *x, size_t count) {
    char file[64];
    snprintf(file, sizeof file, "%s_%s", n->name, what);
    golden_check("lstm", file, x, count, NULL);
}

// From both layers' h on.
static void finish(struct network *n, struct tensor *h0, struct tensor *h1, const uint8_t *labels, int steps, int batch) {
    struct tensor *logits = linear_at(&n->tape, &n->w, 8, h1);
    struct tensor *loss = cross_entropy(&n->tape, logits, labels);
    loss->grad[0] = 1;
    float *final = malloc(2 * (size_t)batch * (size_t)n->arch.hidden * sizeof *final);
    size_t state = (size_t)batch * (size_t)n->arch.hidden;
    memcpy(final, h0->value + (size_t)(steps - 1) * state, state * sizeof *final);
    memcpy(final + state, h1->value + (size_t)(steps - 1) * state, state * sizeof *final);
    tape_backward(&n->tape);

    char file[64];
    snprintf(file, sizeof file, "%s_logits", n->name);
    golden_check_sequence("lstm", file, logits->value, (size_t)steps, (size_t)batch, (size_t)n->arch.output);
    check(n, "hT", final, 2 * state);
    check(n, "loss", loss->value, 1);
    check(n, "grad", n->grad, n->table.size);
    free(final);
}

static void test_formal(void) {
    struct network n = {.name = "formal", .arch = {.cell = &cell_lstm, .input = 6, .hidden = 32, .layers = 2, .output = 6}};
    network_open(&n);
    struct npy tokens = golden_load("lstm", "formal_tokens");
    int batch = (int)tokens.shape[0], steps = (int)tokens.shape[1] - 1;
    uint8_t *inputs = golden_tokens(tokens.ints, tokens.shape[0], tokens.shape[1], 0),
            *labels = golden_tokens(tokens.ints, tokens.shape[0], tokens.shape[1], 1);
    struct tensor *h0 = recurrent_sequence_tokens(&n.tape, &cell_lstm, &n.w, 0, inputs, steps, batch);
    finish(&n, h0, recurrent_sequence(&n.tape, &cell_lstm, &n.w, 4, h0, steps), labels, steps, batch);
    free(inputs);
    free(labels);
    npy_free(&tokens);
    network_close(&n);
}

static void test_smnist(void) {
    struct network n = {.name = "smnist", .arch = {.cell = &cell_lstm, .input = 16, .hidden = 32, .layers = 2, .output = 10}};
    network_open(&n);
    struct npy tiles = golden_load("lstm", "smnist_inputs"), digits = golden_load("lstm", "smnist_labels");
    int batch = (int)tiles.shape[0], steps = (int)tiles.shape[1];
    float *inputs = golden_swap(tiles.floats, tiles.shape[0], tiles.shape[1], tiles.shape[2]);
    uint8_t *labels = malloc((size_t)steps * (size_t)batch);
    for (int i = 0; i < steps * batch; i++)
        labels[i] = (uint8_t)digits.ints[i % batch];
    struct tensor *h0 = recurrent_sequence(&n.tape, &cell_lstm, &n.w, 0, tape_leaf(&n.tape, steps * batch, 16, inputs, NULL), steps);
    finish(&n, h0, recurrent_sequence(&n.tape, &cell_lstm, &n.w, 4, h0, steps), labels, steps, batch);
    free(inputs);
    free(labels);
    npy_free(&tiles);
    npy_free(&digits);
    network_close(&n);
}

int main(void) {
    test_formal();
    test_smnist();
    return check_report("golden/lstm");
}
