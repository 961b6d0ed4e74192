// Every cell in a small network: outputs, final states, loss, gradients of weights and inputs, and the weights' exact symmetries. A case is
// a folder cells/CELL/NAME; those with tokens are classifiers, the others have numbers in and out.
#include "golden.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/recurrent.h"
#include "rnn/interrogate.h"
#include "rnn/stepper.h"
#include "rnn/symmetry.h"

#include <glob.h>

struct network {
    char name[128]; // "gru/tokens_2x32"
    struct rnn_arch arch;
    bool tokens;
    struct npy params, inputs, right; // inputs [B,T,I] or tokens [B,T]; targets [B,T,O] or labels [B,T]
    int batch, steps;
    struct params table;
};

static struct npy load(const struct network *n, const char *array) {
    char file[160];
    snprintf(file, sizeof file, "%s/%s", n->name, array);
    return golden_load("cells", file);
}

static void check(const struct network *n, const char *array, const float *x, size_t count) {
    char file[160];
    snprintf(file, sizeof file, "%s/%s", n->name, array);
    golden_check("cells", file, x, count, NULL);
}

static void read_arch(struct network *n, const char *path) {
    char cell[32] = "";
    FILE *f = fopen(path, "r");
    CHECK(f &&
              fscanf(f, " { \"cell\": \"%31[^\"]\" , \"input\": %d , \"hidden\": %d , \"layers\": %d , \"output\": %d", cell,
                     &n->arch.input, &n->arch.hidden, &n->arch.layers, &n->arch.output) == 5 &&
              (n->arch.cell = cell_find(cell)) && rnn_arch_valid(&n->arch),
          "%s: cell '%s'", path, cell);
    if (f)
        fclose(f);
}

// Integers [B,T] as bytes, time-major. Release with free.
static uint8_t *bytes(const struct network *n, const struct npy *rows) {
    uint8_t *y = malloc(rows->count);
    for (int b = 0; b < n->batch; b++)
        for (int t = 0; t < n->steps; t++)
            y[t * n->batch + b] = (uint8_t)rows->ints[b * n->steps + t];
    return y;
}

static void check_states(const struct network *n, struct tensor *const *h) {
    size_t state = (size_t)n->batch * (size_t)n->arch.hidden;
    float *final = malloc((size_t)n->arch.layers * state * sizeof *final);
    for (int l = 0; l < n->arch.layers; l++)
        memcpy(final + (size_t)l * state, h[l]->value + (size_t)(n->steps - 1) * state, state * sizeof *final);
    check(n, "hT", final, (size_t)n->arch.layers * state);
    free(final);
}

// By the operations that are trained with.
static void test_gradients(const struct network *n) {
    float *grad = calloc(n->table.size, sizeof *grad), *x = NULL, *dx = NULL, *targets = NULL;
    uint8_t *tokens = NULL, *labels = NULL;
    size_t B = (size_t)n->batch, T = (size_t)n->steps;
    struct weights w = {&n->table, n->params.floats, grad};
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct tensor *h[RNN_MAX_LAYERS], *loss;
    if (n->tokens) {
        tokens = bytes(n, &n->inputs);
        labels = bytes(n, &n->right);
        h[0] = recurrent_sequence_tokens(&tape, n->arch.cell, &w, 0, tokens, n->steps, n->batch);
    } else {
        x = golden_swap(n->inputs.floats, B, T, (size_t)n->arch.input);
        dx = calloc(n->inputs.count, sizeof *dx);
        targets = golden_swap(n->right.floats, B, T, (size_t)n->arch.output);
        h[0] = recurrent_sequence(&tape, n->arch.cell, &w, 0, tape_leaf(&tape, n->steps * n->batch, n->arch.input, x, dx), n->steps);
    }
    for (int l = 1; l < n->arch.layers; l++)
        h[l] = recurrent_sequence(&tape, n->arch.cell, &w, rnn_param(&n->arch, l, W_IH), h[l - 1], n->steps);
    struct tensor *logits = linear_at(&tape, &w, rnn_readout(&n->arch), h[n->arch.layers - 1]);
    loss = n->tokens ? cross_entropy(&tape, logits, labels) : squared_error(&tape, logits, targets);
    loss->grad[0] = 1;
    char file[160];
    snprintf(file, sizeof file, "%s/logits", n->name);
    golden_check_sequence("cells", file, logits->value, T, B, (size_t)n->arch.output);
    check_states(n, h);
    check(n, "loss", loss->value, 1);
    tape_backward(&tape);
    check(n, "grad", grad, n->table.size);
    if (dx) {
        snprintf(file, sizeof file, "%s/grad_inputs", n->name);
        golden_check_sequence("cells", file, dx, T, B, (size_t)n->arch.input);
    }
    void *all[] = {grad, x, dx, targets, tokens, labels};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    tape_free(&tape);
}

