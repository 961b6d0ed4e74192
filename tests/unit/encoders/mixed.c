// Zoos of mixed architectures: which of them each kind of encoder takes, and that an RNN's embedding is the same beside others as alone.
#include "encoders/encoder.h"

#include "../check.h"
#include "base/memory.h"
#include "rnn/forms.h"

#include <stdlib.h>
#include <string.h>

static const struct rnn_arch archs[] = {
    {.cell = &cell_lstm, .input = 5, .hidden = 6, .layers = 2, .output = 4}, // what the encoders are made for
    {.cell = &cell_lstm, .input = 5, .hidden = 4, .layers = 2, .output = 4},
    {.cell = &cell_lstm, .input = 5, .hidden = 6, .layers = 1, .output = 4},
    {.cell = &cell_lstm, .input = 5, .hidden = 17, .layers = 3, .output = 4},
    {.cell = &cell_lstm, .input = 3, .hidden = 6, .layers = 2, .output = 4},
    {.cell = &cell_lstm, .input = 5, .hidden = 6, .layers = 2, .output = 7},
    {.cell = &cell_lstm, .input = 5, .hidden = 1, .layers = 2, .output = 4},
    {.cell = &cell_gru, .input = 5, .hidden = 6, .layers = 2, .output = 4},
    {.cell = &cell_rnn_tanh, .input = 5, .hidden = 9, .layers = 1, .output = 4},
    {.cell = &cell_rnn_relu, .input = 5, .hidden = 6, .layers = 2, .output = 4},
};
enum { ARCHS = sizeof archs / sizeof *archs, COUNT = 3 * ARCHS, Z = 5 };

// What a kind takes: a letter for each of the architectures, + or -.
static const struct {
    const char *type, *takes;
} expected[] = {
    {"interactive", "++++--++++"}, {"noninteractive", "++++--++++"}, {"linear", "++++--++++"},
    {"hidden", "++----++-+"},      {"stats", "++----+---"},          {"dws", "++----+---"},
    {"flat", "+---------"},        {"matrix", "+---------"},         {"transformer", "+---------"},
    {"constant", "++++++++++"},
};

static struct encoder *make(const char *type, const struct rnn_arch *arch) {
    const struct encoder_type *t = encoder_type_find(type);
    struct encoder_config c = encoder_defaults(t, arch);
    c.z = Z;
    c.hidden = c.mlp_hidden = c.channels = 8;
    c.layers = c.heads = c.probes = 2;
    c.length = 4;
    return encoder_new(t, &c, arch, 1);
}

static void embed(const struct encoder *e, const struct rnn *rnns, int count, float *z) {
    struct weights w = {&e->table, e->values, NULL};
    struct tape tape = {0};
    struct tensor *out = encoder_embed(&tape, e, &w, &(struct rnn_batch){rnns, count}, NULL, NULL, NULL);
    CHECK(out->rows == count && out->cols == Z);
    memcpy(z, out->value, tensor_size(out) * sizeof *z);
    tape_free(&tape);
}

static struct rnn random_rnn(struct rnn_forms *forms, const struct rnn_arch *arch, uint64_t seed) {
    const struct rnn_form *form = rnn_forms_of(forms, arch);
    float *weights = memory_alloc(form->table.size * sizeof *weights);
    struct rng rng = rng_make(2, seed, "weights");
    for (size_t k = 0; k < form->table.size; k++)
        weights[k] = 0.5f * rng_normal(&rng);
    return (struct rnn){.arch = &form->arch, .table = &form->table, .weights = weights};
}

// Those that fit, in an order in which equal ones are neighbours now and then.
static int choose(const struct encoder *e, struct rnn_forms *forms, struct rnn *rnns) {
    struct error error;
    int count = 0;
    for (int i = 0; i < COUNT; i++)
        if (encoder_fits(e, &archs[i * i / 2 % ARCHS], &error) == STATUS_OK)
            rnns[count++] = random_rnn(forms, &archs[i * i / 2 % ARCHS], (uint64_t)i);
    return count;
}

static void test_type(const char *type, const char *takes) {
    struct encoder *e = make(type, &archs[0]);
    struct rnn_forms forms = {0};
    struct rnn rnns[COUNT];
    float together[COUNT * Z], alone[Z];
    struct error error;
    for (int i = 0; i < ARCHS; i++)
        CHECK((encoder_fits(e, &archs[i], &error) == STATUS_OK) == (takes[i] == '+'), "%s, architecture %d", type, i);
    int count = choose(e, &forms, rnns);
    embed(e, rnns, count, together);
    for (int i = 0; i < count; i++) {
        double worst = 0;
        embed(e, &rnns[i], 1, alone);
        for (int k = 0; k < Z; k++)
            worst = fmax(worst, fabs(alone[k] - together[i * Z + k]));
        CHECK(worst <= 1e-6, "%s: %g (width %d, %d layers)", type, worst, rnns[i].arch->hidden, rnns[i].arch->layers);
    }
    CHECK(count >= 2 && (strcmp(type, "constant") == 0 || memcmp(together, together + Z, Z * sizeof *together) != 0), "%s", type);
    for (int i = 0; i < count; i++)
        free((float *)rnns[i].weights);
    rnn_forms_free(&forms);
    encoder_free(e);
}

static void test_messages(void) {
    struct encoder *flat = make("flat", &archs[0]), *probing = make("linear", &archs[0]);
    struct error error;
    CHECK(encoder_fits(flat, &archs[3], &error) == STATUS_DATA &&
              strcmp(error.text, "the RNN does not fit the flat encoder: layers 3 and 2, widths 17 and 6") == 0,
          "%s", error.text);
    CHECK(encoder_fits(flat, &archs[7], &error) == STATUS_DATA && strstr(error.text, "encoder: cells gru and lstm"), "%s", error.text);
    CHECK(encoder_fits(probing, &archs[4], &error) == STATUS_DATA && strstr(error.text, "linear encoder: inputs 3 and 5"), "%s",
          error.text);
    encoder_free(flat);
    encoder_free(probing);
}

// Every kind can be made for every cell: the same architecture and other widths, where it takes them, side by side.
static void test_cells(const char *type) {
    for (int i = 0; cell_at(i); i++) {
        struct rnn_arch own = archs[0], narrow = archs[1];
        own.cell = narrow.cell = cell_at(i);
        struct encoder *e = make(type, &own);
        struct rnn_forms forms = {0};
        struct error error;
        bool widths = encoder_fits(e, &narrow, &error) == STATUS_OK;
        struct rnn rnns[] = {random_rnn(&forms, &own, 1), random_rnn(&forms, widths ? &narrow : &own, 2), random_rnn(&forms, &own, 3)};
        float together[3 * Z], alone[Z];
        embed(e, rnns, 3, together);
        for (int k = 0; k < 3; k++) {
            embed(e, &rnns[k], 1, alone);
            for (int z = 0; z < Z; z++)
                CHECK_CLOSE(alone[z], together[k * Z + z], 1e-6);
            free((float *)rnns[k].weights);
        }
        CHECK(strcmp(type, "constant") == 0 || memcmp(together, together + 2 * Z, sizeof alone) != 0, "%s, %s", type, own.cell->name);
        rnn_forms_free(&forms);
        encoder_free(e);
    }
}

int main(void) {
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        test_type(expected[i].type, expected[i].takes), test_cells(expected[i].type);
    int types = 0;
    while (encoder_type_at(types))
        types++;
    CHECK(types == sizeof expected / sizeof *expected, "a kind of encoder is missing here");
    test_messages();
    return check_report("encoders/mixed");
}
