// The flat encoder sees its RNNs in a random order of hidden units while it is trained, and only then.
#include "subjects.h"

enum { COUNT = 3, Z = 16 };
static const struct rnn_arch arch = {.cell = &cell_lstm, .input = 5, .hidden = 8, .layers = 2, .output = 5};

static struct encoder *make(void) {
    const struct encoder_type *type = encoder_type_find("flat");
    struct encoder_config config = encoder_defaults(type, &arch);
    return encoder_new(type, &config, &arch, 1);
}

static void test_inference(const struct encoder *e, const struct subjects *s) {
    struct rng rng = rng_make(1, 0, "test");
    struct subjects p = subjects_permuted(s, &rng);
    double d = subjects_difference(subjects_embed(s, e, NULL), subjects_embed(&p, e, NULL), COUNT * Z);
    CHECK(d > 1e-3, "it does depend on the order: %g", d);
    CHECK(subjects_difference(subjects_embed(s, e, NULL), subjects_embed(s, e, NULL), COUNT * Z) == 0);
    subjects_free(&p);
}

// What a lane sees is all of its RNNs under the one permutation that its generator draws.
static void test_training(const struct encoder *e, const struct subjects *s) {
    struct rng lane = rng_make(7, 3 * 65536 + 1, "lane"), same = lane;
    struct subjects p = subjects_permuted(s, &same);
    CHECK(subjects_difference(subjects_embed(s, e, &lane), subjects_embed(&p, e, NULL), COUNT * Z) == 0);
    CHECK(memcmp(&lane, &same, sizeof lane) == 0, "nothing else is drawn");
    subjects_free(&p);
}

// Two steps of two lanes, twice: the same each time, and each another permutation.
static void test_reproducible(const struct encoder *e, const struct subjects *s) {
    for (uint64_t a = 0; a < 4; a++)
        for (uint64_t b = 0; b < 4; b++) {
            struct rng first = rng_make(7, a / 2 * 65536 + a % 2, "lane"), second = rng_make(7, b / 2 * 65536 + b % 2, "lane");
            double d = subjects_difference(subjects_embed(s, e, &first), subjects_embed(s, e, &second), COUNT * Z);
            CHECK(a == b ? d == 0 : d > 1e-4, "%g", d);
        }
}

int main(void) {
    struct encoder *e = make();
    struct subjects s = subjects_new(&arch, COUNT, 1);
    test_inference(e, &s);
    test_training(e, &s);
    test_reproducible(e, &s);
    subjects_free(&s);
    encoder_free(e);
    return check_report("encoders/flat");
}
