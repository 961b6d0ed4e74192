#include "training/emulator.h"

#include "../records/decoded.h"
#include "zoo.h"

#include "math/kernels.h"
#include "nn/activation.h"

enum { B = 5, Z = 3, LENGTH = 9, T = LENGTH - 1, V = 4 };
static const struct rnn_arch arch = {.cell = &cell_lstm, .input = V, .hidden = 7, .layers = 2, .output = V};

static struct emulator *emulator_of(int condition, int layers) {
    struct emulator *e = emulator_new(&(struct emulator_config){.z = Z, .hidden = 6, .layers = layers, .condition = condition}, &arch, 3);
    for (size_t i = 0; i < e->table.size; i++)
        e->values[i] *= 3;
    return e;
}

struct pass {
    float logits[T * B * V], *grad, dz[B * Z];
};

// The logits, and gradients of a sum of them with fixed weights.
static struct pass pass_of(const struct emulator *e, float *z, const uint8_t *tokens, float *inputs) {
    struct pass p = {.grad = memory_calloc(e->table.size, sizeof(float))};
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct weights w = {&e->table, e->values, p.grad};
    struct tensor *x = inputs ? tape_leaf(&tape, T * B, V, inputs, NULL) : NULL;
    struct tensor *logits = emulator_forward(&tape, e, &w, tape_leaf(&tape, B, Z, z, p.dz), tokens, x, T);
    CHECK(logits->rows == T * B && logits->cols == V);
    memcpy(p.logits, logits->value, sizeof p.logits);
    struct rng rng = rng_make(5, 0, "weights of the sum");
    for (size_t i = 0; i < T * B * V; i++)
        logits->grad[i] = rng_normal(&rng);
    tape_backward(&tape);
    tape_free(&tape);
    return p;
}

static void fill(float *x, size_t n, const char *purpose) {
    struct rng rng = rng_make(1, 0, purpose);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(&rng);
}

static void test_paths(int condition) {
    struct emulator *e = emulator_of(condition, 2);
    float z[B * Z], inputs[T * B * V] = {0};
    uint8_t tokens[T * B];
    fill(z, B * Z, "z");
    struct rng rng = rng_make(2, 0, "tokens");
    for (int i = 0; i < T * B; i++) {
        tokens[i] = (uint8_t)rng_below(&rng, V);
        inputs[i * V + tokens[i]] = 1;
    }
    struct pass table = pass_of(e, z, tokens, NULL), dense = pass_of(e, z, NULL, inputs);
    for (int i = 0; i < T * B * V; i++)
        CHECK_CLOSE(table.logits[i], dense.logits[i], 2e-5);
    double largest = 0;
    for (size_t i = 0; i < e->table.size; i++) {
        CHECK_CLOSE(table.grad[i], dense.grad[i], 2e-4);
        largest = fmax(largest, fabs(dense.grad[i]));
    }
    for (int i = 0; i < B * Z; i++)
        CHECK_CLOSE(table.dz[i], dense.dz[i], 2e-4);
    CHECK(largest > 0.1, "%g", largest);
    free(table.grad);
    free(dense.grad);
    emulator_free(e);
}

// With condition every, z matters anew at each step; with bos, only through what the LSTM remembers. All its rows are apart.
static void test_condition(void) {
    for (int condition = CONDITION_BOS; condition <= CONDITION_EVERY; condition++) {
        struct emulator *e = emulator_of(condition, 1);
        float *w_hh = e->values + e->table.list[params_find(&e->table, "lstm.weight_hh_l0")].offset, z[B * Z];
        memset(w_hh, 0, 4 * 6 * 6 * sizeof(float));
        const int forget = params_find(&e->table, "lstm.bias_ih_l0");
        for (int i = 0; i < 6; i++)
            e->values[e->table.list[forget].offset + 6 + (size_t)i] = -100; // nothing is remembered
        fill(z, B * Z, "z");
        uint8_t tokens[T * B] = {0};
        struct pass before = pass_of(e, z, tokens, NULL);
        z[2 * Z] += 1;
        struct pass after = pass_of(e, z, tokens, NULL);
        for (int t = 0; t < T; t++)
            for (int b = 0; b < B; b++) {
                bool same = memcmp(before.logits + (t * B + b) * V, after.logits + (t * B + b) * V, V * sizeof(float)) == 0;
                CHECK(same == (b != 2 || (t > 0 && condition == CONDITION_BOS)), "condition %d, step %d, row %d", condition, t, b);
            }
        free(before.grad);
        free(after.grad);
        emulator_free(e);
    }
}

