// Augmentation: forms of the same function answer the same; mixing mixes weights and answers; all is a function of the random numbers.
#include "training/augmentation.h"

#include "../check.h"
#include "base/memory.h"
#include "rnn/rollout.h"
#include "rnn/symmetry.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 3, ROWS = 5, STEPS = 12, MAX_ANSWERS = ROWS * STEPS * 8 };

static struct augmentation parsed(const char *text) {
    struct augmentation a;
    struct error error;
    CHECK(augmentation_parse(&a, text, &error) == STATUS_OK, "%s: %s", text, error.text);
    return a;
}

// Random RNNs of one architecture in a loader, without records; the second half as different as another seed makes them.
static struct rnn_loader loader_new(const struct rnn_arch *arch, uint64_t seed) {
    struct rnn_loader l;
    rnn_loader_init(&l, COUNT);
    const struct rnn_form *form = rnn_forms_of(&l.forms, arch);
    for (int i = 0; i < COUNT; i++) {
        struct rng rng = rng_make(seed, (uint64_t)i, arch->cell->name);
        l.weights[i] = memory_alloc(form->table.size * sizeof(float));
        params_init(&form->table, l.weights[i], &rng);
        for (size_t k = 0; k < form->table.size; k++)
            l.weights[i][k] *= 2;
        l.rnn[i] = (struct rnn){.arch = &form->arch, .table = &form->table, .weights = l.weights[i]};
    }
    return l;
}

static void answers(const struct rnn *rnn, float *out) {
    uint8_t tokens[ROWS * STEPS];
    for (int i = 0; i < ROWS * STEPS; i++)
        tokens[i] = (uint8_t)(i * 7 % 11 % rnn->arch->input);
    struct stepper *s = stepper_of_rnn(rnn->arch, rnn->table, rnn->weights, ROWS);
    rollout_read(s, rnn->arch, tokens, NULL, ROWS, STEPS, out);
    stepper_free(s);
}

static void apply(const char *text, struct rnn_loader *l, uint64_t seed, struct mixture *mix) {
    const struct augmentation a = parsed(text);
    struct rng rng = rng_make(seed, 0, "test");
    augmentation_draw(&a, l, COUNT, &rng, mix);
    augmentation_apply(&a, l, COUNT, mix, &rng);
}

