// The emulator: outputs, every loss, and the gradients of two of them with respect to parameters and embeddings.
#include "training/emulator.h"

#include "golden.h"
#include "nn/loss.h"

static const char *const names[CRITERION_DISTRIBUTIONS] = {"total_variation", "kl", "kl_reverse", "js_div", "ce", "l2", "cosine"};

static const struct emulator_case {
    const char *folder;
    struct rnn_arch arch;
    struct emulator_config config;
} cases[] = {
    {"formal", {.cell = &cell_lstm, .input = 6, .hidden = 1, .layers = 1, .output = 6}, {16, 24, 2, CONDITION_BOS, 0}},
    {"smnist", {.cell = &cell_lstm, .input = 16, .hidden = 1, .layers = 1, .output = 10}, {16, 20, 2, CONDITION_BOS, 0}},
    {"formal_everystep", {.cell = &cell_lstm, .input = 6, .hidden = 1, .layers = 1, .output = 6}, {16, 16, 1, CONDITION_EVERY, 0}},
};

static struct npy load(const struct emulator_case *c, const char *what) {
    char name[64];
    snprintf(name, sizeof name, "%s/%s", c->folder, what);
    return golden_load("emulator", name);
}

static void check(const struct emulator_case *c, const char *what, const char *criterion, const float *x, size_t n) {
    char name[64];
    snprintf(name, sizeof name, "%s/%s%s", c->folder, what, criterion);
    golden_check("emulator", name, x, n, NULL);
}

struct data {
    size_t batch, steps;
    float *inputs, *target; // time-major; inputs or tokens
    uint8_t *tokens, *labels;
    struct npy embedding;
};

static struct data data_load(const struct emulator_case *c) {
    struct data d = {.embedding = load(c, "embedding")};
    struct npy target = load(c, "target_logits"), inputs = load(c, c->arch.input == c->arch.output ? "tokens" : "inputs");
    d.batch = target.shape[0];
    d.steps = target.shape[1];
    d.target = golden_swap(target.floats, d.batch, d.steps, target.shape[2]);
    d.labels = golden_labels(c->folder, &target);
    if (inputs.ints)
        d.tokens = golden_tokens(inputs.ints, d.batch, d.steps + 1, 0);
    else
        d.inputs = golden_swap(inputs.floats, d.batch, d.steps, inputs.shape[2]);
    npy_free(&target);
    npy_free(&inputs);
    return d;
}

static void data_free(struct data *d) {
    free(d->inputs);
    free(d->target);
    free(d->tokens);
    free(d->labels);
    npy_free(&d->embedding);
}

static void check_criterion(const struct emulator_case *c, const struct emulator *e, const struct data *d, enum criterion criterion) {
    float *grad = calloc(e->table.size, sizeof *grad), *dz = calloc(d->embedding.count, sizeof *dz), *each = calloc(d->batch, sizeof *each);
    struct weights w = {&e->table, e->values, grad};
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct tensor *z = tape_leaf(&tape, (int)d->batch, c->config.z, d->embedding.floats, dz);
    struct tensor *x = d->inputs ? tape_leaf(&tape, (int)(d->steps * d->batch), c->arch.input, d->inputs, NULL) : NULL;
    struct tensor *logits = emulator_forward(&tape, e, &w, z, d->tokens, x, (int)d->steps);
    struct tensor *loss = emulation_loss(&tape, criterion, logits, d->target, d->labels, (int)d->steps, each);
    loss->grad[0] = 1;
    tape_backward(&tape);
    if (criterion == 0) {
        char name[64];
        snprintf(name, sizeof name, "%s/logits", c->folder);
        golden_check_sequence("emulator", name, logits->value, d->steps, d->batch, (size_t)c->arch.output);
    }
    check(c, "loss_", names[criterion], each, d->batch);
    if (criterion == CRITERION_TOTAL_VARIATION || criterion == CRITERION_KL_REVERSE) {
        check(c, "gradp_", names[criterion], grad, e->table.size);
        check(c, "grade_", names[criterion], dz, d->embedding.count);
    }
    tape_free(&tape);
    free(grad);
    free(dz);
    free(each);
}

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emulator *e = emulator_new(&cases[i].config, &cases[i].arch, 1);
        struct npy params = load(&cases[i], "params");
        struct data data = data_load(&cases[i]);
        CHECK(params.count == e->table.size, "%s", cases[i].folder);
        char manifest[64];
        snprintf(manifest, sizeof manifest, "%s/manifest.txt", cases[i].folder);
        golden_check_manifest("emulator", manifest, &e->table);
        memcpy(e->values, params.floats, e->table.size * sizeof(float));
        for (int c = 0; c < CRITERION_DISTRIBUTIONS; c++)
            check_criterion(&cases[i], e, &data, (enum criterion)c);
        data_free(&data);
        npy_free(&params);
        emulator_free(e);
    }
    return check_report("golden/emulator");
}
