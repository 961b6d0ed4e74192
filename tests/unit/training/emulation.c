// Training encoder and emulator together, and going on from a checkpoint.
#include "training/emulation.h"

#include "zoo.h"

enum { RUNS = 40 };

static const struct emulation_recipe recipe = {
    .learner = {.batch = 36, .rate = 3e-3, .decay = 0.01, .clip = 1, .threads = 1, .seed = 5},
    .criterion = CRITERION_TOTAL_VARIATION,
    .steps = 7,
    .validate_every = 3,
};

static struct emulation_recipe augmented(void) {
    struct emulation_recipe r = recipe;
    r.augmentation = (struct augmentation){.noise = 0.1, .dropout = 0.1, .mixup = MIXUP_DIRECT};
    return r;
}

// Everything that a training takes.
struct job {
    struct dataset *data;
    struct encoder *encoder;
    struct emulator *emulator;
    struct emulation *emulation; // NULL when it was refused
    struct error error;
};

static struct job job_new(const char *path, const struct emulation_recipe *r, uint64_t seed, int hidden) {
    struct job j = {0};
    CHECK(dataset_open(&j.data, path, "rnn", (struct reader_limits){0}, &j.error) == STATUS_OK, "%s", j.error.text);
    struct rnn_arch arch = zoo_arch(&(struct zoo_record){0});
    struct encoder_config encoder = {
        .z = 4, .hidden = 8, .layers = 1, .mlp_hidden = 6, .mlp_layers = 1, .length = 4, .probes = 1, .softmax = 1};
    j.encoder = encoder_new(encoder_type_find("interactive"), &encoder, &arch, seed);
    j.emulator = emulator_new(&(struct emulator_config){.z = 4, .hidden = hidden, .layers = 1}, &arch, seed);
    if (emulation_new(&j.emulation, j.encoder, j.emulator, j.data, r, &j.error) != STATUS_OK)
        j.emulation = NULL;
    return j;
}

static void job_free(struct job *j) {
    emulation_free(j->emulation);
    encoder_free(j->encoder);
    emulator_free(j->emulator);
    dataset_close(j->data);
}

static void run(struct job *j, uint64_t steps) {
    double loss;
    while (j->emulation->learner->step < steps && !j->emulation->stopped) {
        enum status status = emulation_step(j->emulation, &loss, &j->error);
        CHECK(status == STATUS_OK, "%s", j->error.text);
        if (status != STATUS_OK)
            return;
    }
}

static bool equal(const struct job *a, const struct job *b) {
    const struct emulation *x = a->emulation, *y = b->emulation;
    bool same = memcmp(a->encoder->values, b->encoder->values, a->encoder->table.size * sizeof(float)) == 0 &&
                memcmp(a->emulator->values, b->emulator->values, a->emulator->table.size * sizeof(float)) == 0 &&
                a->encoder->step == b->encoder->step && a->emulator->step == b->emulator->step && x->curve_count == y->curve_count &&
                x->learner->best.loss == y->learner->best.loss && x->learner->best.step == y->learner->best.step;
    for (int i = 0; same && i < x->curve_count; i++)
        same = x->curve[i].step == y->curve[i].step && strcmp(x->curve[i].split, y->curve[i].split) == 0 &&
               x->curve[i].loss == y->curve[i].loss;
    return same;
}

static char *zoo(const struct zoo_record *odd) {
    struct zoo_record records[RUNS];
    for (int i = 0; i < RUNS; i++) {
        const char *split = i % 10 == 8 ? "validation" : i % 10 == 9 ? "ood" : "train";
        records[i] = (struct zoo_record){.run = (uint64_t)i, .split = split, .rollouts = 3};
    }
    if (odd) {
        records[RUNS / 2] = *odd;
        records[RUNS / 2].run = RUNS / 2;
        records[RUNS / 2].split = "train";
    }
    return zoo_write(records, RUNS, 7);
}

static void test_curve(const char *path) {
    struct emulation_recipe r = recipe;
    r.steps = 50;
    r.validate_every = 20;
    struct job j = job_new(path, &r, 7, 10);
    run(&j, r.steps);
    CHECK(emulation_finish(j.emulation, &j.error) == STATUS_OK);
    const struct emulation *e = j.emulation;
    const uint64_t steps[] = {20, 20, 20, 40, 40, 40, 50, 50, 50};
    CHECK(e->curve_count == 9, "%d", e->curve_count);
    double best = INFINITY;
    uint64_t best_step = 0;
    for (int i = 0; i < e->curve_count && i < 9; i++) {
        CHECK(e->curve[i].step == steps[i] && strcmp(e->curve[i].split, split_names[i % 3]) == 0 && e->curve[i].seconds >= 0);
        if (i % 3 == 1 && e->curve[i].loss < best)
            best = e->curve[i].loss, best_step = steps[i];
    }
    CHECK(e->learner->best.loss == best && e->learner->best.step == best_step);
    CHECK(e->curve[6].loss < e->curve[0].loss, "%g to %g", e->curve[0].loss, e->curve[6].loss);
    job_free(&j);
}

