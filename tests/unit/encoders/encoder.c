// What holds for every kind in the registry: records, units, reproducibility; and for the functionalist kinds: the same function gives the
// same embedding.
#include "encoders/encoder.h"

#include "../alike.h"
#include "../check.h"
#include "../records/decoded.h"

#include <string.h>

enum { B = 4, MAX_PARAMS = 4096 };
static const struct rnn_arch arch = {.cell = &cell_lstm, .input = 5, .hidden = 6, .layers = 2, .output = 5};
static float rnns[B][MAX_PARAMS];

static struct encoder_config small(const struct encoder_type *type) {
    struct encoder_config c = encoder_defaults(type, &arch);
    c.z = 7;
    c.hidden = c.mlp_hidden = 8;
    c.layers = 2;
    c.mlp_layers = 1;
    c.length = 5;
    c.probes = 2;
    return c;
}

// A small encoder with none of the parameters zero that it uses.
static struct encoder *make(const struct encoder_type *type, uint64_t seed) {
    struct encoder_config config = small(type);
    struct encoder *e = encoder_new(type, &config, &arch, seed);
    struct rng rng = rng_make(seed, 1, "test");
    for (int i = 0; i < e->table.count; i++)
        for (size_t k = 0; k < e->table.list[i].size && !e->table.list[i].unused; k++)
            e->values[e->table.list[i].offset + k] += 0.3f * rng_normal(&rng);
    return e;
}

// Embeddings [count,Z] of RNNs first, first + 1, ...
static void embed(const struct encoder *e, int first, int count, float *z) {
    const float *weights[B];
    for (int b = 0; b < count; b++)
        weights[b] = rnns[first + b];
    struct rnn room[B];
    struct rnn_batch batch = alike(room, &arch, &e->rnn_table, count, weights, NULL);
    struct weights w = {&e->table, e->values, NULL};
    struct tape tape = {0};
    struct tensor *out = encoder_embed(&tape, e, &w, &batch, NULL, NULL, NULL);
    CHECK(out->rows == count && out->cols == e->config.z);
    memcpy(z, out->value, tensor_size(out) * sizeof(float));
    tape_free(&tape);
}

static double distance(const float *a, const float *b, int n) {
    double square = 0;
    for (int i = 0; i < n; i++)
        square += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(square);
}

static void test_embedding(const struct encoder_type *type) {
    struct encoder *e = make(type, 1);
    float all[B * 7], one[7], unit = 0;
    embed(e, 0, B, all);
    for (int i = 0; i < 7; i++)
        unit += all[i] * all[i];
    CHECK_CLOSE(unit, 1, 1e-6);
    for (int b = 0; b < B; b++) {
        embed(e, b, 1, one);
        CHECK(distance(one, all + 7 * b, 7) <= 1e-6, "%s: the embedding of RNN %d depends on its batch", type->name, b);
    }
    if (strcmp(type->name, "constant") != 0)
        CHECK(distance(all, all + 7, 7) > 1e-4, "%s: different RNNs, same embedding", type->name);
    encoder_free(e);
}

