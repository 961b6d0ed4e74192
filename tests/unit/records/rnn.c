#include "records/rnn.h"

#include "../check.h"
#include "families/language.h"
#include "decoded.h"

#include <string.h>

enum { ROLLOUTS = 2, STEPS = 3 };

static const struct rnn_arch arch = {.cell = &cell_lstm, .input = 6, .hidden = 3, .layers = 2, .output = 6};
static const struct language language = {.tokens = 4, .offsets = {0, 1, 0, 2}, .length = 4, .max_n = 10};
static float weights[512];

static void pack_rollouts(struct packer *p, const uint8_t tokens[ROLLOUTS * (STEPS + 1)]) {
    static const float logits[ROLLOUTS * STEPS * 6];
    pack_map(p);
    pack_key(p, "inputs");
    pack_array(p, DTYPE_U1, 2, (uint64_t[]){ROLLOUTS, STEPS + 1}, tokens);
    pack_key(p, "logits");
    pack_array(p, DTYPE_F4, 3, (uint64_t[]){ROLLOUTS, STEPS, 6}, logits);
    pack_end(p);
}

static void pack_example(struct packer *p, const struct params *table) {
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "rnn");
    pack_key(p, "run");
    pack_u64(p, 5);
    pack_key(p, "step");
    pack_u64(p, 200);
    pack_key(p, "seed");
    pack_u64(p, 1);
    pack_key(p, "split");
    pack_str(p, "validation");
    pack_key(p, "task");
    const struct task task = task_make(&language_family, &language);
    task_pack(p, &task);
    pack_key(p, "arch");
    arch_pack(p, &arch);
    pack_key(p, "weights");
    weights_pack(p, table, weights);
    pack_key(p, "metrics");
    pack_map(p);
    pack_key(p, "accuracy");
    pack_double(p, 0.75);
    pack_end(p);
    pack_key(p, "rollouts");
    pack_rollouts(p, (const uint8_t[]){4, 0, 1, 5, 4, 2, 3, 5});
    pack_key(p, "note");
    pack_str(p, "kept");
    pack_end(p);
}

static void test_round_trip(const struct value *root, const struct params *table) {
    struct rnn_record r;
    struct error error;
    float read[512];
    double accuracy = 0;
    CHECK(rnn_record_read(root, &r, &error) == STATUS_OK, "%s", error.text);
    CHECK(r.run == 5 && r.step == 200 && r.seed == 1 && strcmp(r.split, "validation") == 0);
    CHECK(rnn_arch_equal(&r.arch, &arch) && r.task.family == &language_family && TASK_BODY(struct language, &r.task)->offsets[3] == 2);
    CHECK(rnn_record_weights(&r, table, read, &error) == STATUS_OK && memcmp(read, weights, table->size * sizeof *read) == 0);
    CHECK(rnn_record_metric(&r, "accuracy", &accuracy) && accuracy == 0.75);
    CHECK(!rnn_record_metric(&r, "loss", &accuracy));
    CHECK(r.has_rollouts && r.inputs.rank == 2 && r.logits.rank == 3 && r.logits.shape[1] == STEPS);
    CHECK(value_is(value_get(r.root, "note"), "kept"));
}

static void test_missing(const struct value *root) {
    const struct {
        const char *key;
        enum status status;
    } cases[] = {{"run", STATUS_DATA}, {"arch", STATUS_DATA},  {"weights", STATUS_DATA}, {"step", STATUS_OK}, {"seed", STATUS_OK},
                 {"split", STATUS_OK}, {"metrics", STATUS_OK}, {"rollouts", STATUS_OK},  {"task", STATUS_OK}, {"note", STATUS_OK}};
    struct decoded variant = decoded_new();
    struct rnn_record r;
    struct error error;
    double value;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const struct value *without = decoded_without(&variant, root, cases[k].key);
        CHECK(rnn_record_read(without, &r, &error) == cases[k].status, "%s", cases[k].key);
        if (cases[k].status == STATUS_DATA)
            CHECK(strstr(error.text, cases[k].key), "%s", error.text);
    }
    CHECK(rnn_record_read(decoded_without(&variant, root, "metrics"), &r, &error) == STATUS_OK && !r.metrics);
    CHECK(!rnn_record_metric(&r, "accuracy", &value));
    CHECK(rnn_record_read(decoded_without(&variant, root, "rollouts"), &r, &error) == STATUS_OK && !r.has_rollouts);
    CHECK(rnn_record_read(decoded_without(&variant, root, "task"), &r, &error) == STATUS_OK && !r.task.family && !r.task.value);
    decoded_free(&variant);
}

