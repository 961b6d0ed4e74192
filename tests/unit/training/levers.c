// What can be changed about the published recipe: each does what its equation says, and a checkpoint goes on to the same bytes with all on.
#include "training/emulation.h"

#include "zoo.h"

enum { RUNS = 40, STEPS = 9 };

static const struct emulation_recipe plain = {
    .learner = {.batch = 32, .rate = 3e-3, .decay = 0.01, .clip = 1, .threads = 1, .seed = 5, .steps = STEPS},
    .steps = STEPS,
    .validate_every = 3,
};

static struct emulation_recipe all_levers(void) {
    struct emulation_recipe r = plain;
    r.learner.batch = 36; // two lanes
    r.learner.anneal = 0.5;
    r.learner.cosine = true;
    r.learner.warm_up = 4;
    r.learner.average = 0.8;
    r.rollouts = 2;
    r.z_noise = 0.3;
    return r;
}

static const struct encoder_config plain_encoder = {
    .z = 4, .hidden = 8, .layers = 1, .mlp_hidden = 6, .mlp_layers = 1, .length = 4, .probes = 1, .softmax = 1};

struct job {
    struct dataset *data;
    struct encoder *encoder;
    struct emulator *emulator;
    struct emulation *e;
    struct error error;
};

static struct job job_new(const char *path, const struct emulation_recipe *r, bool levers) {
    struct job j = {0};
    CHECK(dataset_open(&j.data, path, "rnn", (struct reader_limits){0}, &j.error) == STATUS_OK, "%s", j.error.text);
    struct rnn_arch arch = zoo_arch(&(struct zoo_record){0});
    struct encoder_config config = plain_encoder;
    config.standardise_z = config.probabilities = config.echo = config.gumbel = config.recall = config.forget_bias = levers;
    j.encoder = encoder_new(encoder_type_find("interactive"), &config, &arch, 7);
    j.emulator = emulator_new(&(struct emulator_config){.z = 4, .hidden = 10, .layers = 1, .forget_bias = levers}, &arch, 7);
    CHECK(emulation_new(&j.e, j.encoder, j.emulator, j.data, r, &j.error) == STATUS_OK, "%s", j.error.text);
    return j;
}

static void job_free(struct job *j) {
    emulation_free(j->e);
    encoder_free(j->encoder);
    emulator_free(j->emulator);
    dataset_close(j->data);
}

static double run(struct job *j, uint64_t steps) {
    double loss = NAN;
    while (j->e->learner->step < steps)
        CHECK(emulation_step(j->e, &loss, &j->error) == STATUS_OK, "%s", j->error.text);
    return loss;
}

static bool same(const float *a, const float *b, size_t n) {
    return memcmp(a, b, n * sizeof *a) == 0;
}

static bool equal(const struct job *a, const struct job *b) {
    bool equal = same(a->encoder->values, b->encoder->values, a->encoder->table.size) &&
                 same(a->emulator->values, b->emulator->values, a->emulator->table.size) && a->e->curve_count == b->e->curve_count &&
                 a->e->learner->best.step == b->e->learner->best.step;
    for (int i = 0; equal && i < a->e->curve_count; i++) {
        const struct curve_point *x = &a->e->curve[i], *y = &b->e->curve[i];
        const double of_x[] = {x->loss, x->beside, x->encoder_norm, x->emulator_norm, x->z_variance, x->probe_entropy};
        const double of_y[] = {y->loss, y->beside, y->encoder_norm, y->emulator_norm, y->z_variance, y->probe_entropy};
        equal = x->step == y->step && memcmp(of_x, of_y, sizeof of_x) == 0;
    }
    return equal;
}

