// Encoders at work: a joint training step of encoder and emulator at the paper's size and at the demo's, encoding throughput, and a step
// of the predictor on embeddings.
#include "training/emulation.h"

#include "../unit/alike.h"
#include "base/memory.h"
#include "nn/adamw.h"
#include "training/predictor.h"
#include "zoo.h"

enum { RNNS = 128, ROLLOUTS = 4 };

static double peak;

struct size {
    const char *name;
    int hidden, batch, length, condition, probe_length; // probe_length 0: the encoder's default
    int mlp_hidden;                                     // likewise
};
static const struct size paper = {"paper", 256, 64, 42, CONDITION_BOS, 0, 0}, demo = {"demo", 64, 32, 26, CONDITION_EVERY, 16, 64};

static bool has_key(const struct encoder_type *type, const char *key) {
    return strstr(type->keys, key) != NULL;
}

// The paper's sizes are the encoders' own defaults; the demo has smaller cores.
static struct encoder *encoder_of_size(const struct encoder_type *type, const struct size *size) {
    const struct rnn_arch arch = zoo_arch();
    struct encoder_config config = encoder_defaults(type, &arch);
    if (size->probe_length && has_key(type, "probes")) {
        config.hidden = size->hidden;
        config.length = size->probe_length;
        config.mlp_hidden = size->mlp_hidden;
    }
    return encoder_new(type, &config, &arch, 1);
}

// --- Operations that a joint training step needs; 0 where nobody has counted them ---

// Multiply-adds of one forward pass of a stack of LSTMs whose inputs are as wide as they are, over `steps` steps from zero; the first
// layer's input product left out where it is a table look-up.
static double lstm_work(double hidden, double layers, double steps, bool look_up) {
    return 4 * hidden * hidden * (layers * (2 * steps - 1) - (look_up ? steps : 0));
}

// Backward takes twice the forward work: gradients of inputs and of weights. The RNNs' own weights get none.
static double joint_flops(const struct encoder *e, const struct emulator *m, int batch, int positions) {
    const struct encoder_config *c = &e->config;
    const double H = m->config.hidden;
    const double emulator = lstm_work(H, m->config.layers, positions, true) + 4 * H * H + c->z * H + positions * H * m->arch.output;
    const bool interactive = strcmp(e->type->name, "interactive") == 0;
    if (strcmp(e->type->name, "constant") == 0)
        return 2 * 3 * batch * emulator;
    if (!interactive && strcmp(e->type->name, "noninteractive") != 0)
        return 0;
    const double probed = c->length, N = e->arch.hidden, W = c->mlp_hidden;
    const double core = lstm_work(c->hidden, c->layers, probed + 2, false) + probed * e->arch.output * c->hidden;
    const double output = c->hidden * W + (c->mlp_layers - 1) * W * W + W * c->z;
    const double rnn = lstm_work(N, e->arch.layers, probed, true) + probed * N * (4 * e->arch.input + e->arch.output);
    const double decoder = probed * (c->hidden * W + c->mlp_layers * W * W + W * e->arch.input); // non-interactive: once a batch
    return 2 * (3 * batch * (emulator + core + output) + 2 * batch * rnn + 3 * decoder * (interactive ? batch : 1));
}

// --- Training ---

struct joint {
    struct emulation *emulation;
    int items[RNNS], batch;
};

static void run_joint_step(void *context) {
    const struct joint *j = context;
    struct error error;
    double loss;
    zoo_check(learner_step_on(j->emulation->learner, j->items, j->batch, &loss, &error), &error);
}

static void bench_joint_step(const struct encoder_type *type, const struct size *size, const struct dataset *data, int threads,
                             enum precision precision) {
    char name[96];
    snprintf(name, sizeof name, "joint step %s, %s, %d thread%s%s", type->name, size->name, threads, threads > 1 ? "s" : "",
             precision == PRECISION_BF16 ? ", bf16" : "");
    if (!bench_wanted(name))
        return;
    struct encoder *encoder = encoder_of_size(type, size);
    struct emulator_config config = {.z = encoder->config.z, .hidden = size->hidden, .layers = 2, .condition = size->condition};
    struct emulator *emulator = emulator_new(&config, &encoder->arch, 1);
    struct emulation_recipe recipe = emulation_paper_recipe;
    recipe.learner.batch = size->batch;
    recipe.learner.threads = threads;
    recipe.learner.precision = precision;
    struct joint j = {.batch = size->batch};
    for (int i = 0; i < size->batch; i++)
        j.items[i] = i;
    struct error error;
    zoo_check(emulation_new(&j.emulation, encoder, emulator, data, &recipe, &error), &error);
    const int lanes = (size->batch + LANE_SIZE - 1) / LANE_SIZE;
    bench_measure(name, run_joint_step, &j, joint_flops(encoder, emulator, size->batch, size->length - 1),
                  (threads < lanes ? threads : lanes) * peak);
    emulation_free(j.emulation);
    emulator_free(emulator);
    encoder_free(encoder);
}