static void test_wrong_types(const struct value *root) {
    const char *const keys[] = {"run", "step", "seed", "split", "metrics", "rollouts", "task", "arch", "weights"};
    struct decoded variant = decoded_new();
    struct rnn_record r;
    struct error error;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        CHECK(rnn_record_read(decoded_with_int(&variant, root, keys[k], -1), &r, &error) == STATUS_DATA, "%s", keys[k]);
    decoded_free(&variant);
}

// What is left of the record in an embedding, with and without arch.
static void test_embedding(const struct value *root) {
    struct decoded a = decoded_new(), b = decoded_new(), c = decoded_new();
    struct rnn_record r;
    struct error error;
    const struct value *v = decoded_without(&a, decoded_with_text(&b, root, "kind", "embedding"), "weights");
    v = decoded_without(&c, v, "rollouts");
    CHECK(rnn_record_read(v, &r, &error) == STATUS_OK && !r.weights && rnn_arch_equal(&r.arch, &arch), "%s", error.text);
    CHECK(rnn_record_weights(&r, &(struct params){0}, NULL, &error) == STATUS_DATA);
    v = decoded_without(&a, v, "arch");
    CHECK(rnn_record_read(v, &r, &error) == STATUS_OK && r.arch.hidden == 0, "%s", error.text);
    decoded_free(&a);
    decoded_free(&b);
    decoded_free(&c);
}

static void test_arch(const struct value *root) {
    struct decoded inner = decoded_new(), variant = decoded_new();
    struct rnn_record r;
    struct error error;
    const struct value *good = value_get(root, "arch");
    const char *const keys[] = {"input", "hidden", "layers", "output"};
    for (int k = 0; k < 4; k++) {
        const struct value *v = decoded_with_int(&inner, good, keys[k], RNN_MAX_SIZE + 1);
        CHECK(rnn_record_read(decoded_with(&variant, root, "arch", v), &r, &error) == STATUS_DATA && strstr(error.text, keys[k]), "%s",
              keys[k]);
        v = decoded_with_int(&inner, good, keys[k], 0);
        CHECK(rnn_record_read(decoded_with(&variant, root, "arch", v), &r, &error) == STATUS_DATA, "%s", keys[k]);
    }
    const struct value *v = decoded_with_int(&inner, good, "hidden", 4000); // a size that the weights do not bear out
    CHECK(rnn_record_read(decoded_with(&variant, root, "arch", v), &r, &error) == STATUS_DATA && strstr(error.text, "weights"));
    v = decoded_with_int(&inner, good, "hidden", 30000); // more than an int can count
    CHECK(rnn_record_read(decoded_with(&variant, root, "arch", v), &r, &error) == STATUS_DATA && strstr(error.text, "more than"));
    v = decoded_with_text(&inner, good, "cell", "qrnn"); // an error that names it and what is known
    CHECK(rnn_record_read(decoded_with(&variant, root, "arch", v), &r, &error) == STATUS_DATA && strstr(error.text, "qrnn") &&
          strstr(error.text, cell_names()));
    for (int i = 0; cell_at(i); i++) {
        struct rnn_arch read, written = {.cell = cell_at(i), .input = 6, .hidden = 3, .layers = 2, .output = 6};
        packer_clear(inner.packer);
        arch_pack(inner.packer, &written);
        CHECK(arch_read(decoded_root(&inner), &read, &error) == STATUS_OK && rnn_arch_equal(&read, &written), "%s", cell_at(i)->name);
    }
    decoded_free(&inner);
    decoded_free(&variant);
}