static void test_determinism(const char *path, struct emulation_recipe r) {
    struct job a = job_new(path, &r, 7, 10), b = job_new(path, &r, 7, 10);
    r.learner.threads = 2;
    struct job two = job_new(path, &r, 7, 10);
    r.learner.seed = 6;
    struct job other = job_new(path, &r, 7, 10);
    run(&a, 7);
    run(&b, 7);
    run(&two, 7);
    run(&other, 7);
    CHECK(equal(&a, &b) && equal(&a, &two) && !equal(&a, &other));
    job_free(&a);
    job_free(&b);
    job_free(&two);
    job_free(&other);
}

// With a rate that ruins what was learned, the best networks are the first validated ones, and patience ends it.
static void test_best_and_patience(const char *path) {
    struct emulation_recipe r = recipe;
    r.steps = 200;
    r.patience = 2;
    r.learner.rate = 0.5;
    struct job j = job_new(path, &r, 7, 10), until_best = job_new(path, &r, 7, 10);
    run(&j, r.steps);
    const struct emulation *e = j.emulation;
    CHECK(e->stopped && e->learner->step < 200 && e->learner->step == e->learner->best.step + 6, "%d %d", (int)e->learner->step,
          (int)e->learner->best.step);
    run(&until_best, e->learner->best.step);
    CHECK(emulation_finish(j.emulation, &j.error) == STATUS_OK);
    CHECK(j.encoder->step == e->learner->best.step && j.emulator->step == e->learner->best.step);
    CHECK(memcmp(j.encoder->values, until_best.encoder->values, j.encoder->table.size * sizeof(float)) == 0);
    CHECK(memcmp(j.emulator->values, until_best.emulator->values, j.emulator->table.size * sizeof(float)) == 0);
    job_free(&j);
    job_free(&until_best);
}

static void test_checkpoint(const char *path, const struct emulation_recipe *r) {
    char *file = zoo_path();
    for (uint64_t at = 0; at <= 7; at++) {
        struct job whole = job_new(path, r, 7, 10), first = job_new(path, r, 7, 10), second = job_new(path, r, 7, 10);
        run(&whole, 7);
        run(&first, at);
        CHECK(emulation_save(first.emulation, file, &zoo_identity, &first.error) == STATUS_OK, "%s", first.error.text);
        CHECK(emulation_resume(second.emulation, file, &second.error) == STATUS_OK, "%s", second.error.text);
        CHECK(equal(&first, &second) && second.emulation->learner->step == at);
        run(&second, 7);
        CHECK(equal(&whole, &second), "from step %d", (int)at);
        CHECK(emulation_finish(whole.emulation, &whole.error) == STATUS_OK &&
              emulation_finish(second.emulation, &second.error) == STATUS_OK);
        CHECK(equal(&whole, &second), "the best, from step %d", (int)at);
        job_free(&whole);
        job_free(&first);
        job_free(&second);
    }
    zoo_remove(file);
}

// A training that has ended goes on as if it had never: its last, unscheduled validation is no part of what is saved.
static void test_more_steps(const char *path) {
    char *file = zoo_path();
    struct emulation_recipe r = recipe;
    r.validate_every = 4;
    r.patience = 3;
    for (uint64_t end = 3; end <= 6; end++) {
        struct job whole = job_new(path, &r, 7, 10), first = job_new(path, &r, 7, 10), second = job_new(path, &r, 7, 10);
        run(&whole, 11);
        run(&first, end);
        CHECK(emulation_save(first.emulation, file, &zoo_identity, &first.error) == STATUS_OK, "%s", first.error.text);
        CHECK(emulation_finish(first.emulation, &first.error) == STATUS_OK);
        CHECK(first.emulation->curve[first.emulation->curve_count - 1].step == end);
        CHECK(emulation_resume(second.emulation, file, &second.error) == STATUS_OK, "%s", second.error.text);
        run(&second, 11);
        CHECK(emulation_finish(whole.emulation, &whole.error) == STATUS_OK &&
              emulation_finish(second.emulation, &second.error) == STATUS_OK);
        CHECK(equal(&whole, &second) && whole.emulation->curve_count == second.emulation->curve_count, "from step %d", (int)end);
        job_free(&whole);
        job_free(&first);
        job_free(&second);
    }
    zoo_remove(file);
}