static void test_record(const struct encoder_type *type) {
    struct encoder *e = make(type, 3), *read = NULL;
    e->step = 17;
    struct decoded d = decoded_new(), variant = decoded_new(), config = decoded_new();
    struct model_record m;
    struct error error = {0};
    encoder_pack(d.packer, e);
    const struct value *root = decoded_root(&d);
    CHECK(model_record_read(root, &m, &error) == STATUS_OK && encoder_read(&m, &read, &error) == STATUS_OK, "%s: %s", type->name,
          error.text);
    if (read) {
        CHECK(read->type == type && read->seed == 3 && read->step == 17 && rnn_arch_equal(&read->arch, &arch));
        CHECK(read->table.size == e->table.size && memcmp(read->values, e->values, e->table.size * sizeof(float)) == 0, "%s", type->name);
        float a[7], b[7];
        embed(e, 0, 1, a);
        embed(read, 0, 1, b);
        CHECK(memcmp(a, b, sizeof a) == 0);
    }
    encoder_free(read);
    read = NULL;

    CHECK(model_record_read(decoded_with_text(&variant, root, "type", "unheard-of"), &m, &error) == STATUS_OK);
    CHECK(encoder_read(&m, &read, &error) == STATUS_DATA && strstr(error.text, "unheard-of") && !read);
    CHECK(model_record_read(decoded_without(&variant, root, "arch"), &m, &error) == STATUS_OK);
    CHECK(encoder_read(&m, &read, &error) == STATUS_DATA && strstr(error.text, "arch") && !read);

    // Sizes that are only declared: an error, and no memory for them.
    const char *size = strstr(type->keys, "mlp_hidden") ? "mlp_hidden" : strstr(type->keys, "hidden") ? "hidden" : "z";
    const struct value *huge = decoded_with_int(&config, value_get(root, "config"), size, 65536);
    CHECK(model_record_read(decoded_with(&variant, root, "config", huge), &m, &error) == STATUS_OK);
    CHECK(encoder_read(&m, &read, &error) == STATUS_DATA && !read, "%s", type->name);
    decoded_free(&d);
    decoded_free(&variant);
    decoded_free(&config);
    encoder_free(e);
}

static void test_seeds(const struct encoder_type *type) {
    struct encoder_config config = small(type);
    struct encoder *a = encoder_new(type, &config, &arch, 1), *b = encoder_new(type, &config, &arch, 1),
                   *c = encoder_new(type, &config, &arch, 2);
    size_t bytes = a->table.size * sizeof(float);
    CHECK(memcmp(a->values, b->values, bytes) == 0 && memcmp(a->values, c->values, bytes) != 0, "%s", type->name);
    encoder_free(a);
    encoder_free(b);
    encoder_free(c);
}

static void swap(float *a, float *b) {
    float t = *a;
    *a = *b;
    *b = t;
}

// Exchanges hidden units i and j of the first layer and turns the sign of unit k of the second: the same function in other weights.
static void disguise(float *w, const struct params *table, int i, int j, int k) {
    int N = arch.hidden;
    float *p[10];
    for (int t = 0; t < 10; t++)
        p[t] = w + table->list[t].offset;
    for (int gate = 0; gate < 4; gate++) {
        for (int t = 0; t < 4; t++) {
            int cols = t > 1 ? 1 : params_cols(&table->list[t]);
            for (int c = 0; c < cols; c++)
                swap(p[t] + (gate * N + i) * cols + c, p[t] + (gate * N + j) * cols + c);
        }
        for (int r = 0; r < N; r++) {
            swap(p[1] + (gate * N + r) * N + i, p[1] + (gate * N + r) * N + j);
            swap(p[4] + (gate * N + r) * N + i, p[4] + (gate * N + r) * N + j);
        }
    }
    int g = 2 * N + k;
    for (int c = 0; c < N; c++) {
        p[4][g * N + c] *= -1;
        p[5][g * N + c] *= -1;
    }
    p[6][g] *= -1;
    p[7][g] *= -1;
    for (int r = 0; r < 4 * N; r++)
        p[5][r * N + k] *= -1;
    for (int r = 0; r < arch.output; r++)
        p[8][r * N + k] *= -1;
}

static void test_same_function(const char *name) {
    struct encoder *e = make(encoder_type_find(name), 5);
    float before[7], after[7];
    embed(e, 0, 1, before);
    memcpy(rnns[B - 1], rnns[0], sizeof rnns[0]);
    disguise(rnns[B - 1], &e->rnn_table, 1, 4, 2);
    CHECK(memcmp(rnns[0], rnns[B - 1], sizeof rnns[0]) != 0);
    embed(e, B - 1, 1, after);
    CHECK(distance(before, after, 7) <= 2e-6, "%s: %g", name, distance(before, after, 7));
    encoder_free(e);
}