// reads and answers: written when they don't follow from the sizes, and read back.
static void test_roles(void) {
    static const struct {
        int input, output;
        enum rnn_reads reads;
        enum rnn_answers answers;
        bool written[2];
    } cases[] = {
        {6, 6, RNN_READS_TOKENS, RNN_ANSWERS_CLASSES, {false, false}},
        {6, 6, RNN_READS_NUMBERS, 0, {true, false}},
        {6, 3, RNN_READS_TOKENS, 0, {true, false}},
        {1, 1, 0, RNN_ANSWERS_NUMBERS, {false, false}},
        {3, 3, RNN_READS_NUMBERS, RNN_ANSWERS_NUMBERS, {true, true}},
    };
    struct decoded d = decoded_new();
    struct error error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rnn_arch read, written = {.cell = &cell_gru, .input = cases[i].input, .hidden = 3, .layers = 2, .output = cases[i].output};
        written.reads = cases[i].reads;
        written.answers = cases[i].answers;
        packer_clear(d.packer);
        arch_pack(d.packer, &written);
        const struct value *root = decoded_root(&d);
        CHECK((value_get(root, "reads") != NULL) == cases[i].written[0] && (value_get(root, "answers") != NULL) == cases[i].written[1],
              "case %zu", i);
        CHECK(arch_read(root, &read, &error) == STATUS_OK && rnn_arch_equal(&read, &written), "case %zu", i);
    }
    struct decoded said = decoded_new(), variant = decoded_new();
    struct rnn_arch read;
    arch_pack(said.packer, &(struct rnn_arch){.cell = &cell_gru, .input = 6, .hidden = 3, .layers = 1, .output = 1});
    const struct value *root = decoded_root(&said);
    CHECK(arch_read(decoded_with_text(&variant, root, "reads", "words"), &read, &error) == STATUS_DATA && strstr(error.text, "'reads'"));
    CHECK(arch_read(decoded_with_int(&variant, root, "answers", 1), &read, &error) == STATUS_DATA && strstr(error.text, "'answers'"));
    CHECK(arch_read(decoded_with_text(&variant, root, "answers", "classes"), &read, &error) == STATUS_DATA &&
          strstr(error.text, "one output"));
    CHECK(arch_read(decoded_with_text(&variant, root, "reads", "tokens"), &read, &error) == STATUS_OK && rnn_reads_tokens(&read));
    decoded_free(&d);
    decoded_free(&said);
    decoded_free(&variant);
}

static void test_rollouts(const struct value *root) {
    struct decoded rollouts = decoded_new(), variant = decoded_new(), other = decoded_new();
    struct rnn_record r;
    struct error error;
    pack_rollouts(rollouts.packer, (const uint8_t[]){4, 0, 1, 5, 4, 2, 6, 5}); // no token 6
    const struct value *v = decoded_with(&variant, root, "rollouts", decoded_root(&rollouts));
    CHECK(rnn_record_read(v, &r, &error) == STATUS_DATA && strstr(error.text, "token 6"), "%s", error.text);

    const struct value *good = value_get(root, "rollouts");
    const char *const keys[] = {"inputs", "logits"};
    for (int k = 0; k < 2; k++) {
        v = decoded_without(&other, good, keys[k]);
        CHECK(rnn_record_read(decoded_with(&variant, root, "rollouts", v), &r, &error) == STATUS_DATA && strstr(error.text, keys[k]));
        v = decoded_with_text(&other, good, keys[k], "no array");
        CHECK(rnn_record_read(decoded_with(&variant, root, "rollouts", v), &r, &error) == STATUS_DATA && strstr(error.text, keys[k]));
        v = decoded_with(&other, good, keys[k], value_get(good, keys[1 - k])); // the other array: wrong shape or type
        CHECK(rnn_record_read(decoded_with(&variant, root, "rollouts", v), &r, &error) == (k ? STATUS_DATA : STATUS_OK), "%s", error.text);
    }
    decoded_free(&rollouts);
    decoded_free(&variant);
    decoded_free(&other);
}

int main(void) {
    struct params table = {0};
    struct decoded d = decoded_new();
    rnn_params(&table, &arch);
    for (size_t k = 0; k < table.size; k++)
        weights[k] = (float)k;
    pack_example(d.packer, &table);
    const struct value *root = decoded_root(&d);
    test_round_trip(root, &table);
    test_missing(root);
    test_wrong_types(root);
    test_embedding(root);
    test_arch(root);
    test_roles();
    test_rollouts(root);
    decoded_free(&d);
    params_free(&table);
    return check_report("records/rnn");
}