// An augmented training is another one, and a checkpoint of it belongs to no other.
static void test_augmented(const char *path) {
    const struct emulation_recipe r = augmented();
    struct emulation_recipe refused = recipe;
    struct job plain = job_new(path, &recipe, 7, 10), other = job_new(path, &r, 7, 10);
    char *file = zoo_path();
    run(&plain, 7);
    run(&other, 7);
    CHECK(!equal(&plain, &other) && other.emulation->curve_count);
    CHECK(emulation_save(other.emulation, file, &zoo_identity, &other.error) == STATUS_OK);
    CHECK(emulation_resume(plain.emulation, file, &plain.error) == STATUS_DATA, "%s", plain.error.text);
    job_free(&plain);
    job_free(&other);
    zoo_remove(file);
    refused.augmentation.permute = true;
    struct job blind = job_new(path, &refused, 7, 10);
    CHECK(!blind.emulation && strstr(blind.error.text, "looks at no weights"), "%s", blind.error.text);
    job_free(&blind);
}

static void check_resume(const char *zoo_file, const char *file, const struct emulation_recipe *r, uint64_t seed, int hidden,
                         enum status expected, const char *text) {
    struct job j = job_new(zoo_file, r, seed, hidden);
    enum status status = emulation_resume(j.emulation, file, &j.error);
    CHECK(status == expected && (status == STATUS_OK || strstr(j.error.text, text)), "%d, not %d: %s", (int)status, (int)expected,
          j.error.text);
    job_free(&j);
}

static void test_checkpoint_refused(const char *path) {
    char *file = zoo_path();
    struct job j = job_new(path, &recipe, 7, 10);
    run(&j, 4);
    CHECK(emulation_save(j.emulation, file, &zoo_identity, &j.error) == STATUS_OK);
    CHECK(emulation_save(j.emulation, "/nowhere/at/all", &zoo_identity, &j.error) == STATUS_IO && strstr(j.error.text, "/nowhere/at/all"),
          "%s", j.error.text);
    job_free(&j);

    struct emulation_recipe r = recipe;
    r.steps = 100;
    r.learner.threads = 2;
    check_resume(path, file, &r, 7, 10, STATUS_OK, "");
    check_resume(path, "/nowhere/at/all", &recipe, 7, 10, STATUS_NO_INPUT, "/nowhere/at/all");
    check_resume(path, file, &recipe, 8, 10, STATUS_DATA, "other data, networks or options");
    check_resume(path, file, &recipe, 7, 11, STATUS_DATA, "other data, networks or options");
    const struct emulation_recipe others[] = {{.learner = {.batch = 35}},  {.learner = {.rate = 1e-3}}, {.learner = {.clip = 2}},
                                              {.learner = {.seed = 6}},    {.learner = {.decay = 0.1}}, {.learner = {.anneal = 0.5}},
                                              {.criterion = CRITERION_KL}, {.validate_every = 2},       {.patience = 1}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct emulation_recipe *o = &others[i];
        r = recipe;
        r.learner.batch = o->learner.batch ? o->learner.batch : r.learner.batch;
        r.learner.rate = o->learner.rate > 0 ? o->learner.rate : r.learner.rate;
        r.learner.clip = o->learner.clip > 0 ? o->learner.clip : r.learner.clip;
        r.learner.seed = o->learner.seed ? o->learner.seed : r.learner.seed;
        r.learner.decay = o->learner.decay > 0 ? o->learner.decay : r.learner.decay;
        r.learner.anneal = o->learner.anneal;
        r.criterion = o->criterion;
        r.validate_every = o->validate_every ? o->validate_every : r.validate_every;
        r.patience = o->patience;
        check_resume(path, file, &r, 7, 10, STATUS_DATA, "other data, networks or options");
    }
    char *other = zoo(&(struct zoo_record){.rollouts = 3, .bad_weight = 1}); // as many bytes, same runs and steps
    check_resume(other, file, &recipe, 7, 10, STATUS_DATA, "other data, networks or options");
    zoo_remove(other);

    check_resume(path, path, &recipe, 7, 10, STATUS_DATA, "no checkpoint");
    long size = zoo_size(file);
    for (long at = 0; at < size; at += size / 23) {
        char *damaged = zoo_damaged(file, 0, at), *cut = zoo_damaged(file, at ? at : 1, -1);
        check_resume(path, damaged, &recipe, 7, 10, STATUS_DATA, damaged);
        check_resume(path, cut, &recipe, 7, 10, STATUS_DATA, cut);
        zoo_remove(damaged);
        zoo_remove(cut);
    }
    zoo_remove(file);
}