static void test_resume_and_threads(const char *path) {
    char *file = zoo_path();
    struct emulation_recipe r = all_levers(), two = r;
    two.learner.threads = 2;
    struct job whole = job_new(path, &r, true), threads = job_new(path, &two, true);
    run(&whole, STEPS);
    run(&threads, STEPS);
    CHECK(equal(&whole, &threads));
    CHECK(emulation_finish(whole.e, &whole.error) == STATUS_OK);
    for (uint64_t at = 0; at <= STEPS; at++) {
        struct job first = job_new(path, &r, true), second = job_new(path, &r, true);
        run(&first, at);
        CHECK(emulation_save(first.e, file, &zoo_identity, &first.error) == STATUS_OK, "%s", first.error.text);
        CHECK(emulation_resume(second.e, file, &second.error) == STATUS_OK, "%s", second.error.text);
        run(&second, STEPS);
        CHECK(emulation_finish(second.e, &second.error) == STATUS_OK && equal(&whole, &second), "from step %d", (int)at);
        job_free(&first);
        job_free(&second);
    }
    // Each lever is part of what a checkpoint belongs to.
    const struct emulation_recipe others[] = {{.learner = {.average = 0.7}}, {.learner = {.warm_up = 5}}, {.rollouts = 1}, {.z_noise = 1}};
    for (size_t i = 0; i <= sizeof others / sizeof *others; i++) {
        struct emulation_recipe o = r;
        const struct emulation_recipe *change = &others[i < 4 ? i : 0];
        o.learner.average = i == 0 ? change->learner.average : r.learner.average;
        o.learner.warm_up = i == 1 ? change->learner.warm_up : r.learner.warm_up;
        o.rollouts = i == 2 ? change->rollouts : r.rollouts;
        o.z_noise = i == 3 ? change->z_noise : r.z_noise;
        o.learner.cosine = i != 4;
        struct job other = job_new(path, &o, true);
        CHECK(emulation_resume(other.e, file, &other.error) == STATUS_DATA && strstr(other.error.text, "other data, networks or options"),
              "%d: %s", (int)i, other.error.text);
        job_free(&other);
    }
    job_free(&whole);
    job_free(&threads);
    zoo_remove(file);
}

// The written networks are averages of the weights of all steps, by their recursion, and the training does not notice.
static void test_average(const char *path) {
    struct emulation_recipe r = plain;
    r.validate_every = 1;
    struct job without = job_new(path, &r, false);
    r.learner.average = 0.5;
    struct job with = job_new(path, &r, false);
    size_t n = with.encoder->table.size;
    double *average = malloc(n * sizeof *average);
    for (uint64_t step = 1; step <= STEPS; step++) {
        run(&with, step);
        run(&without, step);
        for (size_t i = 0; i < n; i++) {
            double share = fmax(0.5, 10 / ((double)step + 9));
            average[i] = step == 1 ? with.encoder->values[i] : average[i] + share * (with.encoder->values[i] - average[i]);
        }
        for (size_t i = 0; i < n; i++)
            CHECK(fabs(with.e->learner->encoder_average[i] - average[i]) < 1e-6, "step %d, %d", (int)step, (int)i);
        CHECK(same(with.encoder->values, without.encoder->values, n) &&
              same(with.emulator->values, without.emulator->values, with.emulator->table.size));
    }
    uint64_t best = with.e->learner->best.step;
    CHECK(emulation_finish(with.e, &with.error) == STATUS_OK);
    struct job until = job_new(path, &r, false);
    run(&until, best);
    CHECK(same(with.encoder->values, until.e->learner->encoder_average, n));
    CHECK(!same(with.encoder->values, until.encoder->values, n));
    free(average);
    job_free(&with);
    job_free(&without);
    job_free(&until);
}

// The rates of some steps, by hand: warm-up over 4 of 20, and the second half falls.
static void test_rates(void) {
    struct learner_recipe r = {.rate = 2, .warm_up = 4, .anneal = 0.5, .steps = 20, .cosine = true};
    const struct {
        uint64_t step;
        double cosine, linear;
    } expected[] = {{0, 0.5, 0.5}, {1, 1, 1}, {3, 2, 2}, {4, 2, 2}, {10, 2, 2}, {15, 1, 1}, {20, 0, 0}, {19, 1 - 0.95105651629515353, 0.2}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        r.cosine = true;
        double cosine = learner_rate(&r, r.rate, expected[i].step);
        r.cosine = false;
        double linear = learner_rate(&r, r.rate, expected[i].step);
        CHECK(fabs(cosine - expected[i].cosine) < 1e-12 && fabs(linear - expected[i].linear) < 1e-12, "step %d: %g %g",
              (int)expected[i].step, cosine, linear);
    }
}

