// Ten steps of training encoder and emulator together on given batches: losses, gradient norms before clipping, the first gradients, and
// where the parameters go.
#include "golden.h"
#include "training/emulator.h"
#include "training/learner.h"

#include "nn/loss.h"

enum { STEPS = 10, BATCH = 4, LENGTH = 42, T = LENGTH - 1 };
static const struct rnn_arch arch = {.cell = &cell_lstm, .input = 6, .hidden = 16, .layers = 2, .output = 6};
static const struct encoder_config encoder_config = {
    .z = 16, .hidden = 24, .layers = 2, .mlp_hidden = 16, .mlp_layers = 1, .length = 7, .probes = 1, .residual = 1, .softmax = 1};
static const struct emulator_config emulator_config = {.z = 16, .hidden = 24, .layers = 2, .condition = CONDITION_BOS};

struct run {
    const char *name;
    enum criterion criterion;
    struct encoder *encoder;
    struct emulator *emulator;
    struct npy pool, rnn, tokens, logits;
    int step;
    uint8_t *inputs, *labels; // of this step, time-major
    float *targets, each[BATCH];
    struct lane *lane;
};

static void *lane_new(void *context) {
    return context;
}

static void lane_free(void *data) {
    (void)data;
}

static enum status lane_load(void *context, struct lane *lane, struct error *error) {
    (void)error;
    struct run *r = context;
    size_t at = (size_t)r->step * BATCH, P = r->encoder->rnn_table.size;
    for (int i = 0; i < lane->count; i++)
        lane->rnns.rnn[i] = (struct rnn){.arch = &r->encoder->arch,
                                         .table = &r->encoder->rnn_table,
                                         .weights = r->pool.floats + (size_t)r->rnn.ints[at + (size_t)lane->items[i]] * P};
    free(r->inputs);
    free(r->labels);
    free(r->targets);
    r->inputs = golden_tokens(r->tokens.ints + at * LENGTH, BATCH, LENGTH, 0);
    r->labels = golden_tokens(r->tokens.ints + at * LENGTH, BATCH, LENGTH, 1);
    r->targets = golden_swap(r->logits.floats + at * T * 6, BATCH, T, 6);
    r->lane = lane;
    return STATUS_OK;
}

static struct tensor *lane_loss(void *context, struct lane *lane, const struct weights *head, struct tensor *z) {
    struct run *r = context;
    struct tensor *logits = emulator_forward(&lane->tape, r->emulator, head, z, r->inputs, NULL, T);
    return emulation_loss(&lane->tape, r->criterion, logits, r->targets, r->labels, T, r->each);
}

static const struct learner_task task = {.lane_new = lane_new, .lane_free = lane_free, .load = lane_load, .loss = lane_loss};

static void run_open(struct run *r) {
    struct npy encoder = golden_load("joint", "encoder_params0"), emulator = golden_load("joint", "emulator_params0");
    r->encoder = encoder_new(encoder_type_find("interactive"), &encoder_config, &arch, 1);
    r->emulator = emulator_new(&emulator_config, &arch, 1);
    CHECK(encoder.count == r->encoder->table.size && emulator.count == r->emulator->table.size);
    golden_check_manifest("joint", "encoder_manifest.txt", &r->encoder->table);
    golden_check_manifest("joint", "emulator_manifest.txt", &r->emulator->table);
    memcpy(r->encoder->values, encoder.floats, encoder.count * sizeof(float));
    memcpy(r->emulator->values, emulator.floats, emulator.count * sizeof(float));
    r->pool = golden_load("joint", "rnn_pool");
    r->rnn = golden_load("joint", "batch_rnn");
    r->tokens = golden_load("joint", "batch_tokens");
    r->logits = golden_load("joint", "batch_logits");
    npy_free(&encoder);
    npy_free(&emulator);
}

static void run_close(struct run *r) {
    encoder_free(r->encoder);
    emulator_free(r->emulator);
    npy_free(&r->pool);
    npy_free(&r->rnn);
    npy_free(&r->tokens);
    npy_free(&r->logits);
    free(r->inputs);
    free(r->labels);
    free(r->targets);
}

static void check(const struct run *r, const char *what, const float *x, size_t n, const float *start) {
    char name[64];
    snprintf(name, sizeof name, "%s_%s", r->name, what);
    golden_check("joint", name, x, n, start);
}

static void check_params(const struct run *r, int step) {
    struct npy encoder = golden_load("joint", "encoder_params0"), emulator = golden_load("joint", "emulator_params0");
    char name[32];
    snprintf(name, sizeof name, "encoder_params%d", step);
    check(r, name, r->encoder->values, encoder.count, encoder.floats);
    snprintf(name, sizeof name, "emulator_params%d", step);
    check(r, name, r->emulator->values, emulator.count, emulator.floats);
    npy_free(&encoder);
    npy_free(&emulator);
}

static void test_run(const char *name, enum criterion criterion, double clip) {
    struct run r = {.name = name, .criterion = criterion};
    run_open(&r);
    const int items[BATCH] = {0, 1, 2, 3};
    struct learner_recipe recipe = {.batch = BATCH, .rate = 1e-4, .decay = 0.01, .clip = clip, .threads = 1, .seed = 1};
    struct learner *l = learner_new(r.encoder, &r.emulator->table, r.emulator->values, items, BATCH, &recipe, &task, &r);
    float losses[STEPS], each[STEPS * BATCH], encoder_norm[STEPS], emulator_norm[STEPS];
    for (r.step = 0; r.step < STEPS; r.step++) {
        double loss;
        struct error error = {0};
        CHECK(learner_step_on(l, items, BATCH, &loss, &error) == STATUS_OK, "%s", error.text);
        losses[r.step] = (float)loss;
        memcpy(each + r.step * BATCH, r.each, sizeof r.each);
        encoder_norm[r.step] = (float)l->encoder_norm;
        emulator_norm[r.step] = (float)l->head_norm;
        if (r.step == 0 && strcmp(name, "tv") == 0) {
            check(&r, "grad_encoder_step1", r.lane->encoder_grad, r.encoder->table.size, NULL);
            check(&r, "grad_emulator_step1", r.lane->head_grad, r.emulator->table.size, NULL);
        }
        if (r.step == 0 || r.step == STEPS - 1)
            check_params(&r, r.step + 1);
    }
    check(&r, "loss", losses, STEPS, NULL);
    check(&r, "loss_each", each, STEPS * BATCH, NULL);
    check(&r, "norm_encoder", encoder_norm, STEPS, NULL);
    check(&r, "norm_emulator", emulator_norm, STEPS, NULL);
    learner_free(l);
    run_close(&r);
}

int main(void) {
    test_run("tv", CRITERION_TOTAL_VARIATION, 0.1);
    test_run("klr", CRITERION_KL_REVERSE, 0.0025);
    return check_report("golden/joint");
}