static void check_refused(const struct zoo_record *odd, int hidden_z, const char *text) {
    char *path = zoo(odd);
    struct job j = job_new(path, &recipe, 7, hidden_z);
    CHECK(!j.emulation && j.error.status == STATUS_DATA && strstr(j.error.text, text), "%s", j.error.text);
    job_free(&j);
    zoo_remove(path);
}

static void test_unsuitable_data(void) {
    check_refused(&(struct zoo_record){.rollouts = 0}, 10, "run 20, step 0: rnn record: no rollouts");
    check_refused(&(struct zoo_record){.rollouts = 3, .length = 12}, 10, "lengths");
    check_refused(&(struct zoo_record){.rollouts = 3, .bad_weight = NAN}, 10, "run 20, step 0: ");
    check_refused(&(struct zoo_record){.rollouts = 3, .bad_weight = INFINITY}, 10, "run 20, step 0: ");
    check_refused(&(struct zoo_record){.rollouts = 3, .bad_logit = NAN}, 10, "run 20, step 0: rollouts: a logit");
    check_refused(&(struct zoo_record){.rollouts = 3, .bad_logit = INFINITY}, 10, "run 20, step 0: rollouts: a logit");
    char *path = zoo(&(struct zoo_record){.rollouts = 3, .bad_logit = -INFINITY}); // probability 0
    struct job j = job_new(path, &recipe, 7, 10);
    run(&j, 7);
    job_free(&j);
    zoo_remove(path);

    struct zoo_record records[] = {{.run = 1, .split = "validation", .rollouts = 1}, {.run = 2, .rollouts = 1}};
    path = zoo_write(records, 1, 0);
    j = job_new(path, &recipe, 7, 10);
    CHECK(!j.emulation && strstr(j.error.text, "no record of split 'train'"), "%s", j.error.text);
    job_free(&j);
    zoo_remove(path);
    records[0] = (struct zoo_record){.run = 1, .hidden = 6, .rollouts = 1};
    path = zoo_write(records, 2, 0);
    j = job_new(path, &recipe, 7, 10);
    run(&j, 7); // RNNs of two widths, for a probing encoder
    job_free(&j);
    zoo_remove(path);
}

// Huge numbers that are still finite: the loss isn't. The best networks of before are what is left, or those that came.
static void test_divergence(const char *path) {
    for (uint64_t at = 0; at <= 7; at++) {
        struct job j = job_new(path, &recipe, 7, 10), best = job_new(path, &recipe, 7, 10);
        run(&j, at);
        run(&best, j.emulation->learner->best.step);
        for (size_t i = 0; i < j.emulator->table.size; i++)
            j.emulator->values[i] = 3e38f;
        double loss;
        char text[64];
        snprintf(text, sizeof text, "diverged at step %d", (int)at + 1);
        CHECK(emulation_step(j.emulation, &loss, &j.error) == STATUS_DIVERGED && strstr(j.error.text, text), "%s", j.error.text);
        CHECK(j.emulation->stopped && j.emulation->diverged_at == at + 1 && j.encoder->step == at);
        CHECK(emulation_finish(j.emulation, &j.error) == STATUS_OK && j.encoder->diverged_at == at + 1);
        CHECK(j.encoder->step == best.encoder->step && j.emulator->step == best.emulator->step);
        CHECK(memcmp(j.encoder->values, best.encoder->values, j.encoder->table.size * sizeof(float)) == 0);
        CHECK(memcmp(j.emulator->values, best.emulator->values, j.emulator->table.size * sizeof(float)) == 0);
        job_free(&j);
        job_free(&best);
    }
}

int main(void) {
    char *path = zoo(NULL);
    test_curve(path);
    test_determinism(path, recipe);
    test_determinism(path, augmented());
    test_best_and_patience(path);
    test_checkpoint(path, &recipe);
    const struct emulation_recipe r = augmented();
    test_checkpoint(path, &r);
    test_augmented(path);
    test_more_steps(path);
    test_checkpoint_refused(path);
    test_unsuitable_data();
    test_divergence(path);
    emulation_free(NULL);
    zoo_remove(path);
    return check_report("training/emulation");
}
