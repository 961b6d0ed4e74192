// A zoo of all cells and several widths, in one batch, against uniform ones: as many RNNs of each kind in a batch of their own. What mixing
// costs is what the two times differ by.
#include "bench.h"

#include "base/memory.h"
#include "encoders/encoder.h"
#include "rnn/forms.h"

enum { BATCH = 64, WIDTHS = 4 };
static const int widths[WIDTHS] = {16, 24, 32, 48};

struct encoding {
    const struct encoder *encoder;
    struct rnn rnns[BATCH];
    struct tape tape;
};

static void run(void *context) {
    struct encoding *e = context;
    const struct weights w = {&e->encoder->table, e->encoder->values, NULL};
    tape_reset(&e->tape, false);
    encoder_embed(&e->tape, e->encoder, &w, &(struct rnn_batch){e->rnns, BATCH}, NULL, NULL, NULL);
}

static struct rnn random_rnn(struct rnn_forms *forms, int kind, uint64_t number) {
    const struct rnn_arch arch = {.cell = cell_at(kind / WIDTHS), .input = 6, .hidden = widths[kind % WIDTHS], .layers = 2, .output = 6};
    const struct rnn_form *form = rnn_forms_of(forms, &arch);
    float *weights = memory_alloc(form->table.size * sizeof *weights);
    struct rng rng = rng_make(1, number, "zoo");
    params_init(&form->table, weights, &rng);
    return (struct rnn){.arch = &form->arch, .table = &form->table, .weights = weights};
}

static void release(struct encoding *e) {
    for (int i = 0; i < BATCH; i++)
        free((float *)e->rnns[i].weights);
    tape_free(&e->tape);
}

static void bench_type(const char *type_name) {
    char name[96];
    int kinds = 0;
    while (cell_at(kinds))
        kinds++;
    kinds *= WIDTHS;
    snprintf(name, sizeof name, "mixed zoo, %s", type_name);
    if (!bench_wanted(name))
        return;
    const struct encoder_type *type = encoder_type_find(type_name);
    const struct rnn_arch arch = {.cell = &cell_lstm, .input = 6, .hidden = 32, .layers = 2, .output = 6};
    struct encoder_config config = encoder_defaults(type, &arch);
    struct encoder *encoder = encoder_new(type, &config, &arch, 1);
    struct rnn_forms forms = {0};
    struct encoding mixed = {.encoder = encoder};
    double uniform = 0;
    for (int kind = 0; kind < kinds; kind++) {
        struct encoding e = {.encoder = encoder};
        for (int i = 0; i < BATCH; i++)
            e.rnns[i] = random_rnn(&forms, kind, (uint64_t)i);
        uniform += bench_run(run, &e).median / kinds;
        release(&e);
    }
    for (int i = 0; i < BATCH; i++)
        mixed.rnns[i] = random_rnn(&forms, i * 7 % kinds, (uint64_t)i); // neighbours differ
    double together = bench_run(run, &mixed).median;
    printf("%-40s %8.2f ms; uniform zoos, on average, %8.2f ms: ratio %.3f\n", name, 1e3 * together, 1e3 * uniform, together / uniform);
    release(&mixed);
    rnn_forms_free(&forms);
    encoder_free(encoder);
}

int main(int argc, char **argv) {
    bench_read_options(argc, argv);
    bench_type("interactive");
    bench_type("noninteractive");
    bench_type("linear");
    return 0;
}
