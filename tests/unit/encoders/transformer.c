// What the registry's tests don't see: configurations, sizes, and the randomness of training.
#include "encoders/encoder.h"

#include "../alike.h"
#include "../check.h"

#include <string.h>

enum { B = 2, Z = 3 };
static const struct rnn_arch arch = {.cell = &cell_lstm, .input = 3, .hidden = 4, .layers = 3, .output = 5};

static void test_config(void) {
    const struct encoder_type *type = encoder_type_find("transformer");
    struct encoder_config c = encoder_defaults(type, &arch);
    struct error error = {0};
    CHECK(c.z == 16 && c.hidden == 128 && c.layers == 6 && c.heads == 2 && encoder_check(type, &c, &arch, &error) == STATUS_OK);
    c.heads = 3;
    CHECK(encoder_check(type, &c, &arch, &error) == STATUS_DATA && strstr(error.text, "128") && strstr(error.text, "3 heads"), "%s",
          error.text);
}

// A token for each row of each matrix, and the compression token.
static void test_table(const struct encoder *e) {
    const struct params *t = &e->table;
    int position = params_find(t, "positional_encoding"), last = params_find(t, "input_transformations.linear.weight");
    CHECK(t->list[position].shape[1] == 6 * 4 * 4 + 5 + 1);
    CHECK(t->list[last].shape[0] == 6 && t->list[last].shape[1] == 5);
    CHECK(t->list[params_find(t, "input_transformations.lstm_cells_0_i2h.weight")].shape[1] == 4);
    CHECK(t->list[params_find(t, "input_transformations.lstm_cells_2_h2h.weight")].shape[1] == 5);
    CHECK(params_find(t, "input_transformations.lstm_cells_3_i2h.weight") < 0 && params_find(t, "transformer.layers.2.norm1.bias") < 0);
}

static void embed(const struct encoder *e, struct rng *rng, float *z) {
    static float rnns[B][512];
    struct rng filler = rng_make(1, 0, "rnns");
    for (int i = 0; i < B * 512; i++)
        rnns[i / 512][i % 512] = rng_normal(&filler);
    CHECK(rnn_size(&arch) <= 512);
    struct rnn room[B];
    struct rnn_batch batch = alike(room, &arch, &e->rnn_table, B, (const float *const[]){rnns[0], rnns[1]}, NULL);
    struct weights w = {&e->table, e->values, NULL};
    struct tape tape = {0};
    struct tensor *out = encoder_embed(&tape, e, &w, &batch, rng, NULL, NULL);
    memcpy(z, out->value, B * Z * sizeof *z);
    tape_free(&tape);
}

// Permutations and dropout come from rng alone, a new draw in each pass; in inference there are none.
static void test_randomness(const struct encoder *e) {
    float inference[2][B * Z], training[3][B * Z];
    struct rng rng = rng_make(4, 0, "training");
    embed(e, NULL, inference[0]);
    embed(e, &rng, training[0]);
    embed(e, &rng, training[1]);
    rng = rng_make(4, 0, "training");
    embed(e, &rng, training[2]);
    embed(e, NULL, inference[1]);
    CHECK(memcmp(inference[0], inference[1], sizeof *inference) == 0 && memcmp(training[0], training[2], sizeof *training) == 0);
    CHECK(memcmp(training[0], training[1], sizeof *training) != 0 && memcmp(training[0], inference[0], sizeof *training) != 0);
}

int main(void) {
    struct encoder_config config = {.z = Z, .hidden = 6, .layers = 2, .heads = 3};
    struct encoder *e = encoder_new(encoder_type_find("transformer"), &config, &arch, 1);
    test_config();
    test_table(e);
    test_randomness(e);
    encoder_free(e);
    return check_report("encoders/transformer");
}