// --- Encoding ---

struct encoding {
    struct encoder *encoder;
    struct rnn_batch batch;
    struct tape tape;
};

static void run_encoding(void *context) {
    struct encoding *e = context;
    const struct weights w = {&e->encoder->table, e->encoder->values, NULL};
    tape_reset(&e->tape, false);
    encoder_embed(&e->tape, e->encoder, &w, &e->batch, NULL, NULL, NULL);
}

static void bench_encoding(const struct encoder_type *type) {
    enum { BATCH = 64 };
    char name[96];
    snprintf(name, sizeof name, "encoding %d RNNs, %s, 1 thread", BATCH, type->name);
    if (!bench_wanted(name))
        return;
    struct encoding e = {.encoder = encoder_of_size(type, &paper)};
    float *weights[BATCH];
    struct rnn rnns[BATCH];
    for (int i = 0; i < BATCH; i++) {
        struct rng rng = rng_make(1, (uint64_t)i, "zoo");
        weights[i] = memory_alloc(e.encoder->rnn_table.size * sizeof *weights[i]);
        params_init(&e.encoder->rnn_table, weights[i], &rng);
    }
    e.batch = alike(rnns, &e.encoder->arch, &e.encoder->rnn_table, BATCH, (const float *const *)weights, NULL);
    bench_measure_rate(name, run_encoding, &e, BATCH, "RNNs/s");
    for (int i = 0; i < BATCH; i++)
        free(weights[i]);
    tape_free(&e.tape);
    encoder_free(e.encoder);
}

// --- Prediction ---

struct predicting {
    struct predictor *predictor;
    struct tape tape;
    struct adamw adamw;
    float *z, *grad;
    double *truth;
    int batch;
};

static void run_prediction(void *context) {
    struct predicting *p = context;
    const struct params *table = &p->predictor->table;
    memset(p->grad, 0, table->size * sizeof *p->grad);
    const struct weights w = {table, p->predictor->values, p->grad};
    tape_reset(&p->tape, true);
    struct tensor *z = tape_leaf(&p->tape, p->batch, p->predictor->config.z, p->z, NULL);
    struct tensor *loss = predictor_loss(&p->tape, p->predictor, &w, z, p->truth);
    loss->grad[0] = 1;
    tape_backward(&p->tape);
    adamw_update(&p->adamw, p->predictor->values, p->grad, 1e-4, adamw_clip(p->grad, table->size, 0.1, NULL));
}

static void bench_prediction(void) {
    const struct property task = {.kind = PROPERTY_CLASSES, .list = true, .answers = 3, .class_count = 6};
    struct predictor_config config = predictor_default_config;
    struct predicting p = {.predictor = predictor_new(&task, &config, 1), .batch = 64};
    adamw_init(&p.adamw, &p.predictor->table, 0.01);
    p.grad = memory_calloc(p.predictor->table.size, sizeof *p.grad);
    p.z = memory_alloc((size_t)p.batch * 16 * sizeof *p.z);
    p.truth = memory_alloc((size_t)(p.batch * p.predictor->answers) * sizeof *p.truth);
    struct rng rng = rng_make(1, 1, "z");
    for (int i = 0; i < p.batch * 16; i++)
        p.z[i] = rng_uniform(&rng, -0.5f, 0.5f);
    for (int i = 0; i < p.batch * p.predictor->answers; i++)
        p.truth[i] = (double)rng_below(&rng, (uint64_t)task.class_count);
    const double width = config.hidden, outputs = p.predictor->answers * task.class_count; // no gradient for z
    const double work = 3 * (config.z * width + (config.layers - 1) * width * width + width * outputs) - config.z * width;
    bench_measure("predictor step, task, batch 64", run_prediction, &p, 2 * p.batch * work, peak);
    free(p.grad);
    free(p.z);
    free(p.truth);
    tape_free(&p.tape);
    adamw_free(&p.adamw);
    predictor_free(p.predictor);
}

int main(int argc, char **argv) {
    bench_read_options(argc, argv);
    peak = bench_peak();
    bench_prediction();
    const struct size *sizes[] = {&paper, &demo};
    const struct encoder_type *type;
    for (int s = 0; s < 2; s++) {
        char *path = zoo_write(RNNS, ROLLOUTS, sizes[s]->length);
        struct dataset *data;
        struct error error;
        zoo_check(dataset_open(&data, path, "rnn", (struct reader_limits){0}, &error), &error);
        for (int i = 0; (type = encoder_type_at(i)); i++)
            for (int threads = 1; threads <= 2 && (threads == 1 || sizes[s]->batch > LANE_SIZE); threads++)
                for (enum precision p = PRECISION_FLOAT32; p <= (blas_has_bf16() ? PRECISION_BF16 : PRECISION_FLOAT32); p++)
                    bench_joint_step(type, sizes[s], data, threads, p);
        dataset_close(data);
        zoo_remove(path);
    }
    for (int i = 0; (type = encoder_type_at(i)); i++)
        bench_encoding(type);
    return 0;
}