// As interrogations run it, all sequences side by side as probes: in one operation, or step by step.
static void test_interrogation(const struct network *n, bool stepwise) {
    int B = n->batch, T = n->steps, I = n->arch.input, O = n->arch.output;
    float *grad = calloc(n->table.size, sizeof *grad), *x = calloc((size_t)(T * B * I), sizeof *x),
          *dx = calloc((size_t)(T * B * I), sizeof *dx);
    uint8_t *labels = n->tokens ? bytes(n, &n->right) : NULL;
    float *targets = n->tokens ? NULL : golden_swap(n->right.floats, (size_t)B, (size_t)T, (size_t)O);
    for (int t = 0; t < T; t++)
        for (int b = 0; b < B; b++)
            for (int i = 0; i < I; i++)
                x[(t * B + b) * I + i] = n->tokens ? n->inputs.ints[b * T + t] == i : n->inputs.floats[(b * T + t) * I + i];
    const struct rnn rnn = {.arch = &n->arch, .table = &n->table, .weights = n->params.floats, .grad = grad};
    const struct rnn_batch batch = {&rnn, 1};
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct tensor *inputs = tape_leaf(&tape, T * B, I, x, dx), *logits, **steps = malloc((size_t)T * sizeof *steps);
    struct interrogation *it = interrogation_begin(&tape, &batch, B, T);
    for (int t = 0; t < T && stepwise; t++)
        steps[t] = interrogation_step(it, tape_rows(&tape, inputs, t * B, B));
    logits = stepwise ? concat_rows(&tape, steps, T) : tape_reshape(&tape, interrogation_sequence(&tape, &batch, inputs, B), T * B, O);
    struct tensor *loss = n->tokens ? cross_entropy(&tape, logits, labels) : squared_error(&tape, logits, targets);
    loss->grad[0] = 1;
    tape_backward(&tape);
    char file[160];
    snprintf(file, sizeof file, "%s/logits", n->name);
    golden_check_sequence("cells", file, logits->value, (size_t)T, (size_t)B, (size_t)O);
    check(n, "loss", loss->value, 1);
    check(n, "grad", grad, n->table.size);
    snprintf(file, sizeof file, "%s/grad_inputs", n->name);
    if (!n->tokens)
        golden_check_sequence("cells", file, dx, (size_t)T, (size_t)B, (size_t)I);
    void *all[] = {grad, x, dx, labels, targets, steps};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    tape_free(&tape);
}

// By the plain run: the logits, time-major, and the final states. Releases nothing of the network's.
static void run_plainly(const struct network *n, const float *weights, float *logits, float *h, float *c) {
    size_t step = (size_t)(n->batch * n->arch.output), state = (size_t)(n->batch * n->arch.hidden);
    uint8_t *tokens = n->tokens ? bytes(n, &n->inputs) : NULL;
    float *x = n->tokens ? NULL : golden_swap(n->inputs.floats, (size_t)n->batch, (size_t)n->steps, (size_t)n->arch.input);
    struct stepper *s = stepper_of_rnn(&n->arch, &n->table, weights, n->batch);
    stepper_start(s, n->batch);
    for (int t = 0; t < n->steps; t++) {
        if (tokens)
            stepper_tokens(s, tokens + t * n->batch);
        else
            stepper_numbers(s, x + (size_t)t * (size_t)(n->batch * n->arch.input));
        memcpy(logits + (size_t)t * step, stepper_logits(s), step * sizeof *logits);
    }
    for (int l = 0; l < n->arch.layers; l++) {
        memcpy(h + (size_t)l * state, stepper_h(s, l), state * sizeof *h);
        if (n->arch.cell->states > 1)
            memcpy(c + (size_t)l * state, stepper_c(s, l), state * sizeof *c);
    }
    stepper_free(s);
    free(tokens);
    free(x);
}

