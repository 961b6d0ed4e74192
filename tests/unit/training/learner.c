// The training loop with tasks made for the test: regressions of known numbers on embeddings, with and without an encoder.
#include "training/learner.h"

#include "../alike.h"
#include "zoo.h"

#include "encoders/encoder.h"
#include "nn/linear.h"
#include "nn/loss.h"

enum { ITEMS = 100, Z = 4, OUT = 3 };

struct regression {
    struct encoder *encoder; // may be NULL
    float z[ITEMS][Z], target[ITEMS][OUT];
    float *rnn[ITEMS];
    int seen[ITEMS];
    int fails_at;     // item whose loading fails; -1: none
    const int *items; // of the batch whose first lane is remembered
    struct lane *first;
};

static void *lane_new(void *context) {
    (void)context;
    return memory_calloc(LANE_SIZE, (Z + OUT) * sizeof(float));
}

static enum status load(void *context, struct lane *lane, struct error *error) {
    struct regression *r = context;
    float *z = lane->data, *target = z + LANE_SIZE * Z;
    if (lane->items == r->items)
        r->first = lane;
    for (int i = 0; i < lane->count; i++) {
        int item = lane->items[i];
        if (item == r->fails_at)
            return error_set(error, STATUS_DATA, "item %d", item);
        __atomic_add_fetch(&r->seen[item], 1, __ATOMIC_RELAXED);
        memcpy(z + i * Z, r->z[item], sizeof r->z[item]);
        memcpy(target + i * OUT, r->target[item], sizeof r->target[item]);
        if (r->encoder)
            lane->rnns.rnn[i] = (struct rnn){.arch = &r->encoder->arch, .table = &r->encoder->rnn_table, .weights = r->rnn[item]};
    }
    return STATUS_OK;
}

static struct tensor *embedding(void *context, struct lane *lane) {
    (void)context;
    return tape_leaf(&lane->tape, lane->count, Z, lane->data, NULL);
}

static struct tensor *loss_of(void *context, struct lane *lane, const struct weights *head, struct tensor *z) {
    (void)context;
    return squared_error(&lane->tape, linear_at(&lane->tape, head, 0, z), (float *)lane->data + LANE_SIZE * Z);
}

static const struct learner_task task = {.lane_new = lane_new, .lane_free = free, .load = load, .embedding = embedding, .loss = loss_of};

static struct regression *regression_new(bool with_encoder) {
    struct regression *r = memory_calloc(1, sizeof *r);
    struct rng rng = rng_make(1, 0, "regression");
    for (int i = 0; i < ITEMS; i++) {
        for (int k = 0; k < Z; k++)
            r->z[i][k] = rng_normal(&rng);
        for (int k = 0; k < OUT; k++)
            r->target[i][k] = r->z[i][k] - 2 * r->z[i][k + 1] + 0.5f;
        r->rnn[i] = zoo_weights(&(struct zoo_record){.run = (uint64_t)i});
    }
    r->fails_at = -1;
    if (with_encoder) {
        struct encoder_config config = {
            .z = Z, .hidden = 6, .layers = 1, .mlp_hidden = 5, .mlp_layers = 1, .length = 3, .probes = 1, .softmax = 1};
        struct rnn_arch arch = zoo_arch(&(struct zoo_record){0});
        r->encoder = encoder_new(encoder_type_find("interactive"), &config, &arch, 1);
    }
    return r;
}

static void regression_free(struct regression *r) {
    for (int i = 0; i < ITEMS; i++)
        free(r->rnn[i]);
    encoder_free(r->encoder);
    free(r);
}

struct training {
    struct regression *regression;
    struct params table;
    float *values;
    int items[ITEMS];
    struct learner *learner;
};

static struct training *training_new(bool with_encoder, int item_count, struct learner_recipe recipe) {
    struct training *t = memory_calloc(1, sizeof *t);
    t->regression = regression_new(with_encoder);
    linear_params(&t->table, "head", Z, OUT);
    t->values = memory_alloc(t->table.size * sizeof(float));
    struct rng rng = rng_make(2, 0, "head");
    params_init(&t->table, t->values, &rng);
    for (int i = 0; i < ITEMS; i++)
        t->items[i] = i;
    t->learner = learner_new(t->regression->encoder, &t->table, t->values, t->items, item_count, &recipe, &task, t->regression);
    return t;
}

static void training_free(struct training *t) {
    learner_free(t->learner);
    params_free(&t->table);
    free(t->values);
    regression_free(t->regression);
    free(t);
}

static const struct learner_recipe plain = {.batch = 30, .rate = 0.05, .threads = 1, .seed = 3};

static double step(struct training *t) {
    double loss = NAN;
    struct error error = {0};
    CHECK(learner_step(t->learner, &loss, &error) == STATUS_OK, "%s", error.text);
    return loss;
}