// Without hidden layers behind it, recall adds A (W a + b) to raw embeddings A y + c, where a are all answers [K,M,O] of an RNN.
static void test_recall(const char *name) {
    enum { K = 5, M = 2, O = 5, H = 8, Z = 7, ANSWERS = K * M * O };
    const struct encoder_type *type = encoder_type_find(name);
    struct encoder_config config = small(type);
    config.mlp_layers = 0;
    struct encoder *e[2];
    float raw[2][B * Z];
    struct tape tape = {0};
    struct tensor *answers[K], *inputs[K];
    for (int recall = 0; recall < 2; recall++) {
        config.recall = recall;
        e[recall] = encoder_new(type, &config, &arch, 6);
        const float *weights[B] = {rnns[0], rnns[1], rnns[2], rnns[3]};
        struct rnn room[B];
        struct rnn_batch batch = alike(room, &arch, &e[recall]->rnn_table, B, weights, NULL);
        struct weights w = {&e[recall]->table, e[recall]->values, NULL};
        struct encoder_trace trace = {inputs, answers};
        struct tensor *out = NULL;
        tape_reset(&tape, false);
        encoder_embed(&tape, e[recall], &w, &batch, NULL, &trace, &out);
        memcpy(raw[recall], out->value, sizeof raw[recall]);
    }
    size_t before = e[0]->table.size;
    CHECK(e[1]->table.size == before + H * (ANSWERS + 1) && memcmp(e[0]->values, e[1]->values, before * sizeof(float)) == 0, "%s", name);
    const float *A = e[1]->values + before - Z * (H + 1), *W = e[1]->values + before, *bias = W + H * ANSWERS;
    double largest = 0;
    for (int b = 0; b < B; b++)
        for (int z = 0; z < Z; z++) {
            double sum = 0;
            for (int h = 0; h < H; h++) {
                double y = bias[h];
                for (int i = 0; i < ANSWERS; i++)
                    y += W[h * ANSWERS + i] * answers[i / (M * O)]->value[b * M * O + i % (M * O)];
                sum += A[z * H + h] * y;
            }
            CHECK_CLOSE(raw[1][b * Z + z] - raw[0][b * Z + z], sum, 1e-5);
            largest = fmax(largest, fabs(sum));
        }
    CHECK(largest > 0.05, "%s: %g", name, largest);
    tape_free(&tape);
    encoder_free(e[0]);
    encoder_free(e[1]);
}

static void test_defaults(void) {
    const struct rnn_arch images = {.cell = &cell_lstm, .input = 16, .hidden = 32, .layers = 2, .output = 10};
    struct encoder_config formal = encoder_defaults(
        encoder_type_find("interactive"), &(struct rnn_arch){.cell = &cell_lstm, .input = 6, .hidden = 32, .layers = 2, .output = 6});
    struct encoder_config mnist = encoder_defaults(encoder_type_find("interactive"), &images);
    CHECK(formal.z == 16 && formal.hidden == 256 && formal.layers == 2 && formal.mlp_hidden == 128 && formal.length == 22 &&
          formal.softmax == 1);
    CHECK(mnist.length == 50 && mnist.softmax == 0 && mnist.residual == 1 && mnist.probes == 1);
    CHECK(!encoder_type_find("") && !encoder_type_find("inter"));
}

int main(void) {
    struct rng rng = rng_make(9, 0, "rnns");
    for (int i = 0; i < B * MAX_PARAMS; i++)
        rnns[i / MAX_PARAMS][i % MAX_PARAMS] = 0.8f * rng_normal(&rng);
    CHECK(rnn_size(&arch) <= MAX_PARAMS);
    for (int i = 0; encoder_type_at(i); i++) {
        const struct encoder_type *type = encoder_type_at(i);
        CHECK(encoder_type_find(type->name) == type);
        test_embedding(type);
        test_record(type);
        test_seeds(type);
    }
    test_same_function("interactive");
    test_same_function("noninteractive");
    test_same_function("linear");
    test_recall("interactive");
    test_recall("noninteractive");
    test_defaults();
    return check_report("encoders/encoder");
}