// The stored twin is what our own symmetry makes of the weights, and computes the same.
static void test_symmetry(const struct network *n, const float *h) {
    struct npy twin = load(n, "symmetric_params"), order = load(n, "symmetric_perm"), scale = load(n, "symmetric_scale");
    size_t units = order.count, states = units * (size_t)n->batch, P = n->table.size, wrong = 0;
    int *unit = malloc(units * sizeof *unit);
    float *own = malloc(P * sizeof *own), *h2 = malloc(states * sizeof *h2), *c2 = malloc(states * sizeof *c2),
          *logits = malloc((size_t)(n->steps * n->batch * n->arch.output) * sizeof *logits);
    for (size_t i = 0; i < units; i++)
        unit[i] = (int)order.ints[i];
    symmetry_apply(own, n->params.floats, &n->arch, unit, scale.floats);
    for (size_t i = 0; i < P; i++)
        wrong += !(fabs((double)own[i] - twin.floats[i]) <= 3e-7 * fabs((double)twin.floats[i]));
    CHECK(wrong == 0, "%s: %zu of %zu weights of the twin", n->name, wrong, P);
    run_plainly(n, twin.floats, logits, h2, c2);
    char file[160];
    snprintf(file, sizeof file, "%s/logits", n->name);
    golden_check_sequence("cells", file, logits, (size_t)n->steps, (size_t)n->batch, (size_t)n->arch.output);
    double worst = 0;
    int H = n->arch.hidden, B = n->batch;
    for (int l = 0; l < n->arch.layers; l++)
        for (int b = 0; b < B; b++)
            for (int i = 0; i < H; i++)
                worst = golden_larger(
                    worst, fabs(h2[(l * B + b) * H + i] - (double)scale.floats[l * H + i] * h[(l * B + b) * H + unit[l * H + i]]));
    CHECK(worst <= 2e-6, "%s: the twin's states: %g", n->name, worst);
    void *all[] = {unit, own, h2, c2, logits};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    npy_free(&twin);
    npy_free(&order);
    npy_free(&scale);
}

static void test_plain_run(const struct network *n) {
    size_t states = (size_t)(n->arch.layers * n->batch * n->arch.hidden);
    float *h = malloc(states * sizeof *h), *c = malloc(states * sizeof *c),
          *logits = malloc((size_t)(n->steps * n->batch * n->arch.output) * sizeof *logits);
    char file[160];
    snprintf(file, sizeof file, "%s/logits", n->name);
    run_plainly(n, n->params.floats, logits, h, c);
    golden_check_sequence("cells", file, logits, (size_t)n->steps, (size_t)n->batch, (size_t)n->arch.output);
    check(n, "hT", h, states);
    if (n->arch.cell->states > 1)
        check(n, "cT", c, states);
    test_symmetry(n, h);
    free(h);
    free(c);
    free(logits);
}

static void test_case(const char *path) {
    struct network n = {0};
    const char *folder = strstr(path, "cells/") + strlen("cells/");
    snprintf(n.name, sizeof n.name, "%.*s", (int)(strrchr(folder, '/') - folder), folder);
    n.tokens = strstr(n.name, "/tokens") != NULL;
    read_arch(&n, path);
    if (!n.arch.cell)
        return;
    n.params = load(&n, "params");
    n.inputs = load(&n, n.tokens ? "tokens" : "inputs");
    n.right = load(&n, n.tokens ? "labels" : "targets");
    n.batch = (int)n.inputs.shape[0];
    n.steps = (int)n.inputs.shape[1];
    rnn_params(&n.table, &n.arch);
    char manifest[160];
    snprintf(manifest, sizeof manifest, "%s/manifest.txt", n.name);
    golden_check_manifest("cells", manifest, &n.table);
    CHECK(n.table.size == n.params.count && n.table.size == rnn_size(&n.arch), "%s: %zu weights", n.name, n.params.count);
    test_gradients(&n);
    test_plain_run(&n);
    test_interrogation(&n, false);
    test_interrogation(&n, true);
    npy_free(&n.params);
    npy_free(&n.inputs);
    npy_free(&n.right);
    params_free(&n.table);
}

int main(void) {
    const char *root = getenv("RNNPIPE_GOLDEN");
    char pattern[1024];
    snprintf(pattern, sizeof pattern, "%s/cells/*/*/arch.json", root ? root : "tests/golden");
    glob_t files = {0};
    CHECK(glob(pattern, 0, NULL, &files) == 0 && files.gl_pathc >= 8, "%s: %zu cases", pattern, files.gl_pathc);
    for (size_t i = 0; i < files.gl_pathc; i++)
        test_case(files.gl_pathv[i]);
    globfree(&files);
    return check_report("golden/cells");
}