static double distance(const float *a, const float *b, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

// The same answers from other weights, which differ from RNN to RNN and from draw to draw.
static void test_same_function(const struct rnn_arch *arch, const char *text) {
    struct rnn_loader l = loader_new(arch, 1), again = loader_new(arch, 1), other = loader_new(arch, 1), old = loader_new(arch, 1);
    struct mixture mix[COUNT];
    float before[MAX_ANSWERS], after[MAX_ANSWERS];
    size_t n = (size_t)(ROWS * STEPS * arch->output), size = rnn_size(arch);
    apply(text, &l, 5, mix);
    apply(text, &again, 5, mix);
    apply(text, &other, 6, mix);
    for (int i = 0; i < COUNT; i++) {
        answers(&old.rnn[i], before);
        answers(&l.rnn[i], after);
        CHECK(distance(before, after, n) < 1e-6 * fmax(1, distance(before, (float[MAX_ANSWERS]){0}, n)), "%s, %s: answers differ by %g",
              arch->cell->name, text, distance(before, after, n));
        CHECK(memcmp(l.weights[i], again.weights[i], size * sizeof(float)) == 0, "%s, %s: not a function of the seed", arch->cell->name,
              text);
        CHECK(distance(l.weights[i], old.weights[i], size) > 0.01 && distance(l.weights[i], other.weights[i], size) > 0.01,
              "%s, %s: the same form", arch->cell->name, text);
        CHECK(mix[i].other == i && mix[i].share == 1);
    }
    rnn_loader_free(&l), rnn_loader_free(&again), rnn_loader_free(&other), rnn_loader_free(&old);
}

// Direct: the mean of RNN i and the next one as they came, the last with the first.
static void test_direct(const struct rnn_arch *arch) {
    struct rnn_loader l = loader_new(arch, 1), old = loader_new(arch, 1);
    struct mixture mix[COUNT];
    apply("mixup=direct", &l, 5, mix);
    for (int i = 0; i < COUNT; i++) {
        CHECK(mix[i].other == (i + 1) % COUNT && mix[i].share >= 0 && mix[i].share < 1);
        for (size_t k = 0; k < rnn_size(arch); k++)
            CHECK_CLOSE(l.weights[i][k], mix[i].share * old.weights[i][k] + (1 - mix[i].share) * old.weights[mix[i].other][k], 1e-6);
    }
    CHECK(mix[0].share != mix[1].share);
    rnn_loader_free(&l), rnn_loader_free(&old);
}

// A hidden copy that is aligned before it is mixed in changes nothing; mixed as it is, it does.
static void test_aligned(const struct rnn_arch *arch) {
    for (int aligned = 0; aligned < 2; aligned++) {
        struct rnn_loader l = loader_new(arch, 1), old = loader_new(arch, 1);
        struct mixture mix[COUNT];
        int unit[64];
        float scale[64];
        for (int i = 1; i < COUNT; i++) {
            struct rng rng = rng_make(9, (uint64_t)i, "hide");
            symmetry_random(unit, scale, arch, true, true, &rng);
            symmetry_apply(l.weights[i], old.weights[0], arch, unit, scale);
        }
        apply(aligned ? "mixup=aligned" : "mixup=direct", &l, 5, mix);
        double off = distance(l.weights[0], old.weights[0], rnn_size(arch));
        CHECK(aligned ? off < 1e-5 : off > 0.1, "%s, %d: %g", arch->cell->name, aligned, off);
        rnn_loader_free(&l), rnn_loader_free(&old);
    }
}

// Answers to the same tokens, mixed as probabilities, by the definition.
static void test_answers(const struct rnn_arch *arch) {
    struct rnn_loader l = loader_new(arch, 1);
    int O = arch->output;
    float own[MAX_ANSWERS], others[MAX_ANSWERS], targets[STEPS * 2 * 8];
    uint8_t tokens[STEPS * 2];
    answers(&l.rnn[0], own); // row 0
    answers(&l.rnn[1], others);
    for (int t = 0; t < STEPS; t++) {
        tokens[2 * t] = 0;
        tokens[2 * t + 1] = (uint8_t)(t * 7 % 11 % arch->input); // as answers() has it
        memcpy(targets + (2 * t + 1) * O, own + t * O, (size_t)O * sizeof(float));
        memset(targets + 2 * t * O, 0, (size_t)O * sizeof(float));
    }
    struct rollout_batch r = {.steps = STEPS, .columns = 2, .tokens = tokens, .targets = targets};
    augmentation_mix_answers(&r, 1, &l.rnn[1], 0.3F);
    for (int t = 0; t < STEPS; t++) {
        double a = 0, b = 0;
        for (int o = 0; o < O; o++) {
            a += exp((double)own[t * O + o]);
            b += exp((double)others[t * O + o]);
        }
        for (int o = 0; o < O; o++) {
            CHECK_CLOSE(exp((double)targets[(2 * t + 1) * O + o]),
                        0.3 * exp((double)own[t * O + o]) / a + 0.7 * exp((double)others[t * O + o]) / b, 1e-6);
            CHECK(targets[2 * t * O + o] == 0, "another column has changed");
        }
    }
    rnn_loader_free(&l);
}

// The share of zeros, and the size of the noise beside the deviation of the tensor; vectors are not dropped.
static void test_noise(const struct rnn_arch *arch) {
    struct rnn_loader l = loader_new(arch, 1), dropped = loader_new(arch, 1), old = loader_new(arch, 1);
    struct mixture mix[COUNT];
    apply("noise=0.2", &l, 5, mix);
    apply("dropout=0.25", &dropped, 5, mix);
    const struct param *w = &l.rnn[0].table->list[rnn_param(arch, 1, W_HH)], *b = &l.rnn[0].table->list[rnn_param(arch, 1, B_HH)];
    double square = 0, own = 0, zeros = 0;
    for (size_t i = w->offset; i < w->offset + w->size; i++) {
        square += pow((double)l.weights[0][i] - (double)old.weights[0][i], 2);
        own += pow((double)old.weights[0][i], 2);
        zeros += dropped.weights[0][i] == 0;
        CHECK(dropped.weights[0][i] == 0 || dropped.weights[0][i] == old.weights[0][i]);
    }
    CHECK(fabs(sqrt(square / own) - 0.2) < 0.05, "%g", sqrt(square / own));
    CHECK(fabs(zeros / (double)w->size - 0.25) < 0.12, "%g of %zu", zeros, w->size);
    CHECK(memcmp(dropped.weights[0] + b->offset, old.weights[0] + b->offset, b->size * sizeof(float)) == 0);
    rnn_loader_free(&l), rnn_loader_free(&dropped), rnn_loader_free(&old);
}

static void test_words(void) {
    struct augmentation a = parsed("permute,noise=0.5,mixup=permuted");
    struct error error;
    CHECK(a.permute && !a.rescale && a.noise == 0.5 && a.mixup == MIXUP_PERMUTED && augmentation_any(&a));
    CHECK(!augmentation_any(&(struct augmentation){0}) && augmentation_hash(7, &(struct augmentation){0}) == 7);
    CHECK(augmentation_hash(7, &a) != 7);
    static const char *const wrong[] = {"",          "permute,",    "permuted", "noise",       "noise=",   "noise=0",  "noise=-1",
                                        "noise=nan", "dropout=1.5", "mixup=",   "mixup=mixed", "noise=1x", ",permute", "rescale permute"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(augmentation_parse(&a, wrong[i], &error) == STATUS_USAGE && strstr(error.text, "is none of"), "%s", wrong[i]);
}

static void test_encoders(void) {
    struct rnn_arch arch = {.cell = cell_find("lstm"), .input = 4, .hidden = 4, .layers = 1, .output = 4};
    struct error error;
    for (int i = 0; encoder_type_at(i); i++) {
        const struct encoder_type *type = encoder_type_at(i);
        bool reads = strstr("flat stats dws transformer matrix", type->name) != NULL;
        struct encoder e = {.type = type, .arch = arch};
        struct augmentation flip = parsed("rescale"), noise = parsed("noise=0.1");
        CHECK(augmentation_check(&flip, &e, &error) == (reads ? STATUS_OK : STATUS_DATA), "%s", type->name);
        CHECK(augmentation_check(&noise, &e, &error) == STATUS_OK, "%s", type->name);
    }
}

int main(void) {
    static const char *const cells[] = {"lstm", "gru", "rnn_tanh", "rnn_relu"};
    static const char *const same[] = {"permute", "rescale", "swap-bias", "shift-bias=0.5", "permute,rescale,swap-bias,shift-bias=0.5"};
    for (int c = 0; c < 4; c++) {
        struct rnn_arch arch = {.cell = cell_find(cells[c]), .input = 5, .hidden = 8, .layers = 2, .output = 5};
        for (int k = 0; k < 5; k++)
            test_same_function(&arch, same[k]);
        test_direct(&arch);
        test_aligned(&arch);
        test_answers(&arch);
        test_noise(&arch);
    }
    test_words();
    test_encoders();
    return check_report("training/augmentation");
}
