// A zoo, or embeddings, as training data: opened, read, and a step or two of training on them.
#include "fuzz.h"

#include "training/emulation.h"
#include "training/prediction.h"

enum { MOST_WEIGHTS = 1 << 12, MOST_ITEMS = 8 };

static const struct learner_recipe learner = {.batch = 2, .rate = 1e-3, .decay = 0.01, .clip = 0.1, .steps = 2, .threads = 1, .seed = 1};

static struct encoder *small_encoder(const struct rnn_arch *arch) {
    const struct encoder_type *type = encoder_type_find("noninteractive");
    struct encoder_config config = encoder_defaults(type, arch);
    config.z = config.hidden = config.layers = config.mlp_hidden = config.length = config.probes = 2;
    return encoder_new(type, &config, arch, 1);
}

static void emulate(const struct dataset *d) {
    struct encoder *encoder = small_encoder(&d->forms.list[0]->arch);
    struct emulator *emulator =
        emulator_new(&(struct emulator_config){.z = 2, .hidden = 2, .layers = 1, .condition = CONDITION_EVERY}, &d->forms.list[0]->arch, 1);
    struct emulation_recipe recipe = {.learner = learner, .criterion = CRITERION_TOTAL_VARIATION, .steps = 2, .validate_every = 1};
    struct emulation *e;
    struct error error;
    double loss;
    if (emulation_new(&e, encoder, emulator, d, &recipe, &error) == STATUS_OK) {
        for (int i = 0; i < 2; i++)
            FUZZ_CHECK(emulation_step(e, &loss, &error) == STATUS_OK || error.status == STATUS_DATA);
        emulation_free(e);
    }
    emulator_free(emulator);
    encoder_free(encoder);
}

static void predict(const struct dataset *d, struct encoder *encoder, const char *target) {
    struct prediction_recipe recipe = {.learner = learner, .hidden = 3, .layers = 1, .log_every = 1};
    struct prediction *p;
    struct predictor_losses losses;
    struct error error;
    struct property property;
    double loss;
    FUZZ_CHECK(property_named(&property, target, PROPERTY_UNDECIDED, &error) == STATUS_OK);
    enum status status = prediction_new(&p, encoder, &property, d, &recipe, &error);
    property_free(&property);
    if (status != STATUS_OK)
        return;
    FUZZ_CHECK(prediction_step(p, &loss, &error) == STATUS_OK || error.status == STATUS_DATA);
    FUZZ_CHECK(prediction_finish(p, &losses, &error) == STATUS_OK || error.status == STATUS_DATA);
    prediction_free(p);
}

// What was accepted when the file was opened can be read.
static void read_items(const struct dataset *d) {
    struct value_nodes nodes = {0};
    struct rnn_record record;
    struct error error;
    int *list;
    for (int i = 0; i < d->count; i++)
        FUZZ_CHECK(dataset_read(d, i, &nodes, &record, &error) == STATUS_OK && record.run == d->items[i].run);
    FUZZ_CHECK(dataset_select(d, NULL, &list) == d->count);
    free(list);
    free(nodes.node);
}

static void check(const char *path, const char *kind) {
    struct dataset *d;
    struct error error;
    if (dataset_open(&d, path, kind, (struct reader_limits){0}, &error) != STATUS_OK) {
        FUZZ_CHECK(error.status == STATUS_DATA && error.text[0]);
        return;
    }
    read_items(d);
    bool zoo = strcmp(kind, "rnn") == 0;
    bool small = d->count <= MOST_ITEMS;
    for (int i = 0; i < d->forms.count; i++)
        small &= d->forms.list[i]->table.size <= MOST_WEIGHTS;
    if (small) {
        struct encoder *encoder = zoo ? small_encoder(&d->forms.list[0]->arch) : NULL;
        if (zoo)
            emulate(d);
        predict(d, encoder, "task");
        predict(d, encoder, "accuracy");
        predict(d, encoder, "metrics");
        predict(d, encoder, "task.family");
        predict(d, encoder, "run");
        encoder_free(encoder);
    }
    dataset_close(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_file f = fuzz_stream(data, size);
    check(f.path, "rnn");
    check(f.path, "embedding");
    close(f.fd);
    return 0;
}