// All rollouts of a record, each once, give the mean of what single ones give; with a record that has one, several are that one.
static void test_rollouts(void) {
    struct zoo_record records[RUNS];
    for (int i = 0; i < RUNS; i++)
        records[i] = (struct zoo_record){.run = (uint64_t)i, .split = "train", .rollouts = 1};
    char *path = zoo_write(records, RUNS, 7);
    struct emulation_recipe r = plain;
    struct job one = job_new(path, &r, false);
    r.rollouts = 3;
    struct job three = job_new(path, &r, false);
    double a = run(&one, 1), b = run(&three, 1);
    CHECK(fabs(a - b) < 1e-6 * a, "%g %g", a, b);
    for (size_t i = 0; i < one.encoder->table.size; i++)
        CHECK(fabsf(one.encoder->values[i] - three.encoder->values[i]) < 1e-4f, "%d", (int)i);
    job_free(&one);
    job_free(&three);
    zoo_remove(path);
    for (int i = 0; i < RUNS; i++)
        records[i].rollouts = 3;
    path = zoo_write(records, RUNS, 7);
    struct emulation_recipe all = plain, single = plain;
    all.rollouts = 3;
    single.rollouts = 1;
    struct job whole = job_new(path, &all, false), part = job_new(path, &single, false);
    CHECK(fabs(run(&whole, 1) - run(&part, 1)) > 1e-6); // others are looked at
    job_free(&whole);
    job_free(&part);
    zoo_remove(path);
}

// Noise changes the loss in training, not the one in validation.
static void test_noise(const char *path) {
    struct emulation_recipe r = plain;
    r.learner.rate = 0;
    struct job quiet = job_new(path, &r, false);
    r.z_noise = 2;
    struct job noisy = job_new(path, &r, false);
    CHECK(run(&quiet, 1) != run(&noisy, 1));
    run(&quiet, 3);
    run(&noisy, 3);
    CHECK(quiet.e->curve[0].loss != noisy.e->curve[0].loss && quiet.e->curve[1].loss == noisy.e->curve[1].loss);
    job_free(&quiet);
    job_free(&noisy);
}

// Fresh networks with open forget gates differ from others in these biases alone.
static void test_forget_bias(const char *path) {
    struct job with = job_new(path, &plain, true), without = job_new(path, &plain, false);
    const struct params *tables[] = {&without.encoder->table, &without.emulator->table};
    const float *a[] = {with.encoder->values, with.emulator->values}, *b[] = {without.encoder->values, without.emulator->values};
    for (int net = 0; net < 2; net++)
        for (int p = 0; p < tables[net]->count; p++) {
            const struct param *param = &tables[net]->list[p];
            bool ih = strstr(param->name, "bias_ih"), hh = strstr(param->name, "bias_hh");
            for (size_t i = 0; i < param->size; i++) {
                bool forget = (ih || hh) && i >= param->size / 4 && i < param->size / 2;
                float expected = !forget ? b[net][param->offset + i] : ih ? 1 : 0;
                CHECK(a[net][param->offset + i] == expected, "%s %d", param->name, (int)i);
            }
        }
    job_free(&with);
    job_free(&without);
}

// What the curve tells beside losses, in its bounds; the gradients' norms are the learner's.
static void test_curve(const char *path) {
    struct emulation_recipe r = plain;
    r.validate_every = 1;
    struct job j = job_new(path, &r, false);
    run(&j, 2);
    CHECK(j.e->curve_count == 6);
    for (int i = 0; i < j.e->curve_count; i++) {
        const struct curve_point *p = &j.e->curve[i];
        bool train = i % 3 == 0;
        CHECK(isnan(p->beside) == train && isnan(p->encoder_norm) == !train && isnan(p->z_variance) == !train);
        CHECK(train || (p->beside > 0 && p->beside < 1));
        CHECK(!train || (p->z_variance >= 0 && p->z_variance <= 1 && p->probe_entropy > 0 && p->probe_entropy < log(6)));
    }
    CHECK(j.e->curve[3].encoder_norm == j.e->learner->encoder_norm && j.e->curve[3].emulator_norm == j.e->learner->head_norm);
    job_free(&j);
}

int main(void) {
    struct zoo_record records[RUNS];
    for (int i = 0; i < RUNS; i++)
        records[i] = (struct zoo_record){.run = (uint64_t)i,
                                         .split = i % 10 == 8   ? "validation"
                                                  : i % 10 == 9 ? "ood"
                                                                : "train",
                                         .rollouts = 3};
    char *path = zoo_write(records, RUNS, 7);
    test_resume_and_threads(path);
    test_average(path);
    test_rates();
    test_rollouts();
    test_noise(path);
    test_forget_bias(path);
    test_curve(path);
    zoo_remove(path);
    return check_report("training/levers");
}