// Strings that it generates come with the log-probabilities that it gives them when it reads them.
static void test_stepper(int condition, int layers) {
    struct emulator *e = emulator_of(condition, layers);
    float z[B * Z], log_p[B * T * V];
    uint8_t rows[B * LENGTH], tokens[T * B];
    fill(z, B * Z, "z");
    struct stepper *s = emulator_stepper(e);
    float *opening = emulator_opening(e, z, B);
    struct rng rng = rng_make(4, 0, "strings");
    struct token_rows form = language_form(&zoo_language);
    stepper_sample(s, &form, B, (struct stepper_opening){opening, condition == CONDITION_EVERY}, &rng, rows, log_p);
    for (int i = 0; i < T * B; i++)
        tokens[i] = rows[i % B * LENGTH + i / B];
    struct pass p = pass_of(e, z, tokens, NULL);
    kernels()->softmax(NULL, p.logits, p.logits, T * B, V);
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            for (int v = 0; v < V; v++)
                CHECK_CLOSE(log_p[(b * T + t) * V + v], p.logits[(t * B + b) * V + v], 2e-5);
    free(p.grad);
    free(opening);
    stepper_free(s);
    emulator_free(e);
}

static enum status read_model(const struct value *root, struct emulator **e, struct error *error) {
    struct model_record record;
    enum status status = model_record_read(root, &record, error);
    return status == STATUS_OK ? emulator_read(&record, e, error) : status;
}

static void test_record(void) {
    struct emulator *e = emulator_of(CONDITION_EVERY, 3), *copy;
    e->step = 17;
    struct decoded d = decoded_new(), other = decoded_new();
    struct error error;
    emulator_pack(d.packer, e);
    const struct value *root = decoded_root(&d);
    CHECK(read_model(root, &copy, &error) == STATUS_OK, "%s", error.text);
    CHECK(memcmp(&copy->config, &e->config, sizeof e->config) == 0 && rnn_arch_equal(&copy->arch, &e->arch));
    CHECK(copy->seed == 3 && copy->step == 17 && copy->table.size == e->table.size);
    CHECK(memcmp(copy->values, e->values, e->table.size * sizeof(float)) == 0);
    emulator_free(copy);

    CHECK(read_model(decoded_without(&other, root, "arch"), &copy, &error) == STATUS_DATA && strstr(error.text, "arch"), "%s", error.text);
    CHECK(read_model(decoded_without(&other, root, "weights"), &copy, &error) == STATUS_DATA);
    CHECK(read_model(decoded_without(&other, root, "config"), &copy, &error) == STATUS_DATA && strstr(error.text, "fewer weights"),
          "the paper's sizes: %s", error.text);
    struct decoded config = decoded_new(); // sizes that would take terabytes
    pack_map(config.packer);
    pack_key(config.packer, "hidden");
    pack_u64(config.packer, 65536);
    pack_key(config.packer, "layers");
    pack_u64(config.packer, 16);
    pack_end(config.packer);
    CHECK(read_model(decoded_with(&other, root, "config", decoded_root(&config)), &copy, &error) == STATUS_DATA &&
              strstr(error.text, "fewer weights"),
          "%s", error.text);
    packer_clear(config.packer);
    pack_map(config.packer);
    pack_key(config.packer, "condition");
    pack_str(config.packer, "never");
    pack_end(config.packer);
    CHECK(read_model(decoded_with(&other, root, "config", decoded_root(&config)), &copy, &error) == STATUS_DATA &&
              strstr(error.text, "bos|every"),
          "%s", error.text);
    decoded_free(&config);
    decoded_free(&d);
    decoded_free(&other);
    emulator_free(e);
}

static void test_seed(void) {
    struct emulator *a = emulator_new(&emulator_paper_config, &arch, 1), *b = emulator_new(&emulator_paper_config, &arch, 1),
                    *c = emulator_new(&emulator_paper_config, &arch, 2);
    CHECK(memcmp(a->values, b->values, a->table.size * sizeof(float)) == 0 &&
          memcmp(a->values, c->values, a->table.size * sizeof(float)) != 0);
    emulator_free(a);
    emulator_free(b);
    emulator_free(c);
    emulator_free(NULL);
}

int main(void) {
    test_paths(CONDITION_BOS);
    test_paths(CONDITION_EVERY);
    test_condition();
    for (int layers = 1; layers <= 3; layers++) {
        test_stepper(CONDITION_BOS, layers);
        test_stepper(CONDITION_EVERY, layers);
    }
    test_record();
    test_seed();
    return check_report("training/emulator");
}