// An epoch of 70 items has two batches of 30: no item twice, ten of them sit out, and they are others in the next epoch.
static void test_epochs(void) {
    struct training *t = training_new(false, 70, plain);
    uint64_t resting[2] = {0};
    for (int epoch = 0; epoch < 2; epoch++) {
        memset(t->regression->seen, 0, sizeof t->regression->seen);
        step(t);
        step(t);
        int total = 0;
        for (int i = 0; i < ITEMS; i++) {
            CHECK(t->regression->seen[i] <= 1 && (i < 70 || !t->regression->seen[i]), "item %d", i);
            total += t->regression->seen[i];
            if (i < 70 && !t->regression->seen[i])
                resting[epoch] = resting[epoch] * 71 + (uint64_t)i;
        }
        CHECK(total == 60, "%d", total);
    }
    CHECK(resting[0] != resting[1]);
    training_free(t);

    t = training_new(false, 7, plain); // fewer than a batch: all of them, every time
    step(t);
    step(t);
    for (int i = 0; i < ITEMS; i++)
        CHECK(t->regression->seen[i] == (i < 7 ? 2 : 0), "item %d", i);
    training_free(t);
}

static void test_loss_falls(void) {
    struct training *t = training_new(false, ITEMS, plain);
    double first = step(t), last = 0;
    for (int i = 0; i < 300; i++)
        last = step(t);
    CHECK(first > 1 && last < 0.01, "%g to %g", first, last);
    CHECK(t->learner->step == 301);
    training_free(t);
}

static void test_threads(bool with_encoder) {
    struct learner_recipe recipe = {.batch = 80, .rate = 0.01, .clip = 0.5, .decay = 0.1, .threads = 1, .seed = 3};
    struct training *one = training_new(with_encoder, ITEMS, recipe);
    for (int i = 0; i < 4; i++)
        step(one);
    for (int threads = 2; threads <= 5; threads++) {
        recipe.threads = threads;
        struct training *more = training_new(with_encoder, ITEMS, recipe);
        for (int i = 0; i < 4; i++)
            step(more);
        CHECK(memcmp(one->values, more->values, one->table.size * sizeof(float)) == 0, "%d threads", threads);
        struct encoder *a = one->regression->encoder, *b = more->regression->encoder;
        CHECK(!a || memcmp(a->values, b->values, a->table.size * sizeof(float)) == 0, "%d threads, encoder", threads);
        training_free(more);
    }
    training_free(one);
}

// Two lanes, one of 32 and one of 16, against a single pass over all 48.
static void test_lanes(void) {
    enum { N = 48 };
    struct learner_recipe recipe = {.batch = N, .rate = 0, .threads = 2, .seed = 3};
    struct training *t = training_new(true, N, recipe);
    struct regression *r = t->regression;
    const struct encoder *e = r->encoder;
    r->items = t->items;
    double loss;
    struct error error;
    CHECK(learner_step_on(t->learner, t->items, N, &loss, &error) == STATUS_OK, "%s", error.text);

    struct tape tape = {0};
    tape_reset(&tape, true);
    float *encoder_grad = memory_calloc(e->table.size, sizeof(float)), *head_grad = memory_calloc(t->table.size, sizeof(float));
    struct weights w = {&e->table, e->values, encoder_grad}, head = {&t->table, t->values, head_grad};
    struct rnn room[N];
    struct rnn_batch batch = alike(room, &e->arch, &e->rnn_table, N, (const float *const *)r->rnn, NULL);
    struct tensor *z = encoder_embed(&tape, e, &w, &batch, NULL, NULL, NULL);
    struct tensor *whole = squared_error(&tape, linear_at(&tape, &head, 0, z), r->target[0]);
    whole->grad[0] = 1;
    tape_backward(&tape);
    CHECK_CLOSE(loss, whole->value[0], 1e-5);
    double square = 0;
    for (size_t i = 0; i < e->table.size; i++) {
        CHECK_CLOSE(r->first->encoder_grad[i], encoder_grad[i], 1e-5);
        square += (double)encoder_grad[i] * encoder_grad[i];
    }
    CHECK_CLOSE(t->learner->encoder_norm, sqrt(square), 1e-4 * sqrt(square));
    CHECK(square > 1e-6, "%g", square);
    for (size_t i = 0; i < t->table.size; i++)
        CHECK_CLOSE(r->first->head_grad[i], head_grad[i], 1e-5);
    tape_free(&tape);
    free(encoder_grad);
    free(head_grad);
    training_free(t);
}

