// Going on from a checkpoint of emulate --fit: of a training on a small fixed zoo. The corpus is made with networks of these sizes.
#include "../unit/training/zoo.h"
#include "fuzz.h"
#include "training/emulation_internal.h"

static struct dataset *small_zoo(void) {
    static const struct zoo_record records[] = {{.run = 1, .split = "train", .rollouts = 2},
                                                {.run = 2, .split = "validation", .rollouts = 2}};
    static struct dataset *d;
    struct error error;
    if (!d) {
        char *path = zoo_write(records, 2, 0);
        FUZZ_CHECK(dataset_open(&d, path, "rnn", (struct reader_limits){0}, &error) == STATUS_OK);
        zoo_remove(path);
    }
    return d;
}

// Its fingerprint is the training's: whether a checkpoint is of the same training is not what is asked here.
static void adopt(void *context, const struct value *record) {
    struct emulation *e = context;
    uint64_t fingerprint;
    if (value_to_u64(value_get(record, "fingerprint"), &fingerprint))
        e->internal->fingerprint = fingerprint;
}

static void go_on(struct emulation *e, const char *path) {
    struct error error;
    double loss;
    if (emulation_resume(e, path, &error) != STATUS_OK) {
        FUZZ_CHECK(error.status == STATUS_DATA && error.text[0]);
        return;
    }
    FUZZ_CHECK(e->learner->step <= e->recipe.steps);
    if (!e->stopped && e->learner->step < e->recipe.steps)
        FUZZ_CHECK(emulation_step(e, &loss, &error) == STATUS_OK || error.status == STATUS_DATA || error.status == STATUS_DIVERGED);
    FUZZ_CHECK(emulation_finish(e, &error) == STATUS_OK || error.status == STATUS_DATA);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct dataset *zoo = small_zoo();
    const struct encoder_type *type = encoder_type_find("constant");
    struct encoder_config config = {.z = 2};
    struct encoder *encoder = encoder_new(type, &config, &zoo->forms.list[0]->arch, 1);
    struct emulator *emulator =
        emulator_new(&(struct emulator_config){.z = 2, .hidden = 2, .layers = 1, .condition = CONDITION_BOS}, &zoo->forms.list[0]->arch, 1);
    struct emulation_recipe recipe = emulation_paper_recipe;
    recipe.learner.batch = 2;
    recipe.validate_every = 2;
    recipe.patience = 3;
    struct emulation *e;
    struct error error;
    struct fuzz_file f = fuzz_stream(data, size);
    FUZZ_CHECK(emulation_new(&e, encoder, emulator, zoo, &recipe, &error) == STATUS_OK);
    fuzz_records(data, size, adopt, e);
    go_on(e, f.path);
    emulation_free(e);
    emulator_free(emulator);
    encoder_free(encoder);
    close(f.fd);
    return 0;
}