// What is not finite changes nothing, and training can go on afterwards.
static void test_divergence(void) {
    struct learner_recipe recipe = {.batch = 40, .rate = 0.01, .threads = 2, .seed = 3};
    struct training *t = training_new(true, ITEMS, recipe), *undisturbed = training_new(true, ITEMS, recipe);
    step(t);
    step(undisturbed);
    struct encoder *e = t->regression->encoder;
    float *head = memory_alloc(t->table.size * sizeof(float)), *encoder = memory_alloc(e->table.size * sizeof(float));
    memcpy(head, t->values, t->table.size * sizeof(float));
    memcpy(encoder, e->values, e->table.size * sizeof(float));
    const float bad[] = {NAN, INFINITY, 3e38f};
    for (int i = 0; i < 4; i++) {
        double loss;
        struct error error = {0};
        float saved = t->regression->target[5][0];
        int items[40];
        memcpy(items, t->items, sizeof items);
        if (i < 3)
            t->regression->target[5][0] = bad[i];
        else
            t->regression->fails_at = 35;
        CHECK(learner_step_on(t->learner, items, 40, &loss, &error) == (i < 3 ? STATUS_DIVERGED : STATUS_DATA), "%d: %g", i, loss);
        CHECK(strstr(error.text, i < 3 ? "diverged at step 2" : "item 35"), "%s", error.text);
        t->regression->target[5][0] = saved;
        t->regression->fails_at = -1;
        CHECK(t->learner->step == 1 && e->step == 1 && memcmp(head, t->values, t->table.size * sizeof(float)) == 0);
        CHECK(memcmp(encoder, e->values, e->table.size * sizeof(float)) == 0);
    }
    CHECK(step(t) == step(undisturbed) && memcmp(t->values, undisturbed->values, t->table.size * sizeof(float)) == 0);
    free(head);
    free(encoder);
    training_free(t);
    training_free(undisturbed);
}

// More items than lanes hold at once; nothing moves.
static void test_evaluate(void) {
    struct training *t = training_new(false, ITEMS, plain);
    double expected = 0, loss;
    for (int i = 0; i < ITEMS; i++)
        for (int o = 0; o < OUT; o++) {
            double y = t->values[OUT * Z + o];
            for (int k = 0; k < Z; k++)
                y += (double)t->values[o * Z + k] * t->regression->z[i][k];
            expected += (y - t->regression->target[i][o]) * (y - t->regression->target[i][o]) / (ITEMS * OUT);
        }
    float before[OUT * Z + OUT];
    memcpy(before, t->values, sizeof before);
    struct error error;
    CHECK(learner_evaluate(t->learner, t->items, ITEMS, t->learner->step, &loss, &error) == STATUS_OK);
    CHECK_CLOSE(loss, expected, 1e-5 * expected);
    CHECK(memcmp(before, t->values, sizeof before) == 0 && t->learner->step == 0);
    CHECK(learner_evaluate(t->learner, t->items, 0, t->learner->step, &loss, &error) == STATUS_OK && isnan(loss));
    t->regression->fails_at = 99;
    CHECK(learner_evaluate(t->learner, t->items, ITEMS, t->learner->step, &loss, &error) == STATUS_DATA);
    training_free(t);
}

// The rate is what it was until the last half of four steps, and 0 after them.
static void test_anneal(void) {
    struct learner_recipe recipe = plain;
    recipe.anneal = 0.5;
    recipe.steps = 4;
    struct training *annealed = training_new(false, ITEMS, recipe), *constant = training_new(false, ITEMS, plain);
    float before[OUT * Z + OUT], change = 0, constant_change = 0;
    for (int i = 0; i < 6; i++) {
        memcpy(before, annealed->values, sizeof before);
        change = -annealed->values[0], constant_change = -constant->values[0];
        step(annealed);
        step(constant);
        change += annealed->values[0], constant_change += constant->values[0];
        bool same = memcmp(annealed->values, constant->values, sizeof before) == 0;
        CHECK(same == (i < 3), "step %d", i + 1); // the rate falls from the third update on, which has still the whole of it
        if (i == 3)
            CHECK_CLOSE(change, constant_change / 2, 1e-5);
        CHECK((memcmp(before, annealed->values, sizeof before) == 0) == (i >= 4), "step %d", i + 1);
    }
    training_free(annealed);
    training_free(constant);
}

// AdamW's first update moves every number by its rate: the encoder's, and the head's, which does not change.
static void test_encoder_rate(void) {
    struct learner_recipe recipe = plain;
    struct training *same = training_new(true, ITEMS, recipe);
    recipe.encoder_rate = recipe.rate / 10;
    struct training *gentle = training_new(true, ITEMS, recipe);
    const struct encoder *a = same->regression->encoder, *b = gentle->regression->encoder;
    size_t last = a->table.size - 1; // the last bias
    float before = a->values[last];
    CHECK(before == b->values[last]);
    step(same);
    step(gentle);
    CHECK(memcmp(same->values, gentle->values, same->table.size * sizeof(float)) == 0);
    CHECK(fabsf(a->values[last] - before) > 0.01f);
    CHECK_CLOSE(b->values[last] - before, (a->values[last] - before) / 10, 1e-5);
    training_free(same);
    training_free(gentle);
}

int main(void) {
    test_epochs();
    test_loss_falls();
    test_threads(false);
    test_threads(true);
    test_lanes();
    test_divergence();
    test_evaluate();
    test_anneal();
    test_encoder_rate();
    learner_free(NULL);
    return check_report("training/learner");
}
